// RUN: dchag-opt %s --annotate-widths --verify-diagnostics | FileCheck %s --implicit-check-not=dchag.marks
// RUN: dchag-opt %s --inputs=integers,normal --tolerance=1e-12 \
// RUN:   --check-ranks='annotate-widths,propagate,insert-reshards,verify-shardings,partition{poison-padding},verify-partition,reshards-to-collectives' | FileCheck %s --check-prefix=RANKS
// RANKS: @hidden: 1 output equal on 2 ranks
// RANKS: @heads: 1 output equal on 2 ranks

#rows = affine_map<(i, j, k) -> (i, k)>
#columns = affine_map<(i, j, k) -> (k, j)>
#result = affine_map<(i, j, k) -> (i, j)>

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)

  // The width of 5 comes from one parameter and is summed with another one: its last value is marked.
  // CHECK-LABEL: func.func @hidden(
  // CHECK:         dchag.gelu %{{.+}} {dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], ["tp"]]>, axes = ["tp"], weights, by "widths">]]}
  func.func @hidden(%x: tensor<2x3xf32> {dchag.role = "input", dchag.name = "x"}, %v: tensor<3x5xf32> {dchag.role = "param", dchag.name = "v"},
                    %w: tensor<5x7xf32> {dchag.role = "param", dchag.name = "w"}) -> (tensor<2x7xf32> {dchag.name = "y"}) {
    %zero = arith.constant 0.0 : f32
    %e1 = tensor.empty() : tensor<2x5xf32>
    %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x5xf32>) -> tensor<2x5xf32>
    %h = linalg.contract indexing_maps = [#rows, #columns, #result] ins(%x, %v : tensor<2x3xf32>, tensor<3x5xf32>) outs(%z1 : tensor<2x5xf32>) -> tensor<2x5xf32>
    %a = dchag.gelu %h : tensor<2x5xf32>
    %e2 = tensor.empty() : tensor<2x7xf32>
    %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x7xf32>) -> tensor<2x7xf32>
    %y = linalg.contract indexing_maps = [#rows, #columns, #result] ins(%a, %w : tensor<2x5xf32>, tensor<5x7xf32>) outs(%z2 : tensor<2x7xf32>) -> tensor<2x7xf32>
    return %y : tensor<2x7xf32>
  }

  // Each of 3 heads has 2 elements, which the softmax takes together.
  // CHECK-LABEL: func.func @heads(
  // CHECK:         tensor.collapse_shape %{{.+}} {dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], [], ["tp"] block 2]>, axes = ["tp"], weights, by "widths">]]}
  func.func @heads(%x: tensor<2x4x3xf32> {dchag.role = "input", dchag.name = "x"}, %v: tensor<3x6xf32> {dchag.role = "param", dchag.name = "v"},
                    %w: tensor<6x7xf32> {dchag.role = "param", dchag.name = "w"}) -> (tensor<2x4x7xf32> {dchag.name = "y"}) {
    %zero = arith.constant 0.0 : f32
    %e1 = tensor.empty() : tensor<2x4x6xf32>
    %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
    %h = linalg.contract indexing_maps = [affine_map<(b, i, j, k) -> (b, i, k)>, affine_map<(b, i, j, k) -> (k, j)>, affine_map<(b, i, j, k) -> (b, i, j)>]
      ins(%x, %v : tensor<2x4x3xf32>, tensor<3x6xf32>) outs(%z1 : tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
    %s = tensor.expand_shape %h [[0], [1], [2, 3]] output_shape [2, 4, 3, 2] : tensor<2x4x6xf32> into tensor<2x4x3x2xf32>
    %a = dchag.softmax %s {dim = 3} : tensor<2x4x3x2xf32>
    %c = tensor.collapse_shape %a [[0], [1], [2, 3]] : tensor<2x4x3x2xf32> into tensor<2x4x6xf32>
    %e2 = tensor.empty() : tensor<2x4x7xf32>
    %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x4x7xf32>) -> tensor<2x4x7xf32>
    %y = linalg.contract indexing_maps = [affine_map<(b, i, j, k) -> (b, i, k)>, affine_map<(b, i, j, k) -> (k, j)>, affine_map<(b, i, j, k) -> (b, i, j)>]
      ins(%c, %w : tensor<2x4x6xf32>, tensor<6x7xf32>) outs(%z2 : tensor<2x4x7xf32>) -> tensor<2x4x7xf32>
    return %y : tensor<2x4x7xf32>
  }

  // Something else uses the width, too: it stays whole.
  // CHECK-LABEL: func.func @returned(
  // CHECK:         return
  // expected-warning @+1 {{'returned' has no width that only parameters produce and a sum contracts, so no heads and hidden widths are split over 'tp'}}
  func.func @returned(%x: tensor<2x3xf32> {dchag.role = "input", dchag.name = "x"}, %v: tensor<3x5xf32> {dchag.role = "param", dchag.name = "v"},
                      %w: tensor<5x7xf32> {dchag.role = "param", dchag.name = "w"}) -> (tensor<2x7xf32> {dchag.name = "y"}, tensor<2x5xf32> {dchag.name = "h"}) {
    %zero = arith.constant 0.0 : f32
    %e1 = tensor.empty() : tensor<2x5xf32>
    %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x5xf32>) -> tensor<2x5xf32>
    %h = linalg.contract indexing_maps = [#rows, #columns, #result] ins(%x, %v : tensor<2x3xf32>, tensor<3x5xf32>) outs(%z1 : tensor<2x5xf32>) -> tensor<2x5xf32>
    %e2 = tensor.empty() : tensor<2x7xf32>
    %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x7xf32>) -> tensor<2x7xf32>
    %y = linalg.contract indexing_maps = [#rows, #columns, #result] ins(%h, %w : tensor<2x5xf32>, tensor<5x7xf32>) outs(%z2 : tensor<2x7xf32>) -> tensor<2x7xf32>
    return %y, %h : tensor<2x7xf32>, tensor<2x5xf32>
  }

  // The width is one of the input.
  // CHECK-LABEL: func.func @input_width(
  // CHECK:         return
  // expected-warning @+1 {{'input_width' has no width that only parameters produce and a sum contracts}}
  func.func @input_width(%x: tensor<2x3xf32> {dchag.role = "input", dchag.name = "x"}, %v: tensor<3x5xf32> {dchag.role = "param", dchag.name = "v"}) -> (tensor<2x5xf32> {dchag.name = "y"}) {
    %zero = arith.constant 0.0 : f32
    %a = dchag.gelu %x : tensor<2x3xf32>
    %e1 = tensor.empty() : tensor<2x5xf32>
    %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x5xf32>) -> tensor<2x5xf32>
    %h = linalg.contract indexing_maps = [#rows, #columns, #result] ins(%a, %v : tensor<2x3xf32>, tensor<3x5xf32>) outs(%z1 : tensor<2x5xf32>) -> tensor<2x5xf32>
    return %h : tensor<2x5xf32>
  }
}
