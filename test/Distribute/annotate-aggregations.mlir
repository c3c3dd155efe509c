// RUN: dchag-opt %s --annotate-aggregations | FileCheck %s --check-prefix=NONE --implicit-check-not=dchag.marks
// RUN: dchag-opt %s --annotate-aggregations=mode=gather | FileCheck %s --check-prefix=GATHER --implicit-check-not=dchag.marks
// RUN: dchag-opt %s --annotate-aggregations=mode=hierarchical | FileCheck %s --check-prefix=TREE --implicit-check-not=dchag.marks

// A tree of three levels over 2 ranks: 4 groups of 3 channels, 2 groups of 2 of their results, and one of
// both.
// NONE: return

// gather: tokens by channel, which are whole where an aggregation takes them.
// GATHER:      dchag.tokenize {{.+}}dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], ["tp"], [], []]>, axes = ["tp"], weights, by "gather">]]
// GATHER-NEXT: tensor.expand_shape {{.+}}dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], [], [], [], []]>, axes = ["tp"], weights, by "gather">]]

// hierarchical: results of the first two levels by group, since both have groups for 2 ranks. The last
// level, and what it takes, is the same on both.
// TREE:        dchag.aggregate {{.+}}dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], ["tp"], [], [], []]>, axes = ["tp"], weights, by "hierarchical">]]{{.+}} -> tensor<2x4x1x4x8xf32>
// TREE:        dchag.aggregate {{.+}}dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], ["tp"], [], [], []]>, axes = ["tp"], weights, by "hierarchical">]]{{.+}} -> tensor<2x2x1x4x8xf32>
// TREE:        tensor.expand_shape {{.+}}dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], [], [], [], []]>, axes = ["tp"], weights, by "hierarchical">]]{{.+}} into tensor<2x1x2x4x8xf32>
// TREE-NEXT:   dchag.aggregate {{.+}}dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], [], [], [], []]>, axes = ["tp"], weights, by "hierarchical">]]{{.+}} -> tensor<2x1x1x4x8xf32>
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @step(%x: tensor<2x12x1x4x6xf32>, %w: tensor<12x8x1x2x3xf32> {dchag.role = "param"},
      %q: tensor<4x1x8xf32> {dchag.role = "param"}, %p: tensor<2x1x8xf32> {dchag.role = "param"}, %o: tensor<1x1x8xf32> {dchag.role = "param"}) -> tensor<2x1x1x4x8xf32> {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x12x1x4x6xf32>, tensor<12x8x1x2x3xf32>) -> tensor<2x12x4x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 4, 3, 4, 8] : tensor<2x12x4x8xf32> into tensor<2x4x3x4x8xf32>
    %a = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x4x3x4x8xf32>, tensor<4x1x8xf32>) -> tensor<2x4x1x4x8xf32>
    %c = tensor.collapse_shape %a [[0], [1, 2], [3], [4]] : tensor<2x4x1x4x8xf32> into tensor<2x4x4x8xf32>
    %r = tensor.expand_shape %c [[0], [1, 2], [3], [4]] output_shape [2, 2, 2, 4, 8] : tensor<2x4x4x8xf32> into tensor<2x2x2x4x8xf32>
    %b = dchag.aggregate %r, %p {heads = 2, scale = 0.5} : (tensor<2x2x2x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x2x1x4x8xf32>
    %d = tensor.collapse_shape %b [[0], [1, 2], [3], [4]] : tensor<2x2x1x4x8xf32> into tensor<2x2x4x8xf32>
    %s = tensor.expand_shape %d [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 4, 8] : tensor<2x2x4x8xf32> into tensor<2x1x2x4x8xf32>
    %y = dchag.aggregate %s, %o {heads = 2, scale = 0.5} : (tensor<2x1x2x4x8xf32>, tensor<1x1x8xf32>) -> tensor<2x1x1x4x8xf32>
    return %y : tensor<2x1x1x4x8xf32>
  }
}
