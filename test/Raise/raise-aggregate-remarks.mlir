// RUN: dchag-opt %s --raise-aggregate --verify-diagnostics

func.func @query_of_each_position(%t: tensor<4x5x7xf64>, %q: tensor<4x7xf64> {dchag.role = "param"}) -> tensor<4x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<4x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<4x5xf64>) -> tensor<4x5xf64>
  %s = linalg.contract indexing_maps = [affine_map<(n, c, d) -> (n, d)>, affine_map<(n, c, d) -> (n, c, d)>, affine_map<(n, c, d) -> (n, c)>]
    ins(%q, %t : tensor<4x7xf64>, tensor<4x5x7xf64>) outs(%is : tensor<4x5xf64>) -> tensor<4x5xf64>
  // expected-remark @+1 {{is not raised to dchag.aggregate: the query or a weight differs between positions or channels}}
  %a = dchag.softmax %s {dim = 1} : tensor<4x5xf64>
  %ep = tensor.empty() : tensor<4x7xf64>
  %ip = linalg.fill ins(%zero : f64) outs(%ep : tensor<4x7xf64>) -> tensor<4x7xf64>
  %y = linalg.contract indexing_maps = [affine_map<(n, d, c) -> (n, c)>, affine_map<(n, d, c) -> (n, c, d)>, affine_map<(n, d, c) -> (n, d)>]
    ins(%a, %t : tensor<4x5xf64>, tensor<4x5x7xf64>) outs(%ip : tensor<4x7xf64>) -> tensor<4x7xf64>
  return %y : tensor<4x7xf64>
}
