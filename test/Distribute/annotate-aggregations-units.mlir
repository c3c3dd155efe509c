// RUN: dchag-opt %s --annotate-aggregations=mode=split-softmax --split-input-file --verify-diagnostics | FileCheck %s --implicit-check-not=dchag.marks
// RUN: dchag-opt %S/Inputs/one-group.mlir --inputs=integers,normal --tolerance=1e-12 \
// RUN:   --check-ranks='set-mesh,annotate-aggregations{mode=split-softmax},split-aggregates,propagate,insert-reshards,verify-shardings,partition{poison-padding},verify-partition,reshards-to-collectives'
// RUN: dchag-opt %S/Inputs/two-groups.mlir --inputs=integers,normal --tolerance=1e-12 \
// RUN:   --check-ranks='set-mesh,annotate-aggregations{mode=hierarchical},split-aggregates,propagate,insert-reshards,verify-shardings,partition{poison-padding},verify-partition,reshards-to-collectives'

// The parts of an online softmax split by channels; each of its three results is whole on all ranks once
// it is merged.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // CHECK-LABEL: func.func @parts(
  // CHECK:         tensor.expand_shape {{.+}}dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], [], ["tp"], [], []]>, axes = ["tp"], weights, by "split-softmax">]]
  // CHECK-NEXT:    dchag.aggregate_partial {{.+}}dchag.marks =
  // CHECK-SAME:      {{\[\[}}#dchag.mark<<{{\[\[}}], [], [], [], []]>, axes = ["tp"], weights, by "split-softmax">],
  // CHECK-SAME:      [#dchag.mark<<{{\[\[}}], [], [], [], []]>, axes = ["tp"], weights, by "split-softmax">],
  // CHECK-SAME:      [#dchag.mark<<{{\[\[}}], [], [], [], []]>, axes = ["tp"], weights, by "split-softmax">]]
  func.func @parts(%x: tensor<2x6x1x4x6xf32>, %w: tensor<6x8x1x2x3xf32>, %q: tensor<1x3x8xf32>) -> tensor<2x1x3x4x8xf32> {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x6x1x4x6xf32>, tensor<6x8x1x2x3xf32>) -> tensor<2x6x4x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 6, 4, 8] : tensor<2x6x4x8xf32> into tensor<2x1x6x4x8xf32>
    %m, %s, %a = dchag.aggregate_partial %g, %q {heads = 2, scale = 0.5} : (tensor<2x1x6x4x8xf32>, tensor<1x3x8xf32>) -> (tensor<2x1x3x4x2xf32>, tensor<2x1x3x4x2xf32>, tensor<2x1x3x4x8xf32>)
    return %a : tensor<2x1x3x4x8xf32>
  }
}

// -----

// An aggregation that is written as one op gets the request to be written in parts.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // CHECK-LABEL: func.func @not_split(
  // CHECK:         dchag.aggregate {{.+}}dchag.channel_split = #dchag.channel_split<["tp"], groups = 1, by "split-softmax">
  func.func @not_split(%x: tensor<2x6x1x4x6xf32>, %w: tensor<6x8x1x2x3xf32>, %q: tensor<1x3x8xf32>) -> tensor<2x1x3x4x8xf32> {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x6x1x4x6xf32>, tensor<6x8x1x2x3xf32>) -> tensor<2x6x4x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 6, 4, 8] : tensor<2x6x4x8xf32> into tensor<2x1x6x4x8xf32>
    %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x1x6x4x8xf32>, tensor<1x3x8xf32>) -> tensor<2x1x3x4x8xf32>
    return %y : tensor<2x1x3x4x8xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @several_groups(%x: tensor<2x6x1x4x6xf32>, %w: tensor<6x8x1x2x3xf32>, %l: tensor<2x1x3xf32>) -> tensor<2x2x1x4x8xf32> {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x6x1x4x6xf32>, tensor<6x8x1x2x3xf32>) -> tensor<2x6x4x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 2, 3, 4, 8] : tensor<2x6x4x8xf32> into tensor<2x2x3x4x8xf32>
    // expected-error @+1 {{has 2 groups, so its channels cannot be split over ranks by mode split-softmax: use mode hierarchical, which splits the groups}}
    %y = dchag.aggregate_linear %g weight(%l) : (tensor<2x2x3x4x8xf32>, tensor<2x1x3xf32>) -> tensor<2x2x1x4x8xf32>
    return %y : tensor<2x2x1x4x8xf32>
  }
}
