// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=1 mode=replicate}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=replicate}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=3 mode=replicate}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=4 mode=replicate}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=1 mode=gather}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=gather}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=3 mode=gather}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=4 mode=gather}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=1 mode=hierarchical}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=hierarchical}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=3 mode=hierarchical}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=4 mode=hierarchical}' --inputs=integers,normal --tolerance=1e-12
// RUN: not dchag-opt %s -distribute='mesh=tp=2 mode=split-softmax' 2>&1 | FileCheck %s --check-prefix=SPLIT
// SPLIT: error: 'dchag.aggregate' op has 4 groups{{.*}}use mode hierarchical
// The whole way of a model in the form of D-CHAG, small and uneven everywhere: 4 groups of 2 channels, 4
// heads, width 10 in the middle. Run on 1 to 4 ranks in each mode that applies.

func.func @step(
    %x: tensor<2x8x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
    %e: tensor<8x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
    %eb: tensor<8x6xf32> {dchag.role = "param", dchag.name = "eb"},
    %q: tensor<4x1x6xf32> {dchag.role = "param", dchag.name = "q"},
    %wk: tensor<4x6x6xf32> {dchag.role = "param", dchag.name = "wk"},
    %wv: tensor<4x4x6xf32> {dchag.role = "param", dchag.name = "wv"},
    %wo: tensor<4x6x4xf32> {dchag.role = "param", dchag.name = "wo"},
    %bo: tensor<4x6xf32> {dchag.role = "param", dchag.name = "bo"},
    %qq: tensor<1x1x8xf32> {dchag.role = "param", dchag.name = "qq"},
    %wkk: tensor<1x8x6xf32> {dchag.role = "param", dchag.name = "wkk"},
    %wvv: tensor<1x4x6xf32> {dchag.role = "param", dchag.name = "wvv"},
    %woo: tensor<1x6x4xf32> {dchag.role = "param", dchag.name = "woo"},
    %boo: tensor<1x6xf32> {dchag.role = "param", dchag.name = "boo"},
    %wq2: tensor<10x6xf32> {dchag.role = "param", dchag.name = "wq2"},
    %wk2: tensor<10x6xf32> {dchag.role = "param", dchag.name = "wk2"},
    %wv2: tensor<10x6xf32> {dchag.role = "param", dchag.name = "wv2"},
    %wo2: tensor<6x10xf32> {dchag.role = "param", dchag.name = "wo2"},
    %bo2: tensor<6xf32> {dchag.role = "param", dchag.name = "bo2"},
    %s1: tensor<6xf32> {dchag.role = "param", dchag.name = "s1"},
    %b1: tensor<6xf32> {dchag.role = "param", dchag.name = "b1"},
    %w1: tensor<10x6xf32> {dchag.role = "param", dchag.name = "w1"},
    %c1: tensor<10xf32> {dchag.role = "param", dchag.name = "c1"},
    %w2: tensor<6x10xf32> {dchag.role = "param", dchag.name = "w2"},
    %c2: tensor<6xf32> {dchag.role = "param", dchag.name = "c2"}) -> (tensor<2x4x6xf32> {dchag.name = "y"}) {
  %zero = arith.constant 0.0 : f32
  %t = dchag.tokenize %x weight(%e) embedding(%eb) : (tensor<2x8x1x4x4xf32>, tensor<8x6x1x2x2xf32>, tensor<8x6xf32>) -> tensor<2x8x4x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 4, 2, 4, 6] : tensor<2x8x4x6xf32> into tensor<2x4x2x4x6xf32>
  %m = dchag.aggregate %g, %q keys(%wk) values(%wv) output(%wo, %bo) {heads = 2, scale = 0.5}
    : (tensor<2x4x2x4x6xf32>, tensor<4x1x6xf32>, tensor<4x6x6xf32>, tensor<4x4x6xf32>, tensor<4x6x4xf32>, tensor<4x6xf32>) -> tensor<2x4x1x4x6xf32>
  %l = tensor.collapse_shape %m [[0], [1, 2], [3], [4]] : tensor<2x4x1x4x6xf32> into tensor<2x4x4x6xf32>
  %g2 = tensor.expand_shape %l [[0], [1, 2], [3], [4]] output_shape [2, 1, 4, 4, 6] : tensor<2x4x4x6xf32> into tensor<2x1x4x4x6xf32>
  %m2 = dchag.aggregate %g2, %qq keys(%wkk) values(%wvv) output(%woo, %boo) {heads = 4, scale = 0.5}
    : (tensor<2x1x4x4x6xf32>, tensor<1x1x8xf32>, tensor<1x8x6xf32>, tensor<1x4x6xf32>, tensor<1x6x4xf32>, tensor<1x6xf32>) -> tensor<2x1x1x4x6xf32>
  %y0 = tensor.collapse_shape %m2 [[0], [1, 2, 3], [4]] : tensor<2x1x1x4x6xf32> into tensor<2x4x6xf32>
  %n1 = dchag.layer_norm %y0 scale(%s1) bias(%b1) {dims = 1, epsilon = 1.0e-5} : (tensor<2x4x6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<2x4x6xf32>
  %e1 = tensor.empty() : tensor<2x4x10xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x4x10xf32>) -> tensor<2x4x10xf32>
  %q0 = linalg.contract indexing_maps = [affine_map<(b, n, o, i) -> (b, n, i)>, affine_map<(b, n, o, i) -> (o, i)>, affine_map<(b, n, o, i) -> (b, n, o)>]
    ins(%n1, %wq2 : tensor<2x4x6xf32>, tensor<10x6xf32>) outs(%z1 : tensor<2x4x10xf32>) -> tensor<2x4x10xf32>
  %q1 = tensor.expand_shape %q0 [[0], [1], [2, 3]] output_shape [2, 4, 5, 2] : tensor<2x4x10xf32> into tensor<2x4x5x2xf32>
  %qe = tensor.empty() : tensor<2x5x4x2xf32>
  %q2 = linalg.transpose ins(%q1 : tensor<2x4x5x2xf32>) outs(%qe : tensor<2x5x4x2xf32>) permutation = [0, 2, 1, 3]
  %e2 = tensor.empty() : tensor<2x4x10xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x4x10xf32>) -> tensor<2x4x10xf32>
  %k0 = linalg.contract indexing_maps = [affine_map<(b, n, o, i) -> (b, n, i)>, affine_map<(b, n, o, i) -> (o, i)>, affine_map<(b, n, o, i) -> (b, n, o)>]
    ins(%n1, %wk2 : tensor<2x4x6xf32>, tensor<10x6xf32>) outs(%z2 : tensor<2x4x10xf32>) -> tensor<2x4x10xf32>
  %k1 = tensor.expand_shape %k0 [[0], [1], [2, 3]] output_shape [2, 4, 5, 2] : tensor<2x4x10xf32> into tensor<2x4x5x2xf32>
  %ke = tensor.empty() : tensor<2x5x4x2xf32>
  %k2 = linalg.transpose ins(%k1 : tensor<2x4x5x2xf32>) outs(%ke : tensor<2x5x4x2xf32>) permutation = [0, 2, 1, 3]
  %e3 = tensor.empty() : tensor<2x4x10xf32>
  %z3 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<2x4x10xf32>) -> tensor<2x4x10xf32>
  %v0 = linalg.contract indexing_maps = [affine_map<(b, n, o, i) -> (b, n, i)>, affine_map<(b, n, o, i) -> (o, i)>, affine_map<(b, n, o, i) -> (b, n, o)>]
    ins(%n1, %wv2 : tensor<2x4x6xf32>, tensor<10x6xf32>) outs(%z3 : tensor<2x4x10xf32>) -> tensor<2x4x10xf32>
  %v1 = tensor.expand_shape %v0 [[0], [1], [2, 3]] output_shape [2, 4, 5, 2] : tensor<2x4x10xf32> into tensor<2x4x5x2xf32>
  %ve = tensor.empty() : tensor<2x5x4x2xf32>
  %v2 = linalg.transpose ins(%v1 : tensor<2x4x5x2xf32>) outs(%ve : tensor<2x5x4x2xf32>) permutation = [0, 2, 1, 3]
  %a0 = dchag.attention %q2, %k2, %v2 {scale = 0.7} : (tensor<2x5x4x2xf32>, tensor<2x5x4x2xf32>, tensor<2x5x4x2xf32>) -> tensor<2x5x4x2xf32>
  %a1e = tensor.empty() : tensor<2x4x5x2xf32>
  %a1 = linalg.transpose ins(%a0 : tensor<2x5x4x2xf32>) outs(%a1e : tensor<2x4x5x2xf32>) permutation = [0, 2, 1, 3]
  %a2 = tensor.collapse_shape %a1 [[0], [1], [2, 3]] : tensor<2x4x5x2xf32> into tensor<2x4x10xf32>
  %e4 = tensor.empty() : tensor<2x4x6xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%e4 : tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  %a3 = linalg.contract indexing_maps = [affine_map<(b, n, o, i) -> (b, n, i)>, affine_map<(b, n, o, i) -> (o, i)>, affine_map<(b, n, o, i) -> (b, n, o)>]
    ins(%a2, %wo2 : tensor<2x4x10xf32>, tensor<6x10xf32>) outs(%z4 : tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  %a4e = tensor.empty() : tensor<2x4x6xf32>
  %a4b = linalg.broadcast ins(%bo2 : tensor<6xf32>) outs(%a4e : tensor<2x4x6xf32>) dimensions = [0, 1]
  %a4 = arith.addf %a3, %a4b : tensor<2x4x6xf32>
  %r1 = arith.addf %y0, %a4 : tensor<2x4x6xf32>
  %n2 = dchag.layer_norm %r1 scale(%s1) bias(%b1) {dims = 1, epsilon = 1.0e-5} : (tensor<2x4x6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<2x4x6xf32>
  %e5 = tensor.empty() : tensor<2x4x10xf32>
  %z5 = linalg.fill ins(%zero : f32) outs(%e5 : tensor<2x4x10xf32>) -> tensor<2x4x10xf32>
  %h0 = linalg.contract indexing_maps = [affine_map<(b, n, o, i) -> (b, n, i)>, affine_map<(b, n, o, i) -> (o, i)>, affine_map<(b, n, o, i) -> (b, n, o)>]
    ins(%n2, %w1 : tensor<2x4x6xf32>, tensor<10x6xf32>) outs(%z5 : tensor<2x4x10xf32>) -> tensor<2x4x10xf32>
  %h1e = tensor.empty() : tensor<2x4x10xf32>
  %h1b = linalg.broadcast ins(%c1 : tensor<10xf32>) outs(%h1e : tensor<2x4x10xf32>) dimensions = [0, 1]
  %h1 = arith.addf %h0, %h1b : tensor<2x4x10xf32>
  %h2 = dchag.gelu %h1 : tensor<2x4x10xf32>
  %e6 = tensor.empty() : tensor<2x4x6xf32>
  %z6 = linalg.fill ins(%zero : f32) outs(%e6 : tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  %h3 = linalg.contract indexing_maps = [affine_map<(b, n, o, i) -> (b, n, i)>, affine_map<(b, n, o, i) -> (o, i)>, affine_map<(b, n, o, i) -> (b, n, o)>]
    ins(%h2, %w2 : tensor<2x4x10xf32>, tensor<6x10xf32>) outs(%z6 : tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  %h4e = tensor.empty() : tensor<2x4x6xf32>
  %h4b = linalg.broadcast ins(%c2 : tensor<6xf32>) outs(%h4e : tensor<2x4x6xf32>) dimensions = [0, 1]
  %h4 = arith.addf %h3, %h4b : tensor<2x4x6xf32>
  %r2 = arith.addf %r1, %h4 : tensor<2x4x6xf32>
  return %r2 : tensor<2x4x6xf32>
}
