// RUN: dchag-opt %s --distribute='mesh=tp=3 mode=split-softmax' | FileCheck %s
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=3 mode=split-softmax},decompose{evaluable}' --inputs=normal --tolerance=1e-6
// RUN: dchag-opt %s --inputs=normal --tolerance=1e-6 \
// RUN:   --check-ranks='set-mesh{mesh=tp=3},annotate-aggregations{mode=split-softmax},split-aggregates,propagate,insert-reshards,verify-shardings,partition{poison-padding},verify-partition,reshards-to-collectives,decompose{evaluable}'

// Tokens whose weight is 0 must be finite. Those of an image are 0 where it is, and stay finite with
// positions added to them: the image is smaller than they are.
// CHECK-LABEL: func.func @image(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x2x1x4x4xf32>
// CHECK:         %[[M:.+]] = dchag.mask_shard %[[X]] {{.+}} value = 0.0
// CHECK:         dchag.tokenize %[[M]]
// CHECK-NOT:     dchag.mask_shard {{.+}} : tensor<{{.+}}xf32>
// CHECK:         dchag.aggregate_partial
func.func @image(%x: tensor<2x5x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
                 %e: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
                 %b: tensor<5x6xf32> {dchag.role = "param", dchag.name = "b"},
                 %p: tensor<4x6xf32> {dchag.role = "param", dchag.name = "p"},
                 %q: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q"}) -> (tensor<2x1x1x4x6xf32> {dchag.name = "y"}) {
  %t = dchag.tokenize %x weight(%e) bias(%b) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>, tensor<5x6xf32>) -> tensor<2x5x4x6xf32>
  %empty = tensor.empty() : tensor<2x5x4x6xf32>
  %positions = linalg.broadcast ins(%p : tensor<4x6xf32>) outs(%empty : tensor<2x5x4x6xf32>) dimensions = [0, 1]
  %s = arith.addf %t, %positions : tensor<2x5x4x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>) -> tensor<2x1x1x4x6xf32>
  return %y : tensor<2x1x1x4x6xf32>
}

// A quotient is not 0 where its operands are: it is overwritten behind the division.
// CHECK-LABEL: func.func @quotient(
// CHECK:         %[[D:.+]] = arith.divf
// CHECK:         %[[M:.+]] = dchag.mask_shard %[[D]] {{.+}} value = 0.0
// CHECK:         dchag.tokenize %[[M]]
// CHECK-NOT:     dchag.mask_shard {{.+}} : tensor<{{.+}}xf32>
// CHECK:         dchag.aggregate_partial
func.func @quotient(%x: tensor<2x5x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
                    %std: tensor<5xi32> {dchag.role = "param", dchag.name = "std", dchag.range = array<i64: 1, 3>},
                    %e: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
                    %q: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q"}) -> (tensor<2x1x1x4x6xf32> {dchag.name = "y"}) {
  %f = arith.sitofp %std : tensor<5xi32> to tensor<5xf32>
  %empty = tensor.empty() : tensor<2x5x1x4x4xf32>
  %stds = linalg.broadcast ins(%f : tensor<5xf32>) outs(%empty : tensor<2x5x1x4x4xf32>) dimensions = [0, 2, 3, 4]
  %n = arith.divf %x, %stds : tensor<2x5x1x4x4xf32>
  %t = dchag.tokenize %n weight(%e) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x4x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>) -> tensor<2x1x1x4x6xf32>
  return %y : tensor<2x1x1x4x6xf32>
}

// Tokens behind an exponential are overwritten themselves.
// CHECK-LABEL: func.func @exponential(
// CHECK:         %[[E:.+]] = math.exp
// CHECK:         %[[M:.+]] = dchag.mask_shard %[[E]] {{.+}} value = 0.0
// CHECK:         dchag.aggregate_partial %{{.+}}, %{{.+}} mask
func.func @exponential(%x: tensor<2x5x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
                       %e: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
                       %q: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q"}) -> (tensor<2x1x1x4x6xf32> {dchag.name = "y"}) {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x4x6xf32>
  %s = math.exp %t : tensor<2x5x4x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>) -> tensor<2x1x1x4x6xf32>
  return %y : tensor<2x1x1x4x6xf32>
}

// A product of tokens and a parameter is added to zeros, which are there in the padding, too.
// CHECK-LABEL: func.func @product(
// CHECK:         linalg.fill
// CHECK-NOT:     dchag.mask_shard {{.+}} : tensor<{{.+}}xf32>
// CHECK:         dchag.aggregate_partial
func.func @product(%x: tensor<2x5x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
                   %e: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
                   %w: tensor<5x6x8xf32> {dchag.role = "param", dchag.name = "w"},
                   %q: tensor<1x1x8xf32> {dchag.role = "param", dchag.name = "q"}) -> (tensor<2x1x1x4x8xf32> {dchag.name = "y"}) {
  %zero = arith.constant 0.0 : f32
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x4x6xf32>
  %empty = tensor.empty() : tensor<2x5x4x8xf32>
  %z = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x5x4x8xf32>) -> tensor<2x5x4x8xf32>
  %p = linalg.contract indexing_maps = [affine_map<(b, c, n, i, k) -> (b, c, n, k)>, affine_map<(b, c, n, i, k) -> (c, k, i)>, affine_map<(b, c, n, i, k) -> (b, c, n, i)>]
    ins(%t, %w : tensor<2x5x4x6xf32>, tensor<5x6x8xf32>) outs(%z : tensor<2x5x4x8xf32>) -> tensor<2x5x4x8xf32>
  %g = tensor.expand_shape %p [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 8] : tensor<2x5x4x8xf32> into tensor<2x1x5x4x8xf32>
  %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x1x5x4x8xf32>, tensor<1x1x8xf32>) -> tensor<2x1x1x4x8xf32>
  return %y : tensor<2x1x1x4x8xf32>
}
