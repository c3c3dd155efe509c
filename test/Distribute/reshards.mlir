// RUN: dchag-opt %s --split-input-file --propagate --insert-reshards --verify-shardings --partition --verify-partition --reshards-to-collectives | FileCheck %s

// Each function lays its argument out anew on the way to its result. 5 and 7 are split unevenly.

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  // CHECK-LABEL: func.func @gather(
  // CHECK-SAME: %[[X:.+]]: tensor<3x7xf32>
  // CHECK: %[[G:.+]] = shard.all_gather %[[X]] on @mesh grid_axes = [0] gather_axis = 0 : tensor<3x7xf32> -> tensor<6x7xf32>
  // CHECK: tensor.extract_slice %[[G]][0, 0] [5, 7] [1, 1] : tensor<6x7xf32> to tensor<5x7xf32>
  func.func @gather(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    return %x : tensor<5x7xf32>
  }
  // CHECK-LABEL: func.func @slice(
  // CHECK-SAME: %[[X:.+]]: tensor<5x7xf32>
  // CHECK: %[[P:.+]] = tensor.pad %[[X]] low[0, 0] high[0, 1]
  // CHECK: shard.all_slice %[[P]] on @mesh grid_axes = [0] slice_axis = 1 : tensor<5x8xf32> -> tensor<5x4xf32>
  func.func @slice(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], []]>})
      -> (tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) {
    return %x : tensor<5x7xf32>
  }
  // CHECK-LABEL: func.func @move(
  // CHECK-SAME: %[[X:.+]]: tensor<3x7xf32>
  // CHECK: %[[P:.+]] = tensor.pad %[[X]] low[0, 0] high[0, 1]
  // CHECK: %[[A:.+]] = shard.all_to_all %[[P]] on @mesh grid_axes = [0] split_axis = 1 concat_axis = 0 : tensor<3x8xf32> -> tensor<6x4xf32>
  // CHECK: tensor.extract_slice %[[A]][0, 0] [5, 4] [1, 1] : tensor<6x4xf32> to tensor<5x4xf32>
  func.func @move(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) {
    return %x : tensor<5x7xf32>
  }
  // CHECK-LABEL: func.func @scatter_sum(
  // CHECK: %[[S:.+]] = linalg.reduce
  // CHECK: %[[P:.+]] = tensor.pad %[[S]] low[0] high[1]
  // CHECK: shard.reduce_scatter %[[P]] on @mesh grid_axes = [0] scatter_axis = 0 : tensor<6xf32> -> tensor<3xf32>
  func.func @scatter_sum(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>})
      -> (tensor<5xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<5xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<5xf32>) -> tensor<5xf32>
    %y = linalg.reduce { arith.addf } ins(%x : tensor<5x7xf32>) outs(%z : tensor<5xf32>) dimensions = [1]
    return %y : tensor<5xf32>
  }
  // The maximum over padding must be that of the elements: the padding becomes -inf.
  // CHECK-LABEL: func.func @max(
  // CHECK-SAME: %[[X:.+]]: tensor<5x4xf32>
  // CHECK: %[[M:.+]] = dchag.mask_shard %[[X]] {axes = ["tp"], dim = 1 : i64, size = 7 : i64, value = 0xFF800000 : f32}
  // CHECK: %[[Y:.+]] = linalg.reduce {{.+}} ins(%[[M]] :
  // CHECK: shard.all_reduce %[[Y]] on @mesh grid_axes = [0] reduction = max : tensor<5xf32> -> tensor<5xf32>
  func.func @max(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) -> tensor<5xf32> {
    %low = arith.constant 0xFF800000 : f32
    %e = tensor.empty() : tensor<5xf32>
    %z = linalg.fill ins(%low : f32) outs(%e : tensor<5xf32>) -> tensor<5xf32>
    %y = linalg.reduce { arith.maximumf } ins(%x : tensor<5x7xf32>) outs(%z : tensor<5xf32>) dimensions = [1]
    return %y : tensor<5xf32>
  }
}
