// RUN: dchag-opt %s --combine-collectives='max-bytes=200' | FileCheck %s
// RUN: dchag-opt %s --check-ranks=combine-collectives --inputs=integers,normal --tolerance=1e-12

module attributes {dchag.mesh = #dchag.mesh<["tp" = 3]>} {
  shard.grid @mesh(shape = 3)

  // Two sums and a scalar at once; the maximum is of another kind, the third sum needs the first.
  // CHECK-LABEL: func.func @sums(
  // CHECK:         %[[ALL:.+]] = tensor.concat dim(1) {{.*}} : (tensor<1x8xf32>, tensor<1x6xf32>, tensor<1x1xf32>) -> tensor<1x15xf32>
  // CHECK:         shard.all_reduce %[[ALL]] on @mesh grid_axes = [0] : tensor<1x15xf32> -> tensor<1x15xf32>
  // CHECK:         shard.all_reduce %{{.+}} reduction = max
  // CHECK:         shard.all_reduce %{{.+}} on @mesh grid_axes = [0] : tensor<2x4xf32> -> tensor<2x4xf32>
  // CHECK-NOT:     shard.all_reduce
  // CHECK-LABEL: func.func @gathers(
  func.func @sums(%x: tensor<2x4xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<6x4xf32>},
                  %y: tensor<2x3xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<6x3xf32>})
      -> (tensor<2x4xf32> {dchag.sharding = #dchag.sharding<[[], []]>, dchag.global = tensor<2x4xf32>},
          tensor<2x3xf32> {dchag.sharding = #dchag.sharding<[[], []]>, dchag.global = tensor<2x3xf32>},
          tensor<f32> {dchag.sharding = #dchag.sharding<[]>, dchag.global = tensor<f32>}) {
    %zero = arith.constant 0.0 : f32
    %0 = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<2x4xf32> -> tensor<2x4xf32>
    %1 = arith.mulf %0, %x : tensor<2x4xf32>
    %2 = shard.all_reduce %1 on @mesh grid_axes = [0] reduction = max : tensor<2x4xf32> -> tensor<2x4xf32>
    %3 = shard.all_reduce %y on @mesh grid_axes = [0] : tensor<2x3xf32> -> tensor<2x3xf32>
    %e = tensor.empty() : tensor<f32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
    %s = linalg.reduce { arith.addf } ins(%y : tensor<2x3xf32>) outs(%z : tensor<f32>) dimensions = [0, 1]
    %4 = shard.all_reduce %s on @mesh grid_axes = [0] : tensor<f32> -> tensor<f32>
    %5 = arith.addf %2, %x : tensor<2x4xf32>
    %6 = shard.all_reduce %5 on @mesh grid_axes = [0] : tensor<2x4xf32> -> tensor<2x4xf32>
    return %6, %3, %4 : tensor<2x4xf32>, tensor<2x3xf32>, tensor<f32>
  }

  // Along different dimensions; the large one stays.
  // CHECK:         shard.all_gather %{{.+}} on @mesh grid_axes = [0] gather_axis = 0 : tensor<1x14xf32> -> tensor<3x14xf32>
  // CHECK:         shard.all_gather %{{.+}} on @mesh grid_axes = [0] gather_axis = 0 : tensor<9x6xf32> -> tensor<27x6xf32>
  // CHECK-NOT:     shard.all_gather
  // CHECK-LABEL: func.func @scatters(
  func.func @gathers(%x: tensor<2x4xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<6x4xf32>},
                     %y: tensor<3x2xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>, dchag.global = tensor<3x6xf32>},
                     %w: tensor<9x6xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<27x6xf32>})
      -> (tensor<6x4xf32> {dchag.sharding = #dchag.sharding<[[], []]>, dchag.global = tensor<6x4xf32>},
          tensor<3x6xf32> {dchag.sharding = #dchag.sharding<[[], []]>, dchag.global = tensor<3x6xf32>},
          tensor<27x6xf32> {dchag.sharding = #dchag.sharding<[[], []]>, dchag.global = tensor<27x6xf32>}) {
    %0 = shard.all_gather %x on @mesh grid_axes = [0] gather_axis = 0 : tensor<2x4xf32> -> tensor<6x4xf32>
    %1 = shard.all_gather %y on @mesh grid_axes = [0] gather_axis = 1 : tensor<3x2xf32> -> tensor<3x6xf32>
    %2 = shard.all_gather %w on @mesh grid_axes = [0] gather_axis = 0 : tensor<9x6xf32> -> tensor<27x6xf32>
    return %0, %1, %2 : tensor<6x4xf32>, tensor<3x6xf32>, tensor<27x6xf32>
  }

  // CHECK:         shard.reduce_scatter %{{.+}} on @mesh grid_axes = [0] scatter_axis = 0 : tensor<3x10xf32> -> tensor<1x10xf32>
  // CHECK-NOT:     shard.reduce_scatter
  func.func @scatters(%x: tensor<2x6xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<6x6xf32>},
                      %y: tensor<3x6xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<9x6xf32>})
      -> (tensor<2x2xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>, dchag.global = tensor<2x6xf32>},
          tensor<1x6xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<3x6xf32>}) {
    %0 = shard.reduce_scatter %x on @mesh grid_axes = [0] scatter_axis = 1 : tensor<2x6xf32> -> tensor<2x2xf32>
    %1 = shard.reduce_scatter %y on @mesh grid_axes = [0] scatter_axis = 0 : tensor<3x6xf32> -> tensor<1x6xf32>
    return %0, %1 : tensor<2x2xf32>, tensor<1x6xf32>
  }
}
