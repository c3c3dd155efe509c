// RUN: dchag-opt %s --split-input-file --split-aggregates | FileCheck %s --check-prefixes=CHECK,WHOLE
// RUN: dchag-opt %s --split-input-file --split-aggregates=mode=gather | FileCheck %s --check-prefixes=CHECK,WHOLE
// RUN: dchag-opt %s --split-input-file --split-aggregates=mode=split-softmax --verify-diagnostics | FileCheck %s --check-prefixes=CHECK,SOFTMAX
// RUN: dchag-opt %s --split-input-file --split-aggregates=mode=hierarchical | FileCheck %s --check-prefixes=CHECK,GROUPS
// RUN: dchag-opt %S/Inputs/one-group.mlir --inputs=integers,normal --tolerance=1e-12 \
// RUN:   --check-equal=split-aggregates --check-equal='split-aggregates{mode=split-softmax}'
// RUN: dchag-opt %S/Inputs/two-groups.mlir --inputs=integers,normal --tolerance=1e-12 --check-equal='split-aggregates{mode=hierarchical}'

// In every mode the output projection becomes a contraction, and its bias an addition behind it: heads
// are a parallel factor in front of it and a summed one in it, and the bias is added once.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // CHECK-LABEL: func.func @projection(
  // CHECK-SAME:    %[[T:[a-z0-9]+]]: tensor<2x1x5x4x8xf32>, %[[Q:[a-z0-9]+]]: tensor<1x3x8xf32>, %[[O:[a-z0-9]+]]: tensor<1x7x8xf32>, %[[B:[a-z0-9]+]]: tensor<1x7xf32>
  // CHECK:         %[[A:.+]] = dchag.aggregate %[[T]], %[[Q]] {heads = 2 : i64, scale = 5.000000e-01 : f64}
  // CHECK:         %[[P:.+]] = linalg.contract {{.+}} ins(%[[A]], %[[O]] : tensor<2x1x3x4x8xf32>, tensor<1x7x8xf32>)
  // CHECK:         %[[BIASES:.+]] = linalg.broadcast ins(%[[B]] : tensor<1x7xf32>) {{.+}} dimensions = [0, 2, 3]
  // CHECK:         %[[Y:.+]] = arith.addf %[[P]], %[[BIASES]]
  // CHECK:         return %[[Y]]
  func.func @projection(%t: tensor<2x1x5x4x8xf32>, %q: tensor<1x3x8xf32>, %o: tensor<1x7x8xf32>, %b: tensor<1x7xf32>) -> tensor<2x1x3x4x7xf32> {
    %y = dchag.aggregate %t, %q output(%o, %b) {heads = 2, scale = 0.5} : (tensor<2x1x5x4x8xf32>, tensor<1x3x8xf32>, tensor<1x7x8xf32>, tensor<1x7xf32>) -> tensor<2x1x3x4x7xf32>
    return %y : tensor<2x1x3x4x7xf32>
  }
}

// -----

// Channels of one group of tokens split in mode split-softmax, as parts that are merged; with a mask,
// because 2 ranks do not divide 5 channels.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // CHECK-LABEL:  func.func @channels(
  // CHECK-SAME:     %{{[a-z0-9]+}}: tensor<2x5x1x4x6xf32>, %{{[a-z0-9]+}}: tensor<5x8x1x2x3xf32>, %[[Q:[a-z0-9]+]]: tensor<1x3x8xf32>
  // CHECK:          %[[T:.+]] = tensor.expand_shape {{.+}} into tensor<2x1x5x4x8xf32>
  // WHOLE:          %[[Y:.+]] = dchag.aggregate %[[T]], %[[Q]]
  // GROUPS:         %[[Y:.+]] = dchag.aggregate %[[T]], %[[Q]]
  // SOFTMAX:        %[[M:.+]] = arith.constant dense<true> : tensor<1x1x5xi1>
  // SOFTMAX:        %[[MAX:.+]], %[[SUM:.+]], %[[ACC:.+]] = dchag.aggregate_partial %[[T]], %[[Q]] mask(%[[M]]) {heads = 2 : i64, scale = 5.000000e-01 : f64, weighs_masked}
  // SOFTMAX-DAG:    %[[MAX1:.+]] = tensor.expand_shape %[[MAX]] {{.+}} into tensor<1x2x1x3x4x2xf32>
  // SOFTMAX-DAG:    %[[SUM1:.+]] = tensor.expand_shape %[[SUM]] {{.+}} into tensor<1x2x1x3x4x2xf32>
  // SOFTMAX-DAG:    %[[ACC1:.+]] = tensor.expand_shape %[[ACC]] {{.+}} into tensor<1x2x1x3x4x8xf32>
  // SOFTMAX:        %[[Y:.+]] = dchag.merge_partials %[[MAX1]], %[[SUM1]], %[[ACC1]] {nan_when_empty}
  // CHECK:          return %[[Y]]
  func.func @channels(%x: tensor<2x5x1x4x6xf32>, %w: tensor<5x8x1x2x3xf32>, %q: tensor<1x3x8xf32>) -> tensor<2x1x3x4x8xf32> {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x5x1x4x6xf32>, tensor<5x8x1x2x3xf32>) -> tensor<2x5x4x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 8] : tensor<2x5x4x8xf32> into tensor<2x1x5x4x8xf32>
    %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x1x5x4x8xf32>, tensor<1x3x8xf32>) -> tensor<2x1x3x4x8xf32>
    return %y : tensor<2x1x3x4x8xf32>
  }
}

// -----

// Two groups for 6 ranks: mode hierarchical makes two axes of one, and splits each group over the 3 ranks
// of the second. 3 ranks divide 6 channels, so there is no mask. Mode split-softmax does not apply.
// WHOLE:   module attributes {dchag.mesh = #dchag.mesh<["dp" = 5, "tp" = 6]>}
// WHOLE:   shard.grid @mesh(shape = 5x6)
// GROUPS:  module attributes {dchag.mesh = #dchag.mesh<["dp" = 5, "tp.groups" = 2, "tp.units" = 3]>}
// GROUPS:  shard.grid @mesh(shape = 5x2x3)
module attributes {dchag.mesh = #dchag.mesh<["dp" = 5, "tp" = 6]>} {
  shard.grid @mesh(shape = 5x6)
  // GROUPS:      %[[T:.+]] = tensor.expand_shape {{.+}} into tensor<2x2x6x4x8xf32>
  // GROUPS-NOT:  arith.constant dense<true>
  // GROUPS:      dchag.aggregate_partial %[[T]], %{{[a-z0-9]+}} {heads = 2
  // GROUPS:      dchag.merge_partials
  // WHOLE:       dchag.aggregate %
  func.func @groups(%x: tensor<2x12x1x4x6xf32>, %w: tensor<12x8x1x2x3xf32>, %q: tensor<2x1x8xf32>) -> tensor<2x2x1x4x8xf32> {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x12x1x4x6xf32>, tensor<12x8x1x2x3xf32>) -> tensor<2x12x4x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 2, 6, 4, 8] : tensor<2x12x4x8xf32> into tensor<2x2x6x4x8xf32>
    // expected-error @+1 {{has 2 groups, so its channels cannot be split over ranks by mode split-softmax: use mode hierarchical, which splits the groups}}
    %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x2x6x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x2x1x4x8xf32>
    return %y : tensor<2x2x1x4x8xf32>
  }
}
