// RUN: dchag-opt %s --split-input-file --split-aggregates | FileCheck %s
// RUN: dchag-opt %S/Inputs/one-group.mlir --inputs=integers,normal --tolerance=1e-12 --check-equal='annotate-aggregations{mode=split-softmax},split-aggregates'
// RUN: dchag-opt %S/Inputs/two-groups.mlir --inputs=integers,normal --tolerance=1e-12 --check-equal='annotate-aggregations{mode=hierarchical},split-aggregates'

// Channels of one group of tokens split as parts that are merged, with a mask, because 2 ranks do not
// divide 5 channels. Tokens are marked by channel, parts are the same on all ranks once merged, and marks of
// the aggregation stay with its result.
module attributes {dchag.mesh = #dchag.mesh<["dp" = 1, "tp" = 2]>} {
  // CHECK-LABEL:  func.func @channels(
  // CHECK-SAME:     %{{[a-z0-9]+}}: tensor<2x5x1x4x6xf32>, %{{[a-z0-9]+}}: tensor<5x8x1x2x3xf32>, %[[Q:[a-z0-9]+]]: tensor<1x3x8xf32>
  // CHECK:          %[[T:.+]] = tensor.expand_shape {{.+}}#dchag.mark<<{{\[\[}}], [], ["tp"], [], []]>, axes = ["tp"], weights, by "split-softmax">{{.+}} into tensor<2x1x5x4x8xf32>
  // CHECK:          %[[M:.+]] = arith.constant dense<true> : tensor<1x1x5xi1>
  // CHECK:          %[[MAX:.+]], %[[SUM:.+]], %[[ACC:.+]] = dchag.aggregate_partial %[[T]], %[[Q]] mask(%[[M]]) {dchag.marks = {{.+}}, heads = 2 : i64, scale = 5.000000e-01 : f64, weighs_masked}
  // CHECK-DAG:      %[[MAX1:.+]] = tensor.expand_shape %[[MAX]] {{.+}} into tensor<1x2x1x3x4x2xf32>
  // CHECK-DAG:      %[[SUM1:.+]] = tensor.expand_shape %[[SUM]] {{.+}} into tensor<1x2x1x3x4x2xf32>
  // CHECK-DAG:      %[[ACC1:.+]] = tensor.expand_shape %[[ACC]] {{.+}} into tensor<1x2x1x3x4x8xf32>
  // CHECK:          %[[Y:.+]] = dchag.merge_partials %[[MAX1]], %[[SUM1]], %[[ACC1]] {dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], [], [], [], []]>, axes = ["dp"], user, by "test">]], nan_when_empty}
  // CHECK:          return %[[Y]]
  func.func @channels(%x: tensor<2x5x1x4x6xf32>, %w: tensor<5x8x1x2x3xf32>, %q: tensor<1x3x8xf32>) -> tensor<2x1x3x4x8xf32> {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x5x1x4x6xf32>, tensor<5x8x1x2x3xf32>) -> tensor<2x5x4x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 8] : tensor<2x5x4x8xf32> into tensor<2x1x5x4x8xf32>
    %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5, dchag.channel_split = #dchag.channel_split<["tp"], groups = 1, by "split-softmax">,
        dchag.marks = [[#dchag.mark<<[[], [], [], [], []]>, axes = ["dp"], user, by "test">]]} : (tensor<2x1x5x4x8xf32>, tensor<1x3x8xf32>) -> tensor<2x1x3x4x8xf32>
    return %y : tensor<2x1x3x4x8xf32>
  }
}

// -----

// Two groups for 6 ranks: two axes are made of one, and each group is split over the 3 ranks of the second.
// 3 ranks divide 6 channels, so there is no mask.
// CHECK:  module attributes {dchag.mesh = #dchag.mesh<["dp" = 5, "tp.groups" = 2, "tp.channels" = 3]>}
// CHECK:  shard.grid @mesh(shape = 5x2x3)
module attributes {dchag.mesh = #dchag.mesh<["dp" = 5, "tp" = 6]>} {
  shard.grid @mesh(shape = 5x6)
  // Parameters that are stored in parts stay with the ranks they had.
  // CHECK:      func.func @groups({{.+}} {dchag.storage = ["dp", "tp.groups", "tp.channels"]})
  // CHECK:      %[[T:.+]] = tensor.expand_shape {{.+}}by "hierarchical">, {{.+}} into tensor<2x2x6x4x8xf32>
  // CHECK-NOT:  arith.constant dense<true>
  // CHECK:      dchag.aggregate_partial %[[T]], %{{[a-z0-9]+}} {
  // CHECK:      dchag.merge_partials
  func.func @groups(%x: tensor<2x12x1x4x6xf32>, %w: tensor<12x8x1x2x3xf32>, %q: tensor<2x1x8xf32> {dchag.storage = ["dp", "tp"]}) -> tensor<2x2x1x4x8xf32> {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x12x1x4x6xf32>, tensor<12x8x1x2x3xf32>) -> tensor<2x12x4x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 2, 6, 4, 8] : tensor<2x12x4x8xf32> into tensor<2x2x6x4x8xf32>
    %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5, dchag.channel_split = #dchag.channel_split<["tp"], groups = 2, by "hierarchical">} : (tensor<2x2x6x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x2x1x4x8xf32>
    return %y : tensor<2x2x1x4x8xf32>
  }
}

// -----

// The bias of a linear aggregation is added once, behind the sum over the channels.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // CHECK-LABEL: func.func @linear(
  // CHECK:         %[[S:.+]] = dchag.aggregate_linear %{{.+}} weight(%{{.+}}) {dchag.marks = {{.+}}} : (tensor<2x1x6x4x8xf32>, tensor<1x1x6xf32>)
  // CHECK:         %[[B:.+]] = linalg.broadcast {{.+}} dimensions = [0, 3, 4]
  // CHECK:         arith.addf %[[S]], %[[B]]
  func.func @linear(%g: tensor<2x1x6x4x8xf32>, %l: tensor<1x1x6xf32>, %b: tensor<1x1xf32>) -> tensor<2x1x1x4x8xf32> {
    %y = dchag.aggregate_linear %g weight(%l) bias(%b) {dchag.channel_split = #dchag.channel_split<["tp"], groups = 1, by "split-softmax">} : (tensor<2x1x6x4x8xf32>, tensor<1x1x6xf32>, tensor<1x1xf32>) -> tensor<2x1x1x4x8xf32>
    return %y : tensor<2x1x1x4x8xf32>
  }
}
