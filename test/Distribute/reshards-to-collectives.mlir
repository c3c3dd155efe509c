// RUN: dchag-opt %s --reshards-to-collectives --split-input-file --verify-diagnostics | FileCheck %s --implicit-check-not=dchag.reshard --implicit-check-not=dchag.shardings
// RUN: dchag-opt %S/Inputs/laid-out.mlir --inputs=integers --check-ranks='insert-reshards,partition,reshards-to-collectives,verify-partition'

// Parts of 3 rows of 5 are joined, and what was padding is cut off.
// CHECK-LABEL: func.func @gather(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<3x7xf32>
// CHECK-NEXT:    %[[G:.+]] = shard.all_gather %[[X]] on @mesh grid_axes = [0] gather_axis = 0 : tensor<3x7xf32> -> tensor<6x7xf32>
// CHECK-NEXT:    %[[Y:.+]] = tensor.extract_slice %[[G]][0, 0] [5, 7] [1, 1]
// CHECK-NEXT:    return %[[Y]]
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @gather(%x: tensor<3x7xf32> {dchag.global = tensor<5x7xf32>, dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<5x7xf32> {dchag.global = tensor<5x7xf32>, dchag.sharding = #dchag.sharding<[[], []]>}) {
    %y = dchag.reshard %x from <[["tp"], []]> to <[[], []]> global tensor<5x7xf32> {dchag.shardings = [#dchag.sharding<[[], []]>]} : tensor<3x7xf32> -> tensor<5x7xf32>
    return %y : tensor<5x7xf32>
  }
}

// -----

// The split moves from rows to columns: 7 columns are padded to 8 and sent in two parts of 4, and of
// the 6 rows that arrive 5 are kept.
// CHECK-LABEL: func.func @move(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<3x7xf32>
// CHECK:         %[[P:.+]] = tensor.pad %[[X]] low[0, 0] high[0, 1]
// CHECK:         %[[A:.+]] = shard.all_to_all %[[P]] on @mesh grid_axes = [0] split_axis = 1 concat_axis = 0 : tensor<3x8xf32> -> tensor<6x4xf32>
// CHECK-NEXT:    %[[Y:.+]] = tensor.extract_slice %[[A]][0, 0] [5, 4] [1, 1]
// CHECK-NEXT:    return %[[Y]]
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @move(%x: tensor<3x7xf32> {dchag.global = tensor<5x7xf32>, dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<5x4xf32> {dchag.global = tensor<5x7xf32>, dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) {
    %y = dchag.reshard %x from <[["tp"], []]> to <[[], ["tp"]]> global tensor<5x7xf32> {dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<3x7xf32> -> tensor<5x4xf32>
    return %y : tensor<5x4xf32>
  }
}

// -----

// A value that is whole everywhere is cut, which sends nothing; a sum that is wanted in parts is scattered
// and never whole.
// CHECK-LABEL: func.func @slice_and_scatter(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4x7xf32>{{.*}}, %[[P:[a-z0-9]+]]: tensor<4x7xf32>
// CHECK-NEXT:    %[[S:.+]] = shard.all_slice %[[X]] on @mesh grid_axes = [0] slice_axis = 0 : tensor<4x7xf32> -> tensor<2x7xf32>
// CHECK-NEXT:    %[[R:.+]] = shard.reduce_scatter %[[P]] on @mesh grid_axes = [0] scatter_axis = 0 : tensor<4x7xf32> -> tensor<2x7xf32>
// CHECK-NEXT:    return %[[S]], %[[R]]
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @slice_and_scatter(%x: tensor<4x7xf32> {dchag.global = tensor<4x7xf32>, dchag.sharding = #dchag.sharding<[[], []]>},
      %p: tensor<4x7xf32> {dchag.global = tensor<4x7xf32>, dchag.sharding = #dchag.sharding<[[], []], partial = ["tp" = sum]>})
      -> (tensor<2x7xf32> {dchag.global = tensor<4x7xf32>, dchag.sharding = #dchag.sharding<[["tp"], []]>},
          tensor<2x7xf32> {dchag.global = tensor<4x7xf32>, dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    %s = dchag.reshard %x from <[[], []]> to <[["tp"], []]> global tensor<4x7xf32> {dchag.shardings = [#dchag.sharding<[["tp"], []]>]} : tensor<4x7xf32> -> tensor<2x7xf32>
    %r = dchag.reshard %p from <[[], []], partial = ["tp" = sum]> to <[["tp"], []]> global tensor<4x7xf32> {dchag.shardings = [#dchag.sharding<[["tp"], []]>]} : tensor<4x7xf32> -> tensor<2x7xf32>
    return %s, %r : tensor<2x7xf32>, tensor<2x7xf32>
  }
}

// -----

// Parts of an online softmax are made relative to the maximum of all ranks; after that they are a sum.
// CHECK-LABEL: func.func @softmax(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<2x1x3x4x6xf32>{{.*}}, %[[M:[a-z0-9]+]]: tensor<2x1x3x4x2xf32>
// CHECK-NEXT:    %[[TOP:.+]] = shard.all_reduce %[[M]] on @mesh grid_axes = [0] reduction = max
// CHECK-NEXT:    %[[R:.+]] = dchag.rescale %[[A]] from %[[M]] to %[[TOP]]
// CHECK-NEXT:    %[[Y:.+]] = shard.all_reduce %[[R]] on @mesh grid_axes = [0] :
// CHECK-NEXT:    return %[[Y]]
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @softmax(%a: tensor<2x1x3x4x6xf32> {dchag.global = tensor<2x1x3x4x6xf32>, dchag.sharding = #dchag.sharding<[[], [], [], [], []], partial = ["tp" = softmax]>},
      %m: tensor<2x1x3x4x2xf32> {dchag.global = tensor<2x1x3x4x2xf32>, dchag.sharding = #dchag.sharding<[[], [], [], [], []], partial = ["tp" = max]>})
      -> (tensor<2x1x3x4x6xf32> {dchag.global = tensor<2x1x3x4x6xf32>, dchag.sharding = #dchag.sharding<[[], [], [], [], []]>}) {
    %y = dchag.reshard %a relative(%m : tensor<2x1x3x4x2xf32>) from <[[], [], [], [], []], partial = ["tp" = softmax]> to <[[], [], [], [], []]> global tensor<2x1x3x4x6xf32>
      {dchag.shardings = [#dchag.sharding<[[], [], [], [], []]>]} : tensor<2x1x3x4x6xf32> -> tensor<2x1x3x4x6xf32>
    return %y : tensor<2x1x3x4x6xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @not_partitioned(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) -> (tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    // expected-error @+1 {{'dchag.reshard' op must be on the parts of a rank: run partition first}}
    %y = dchag.reshard %x from <[["tp"], []]> to <[[], []]> global tensor<5x7xf32> {dchag.shardings = [#dchag.sharding<[[], []]>]} : tensor<5x7xf32> -> tensor<5x7xf32>
    return %y : tensor<5x7xf32>
  }
}
