// RUN: dchag-opt %s --split-input-file --verify-diagnostics --set-mesh=mesh=tp=2 --annotate-aggregations=mode=hierarchical

func.func @one_group(%x: tensor<1x3x1x2xf32>, %e: tensor<3x4x1x2xf32>, %q: tensor<1x1x4xf32>) -> tensor<1x1x1x1x4xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<1x3x1x2xf32>, tensor<3x4x1x2xf32>) -> tensor<1x3x1x4xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [1, 1, 3, 1, 4] : tensor<1x3x1x4xf32> into tensor<1x1x3x1x4xf32>
  // expected-error @+1 {{has one group, so mode hierarchical has nothing to split: use mode split-softmax}}
  %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<1x1x3x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x1x1x4xf32>
  return %y : tensor<1x1x1x1x4xf32>
}

// -----

// expected-error @+1 {{@no_aggregation has no dchag.aggregate of tokens that a mode of the aggregation could split}}
func.func @no_aggregation(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  return %x : tensor<1x3xf32>
}
