// RUN: dchag-opt %s --distribute='mesh=tp=2 strategy=hierarchical' | python3 %S/Inputs/collectives.py | FileCheck %s --check-prefix=TP
// RUN: dchag-opt %s --distribute='mesh=dp=2,tp=2 strategy=dp,hierarchical' | python3 %S/Inputs/collectives.py | FileCheck %s --check-prefix=DP
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 strategy=hierarchical}' --check-ranks='distribute{mesh=tp=3 strategy=hierarchical}' --check-ranks='distribute{mesh=dp=2,tp=2 strategy=dp,hierarchical}' --check-ranks='distribute{mesh=dp=2,tp=2 strategy=dp,tp,hierarchical}' --tolerance=1e-12

// The forward and the backward of D-CHAG's two levels, written by hand: the gradient of what is
// gathered is whole on all ranks, so that its backward is a slice. One gather in the forward is all
// there is over tp (arXiv 2506.21411); over samples one sum for each parameter.
// TP: @step: 1 all_gather{{(, [0-9]+ all_slice)?$}}
// TP-NEXT: 1 all_gather tensor<2x1x4x5xf32> -> tensor<2x2x4x5xf32>
// DP: @step: 1 all_gather, 3 all_reduce{{(, [0-9]+ all_slice)?$}}
// DP: 1 all_gather tensor<1x1x4x5xf32> -> tensor<1x2x4x5xf32>
func.func @step(%x: tensor<2x6x1x4x2xf32> {dchag.role = "input", dchag.name = "x"},
                %target: tensor<2x1x1x4x5xf32> {dchag.role = "input", dchag.name = "target"},
                %e: tensor<6x5x1x2x1xf32> {dchag.role = "param", dchag.name = "e"},
                %w1: tensor<2x1x3xf32> {dchag.role = "param", dchag.name = "w1"},
                %w2: tensor<1x1x2xf32> {dchag.role = "param", dchag.name = "w2"})
    -> (tensor<2x1x1x4x5xf32> {dchag.name = "y"}, tensor<1x1x2xf32> {dchag.name = "dw2"},
        tensor<2x1x3xf32> {dchag.name = "dw1"}, tensor<6x5x2xf32> {dchag.name = "de"}) {
  %zero = arith.constant 0.0 : f32
  // Forward.
  %t = dchag.tokenize %x weight(%e) : (tensor<2x6x1x4x2xf32>, tensor<6x5x1x2x1xf32>) -> tensor<2x6x4x5xf32>
  %tg = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 2, 3, 4, 5] : tensor<2x6x4x5xf32> into tensor<2x2x3x4x5xf32>
  %s = dchag.aggregate_linear %tg weight(%w1) : (tensor<2x2x3x4x5xf32>, tensor<2x1x3xf32>) -> tensor<2x2x1x4x5xf32>
  %sc = tensor.collapse_shape %s [[0], [1, 2], [3], [4]] : tensor<2x2x1x4x5xf32> into tensor<2x2x4x5xf32>
  %s2 = tensor.expand_shape %sc [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 4, 5] : tensor<2x2x4x5xf32> into tensor<2x1x2x4x5xf32>
  %y = dchag.aggregate_linear %s2 weight(%w2) : (tensor<2x1x2x4x5xf32>, tensor<1x1x2xf32>) -> tensor<2x1x1x4x5xf32>
  // Backward of half the squared distance.
  %dy = arith.subf %y, %target : tensor<2x1x1x4x5xf32>
  %e1 = tensor.empty() : tensor<1x1x2xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x1x2xf32>) -> tensor<1x1x2xf32>
  %dw2 = linalg.contract indexing_maps = [affine_map<(b, h, q, k, n, d) -> (b, h, q, n, d)>, affine_map<(b, h, q, k, n, d) -> (b, h, k, n, d)>, affine_map<(b, h, q, k, n, d) -> (h, q, k)>]
    ins(%dy, %s2 : tensor<2x1x1x4x5xf32>, tensor<2x1x2x4x5xf32>) outs(%z1 : tensor<1x1x2xf32>) -> tensor<1x1x2xf32>
  %e2 = tensor.empty() : tensor<2x1x2x4x5xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x1x2x4x5xf32>) -> tensor<2x1x2x4x5xf32>
  %ds2 = linalg.contract indexing_maps = [affine_map<(b, h, q, k, n, d) -> (b, h, q, n, d)>, affine_map<(b, h, q, k, n, d) -> (h, q, k)>, affine_map<(b, h, q, k, n, d) -> (b, h, k, n, d)>]
    ins(%dy, %w2 : tensor<2x1x1x4x5xf32>, tensor<1x1x2xf32>) outs(%z2 : tensor<2x1x2x4x5xf32>) -> tensor<2x1x2x4x5xf32>
  %dsc = tensor.collapse_shape %ds2 [[0], [1, 2], [3], [4]] : tensor<2x1x2x4x5xf32> into tensor<2x2x4x5xf32>
  %ds = tensor.expand_shape %dsc [[0], [1, 2], [3], [4]] output_shape [2, 2, 1, 4, 5] : tensor<2x2x4x5xf32> into tensor<2x2x1x4x5xf32>
  %e3 = tensor.empty() : tensor<2x1x3xf32>
  %z3 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
  %dw1 = linalg.contract indexing_maps = [affine_map<(b, g, q, k, n, d) -> (b, g, q, n, d)>, affine_map<(b, g, q, k, n, d) -> (b, g, k, n, d)>, affine_map<(b, g, q, k, n, d) -> (g, q, k)>]
    ins(%ds, %tg : tensor<2x2x1x4x5xf32>, tensor<2x2x3x4x5xf32>) outs(%z3 : tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
  %e4 = tensor.empty() : tensor<2x2x3x4x5xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%e4 : tensor<2x2x3x4x5xf32>) -> tensor<2x2x3x4x5xf32>
  %dtg = linalg.contract indexing_maps = [affine_map<(b, g, q, k, n, d) -> (b, g, q, n, d)>, affine_map<(b, g, q, k, n, d) -> (g, q, k)>, affine_map<(b, g, q, k, n, d) -> (b, g, k, n, d)>]
    ins(%ds, %w1 : tensor<2x2x1x4x5xf32>, tensor<2x1x3xf32>) outs(%z4 : tensor<2x2x3x4x5xf32>) -> tensor<2x2x3x4x5xf32>
  %dt = tensor.collapse_shape %dtg [[0], [1, 2], [3], [4]] : tensor<2x2x3x4x5xf32> into tensor<2x6x4x5xf32>
  // Patches of the image, rows of 2 pixels.
  %xs = tensor.expand_shape %x [[0], [1], [2], [3, 4], [5]] output_shape [2, 6, 1, 2, 2, 2] : tensor<2x6x1x4x2xf32> into tensor<2x6x1x2x2x2xf32>
  %xe = tensor.empty() : tensor<2x6x2x2x1x2xf32>
  %xt = linalg.transpose ins(%xs : tensor<2x6x1x2x2x2xf32>) outs(%xe : tensor<2x6x2x2x1x2xf32>) permutation = [0, 1, 3, 5, 2, 4]
  %xp = tensor.collapse_shape %xt [[0], [1], [2, 3], [4, 5]] : tensor<2x6x2x2x1x2xf32> into tensor<2x6x4x2xf32>
  %e5 = tensor.empty() : tensor<6x5x2xf32>
  %z5 = linalg.fill ins(%zero : f32) outs(%e5 : tensor<6x5x2xf32>) -> tensor<6x5x2xf32>
  %de = linalg.contract indexing_maps = [affine_map<(b, c, n, d, p) -> (b, c, n, d)>, affine_map<(b, c, n, d, p) -> (b, c, n, p)>, affine_map<(b, c, n, d, p) -> (c, d, p)>]
    ins(%dt, %xp : tensor<2x6x4x5xf32>, tensor<2x6x4x2xf32>) outs(%z5 : tensor<6x5x2xf32>) -> tensor<6x5x2xf32>
  return %y, %dw2, %dw1, %de : tensor<2x1x1x4x5xf32>, tensor<1x1x2xf32>, tensor<2x1x3xf32>, tensor<6x5x2xf32>
}
