// RUN: dchag-opt %s --collectives-to-runtime | FileCheck %s --implicit-check-not=shard.all

// CHECK: module attributes {{.*}}dchag_rt.sites = ["all_gather #0 over axis 1 (from {{.+}}.mlir:{{.+}})", "all_reduce #1 over axis 0 and axis 1 (from {{.+}})", "all_to_all #2 over axis 1 (from {{.+}})", "reduce_scatter #3 over axis 0 (from {{.+}})"]
shard.grid @mesh(shape = 2x3)

// CHECK-LABEL: func.func @step(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<5x2xf32>
func.func @step(%x: tensor<5x2xf32>) -> tensor<5x1xf32> {
  // Parts meet along the second dimension.
  // CHECK: %[[A:.+]] = dchag_rt.all_gather %[[X]] outs({{.+}}) {axes = array<i32: 1>, site = 0 : i32} : (tensor<5x2xf32>, tensor<3x5x2xf32>)
  // CHECK: %[[T:.+]] = linalg.transpose ins(%{{.+}} : tensor<3x5x2xf32>) outs(%{{.+}} : tensor<5x3x2xf32>) permutation = [1, 0, 2]
  // CHECK: %[[G:.+]] = tensor.collapse_shape %[[T]] {{\[\[}}0], [1, 2]] : tensor<5x3x2xf32> into tensor<5x6xf32>
  %g = shard.all_gather %x on @mesh grid_axes = [1] gather_axis = 1 : tensor<5x2xf32> -> tensor<5x6xf32>
  // CHECK: %[[R:.+]] = dchag_rt.all_reduce outs(%[[G]]) {axes = array<i32: 0, 1>, reduction = #dchag_rt.reduction<max>, site = 1 : i32}
  %r = shard.all_reduce %g on @mesh grid_axes = [0, 1] reduction = max : tensor<5x6xf32> -> tensor<5x6xf32>
  // The position along both axes, the first slowest.
  // CHECK: %[[I:.+]] = dchag_rt.axis_index 0
  // CHECK: %[[J:.+]] = dchag_rt.axis_index 1
  // CHECK: %[[P:.+]] = arith.muli %[[I]], %{{.+}}
  // CHECK: %[[Q:.+]] = arith.addi %[[P]], %[[J]]
  // CHECK: %[[O:.+]] = arith.muli %[[Q]]
  // CHECK: tensor.extract_slice %[[R]][0, %[[O]]] [5, 1] [1, 1]
  %s = shard.all_slice %r on @mesh grid_axes = [0, 1] slice_axis = 1 : tensor<5x6xf32> -> tensor<5x1xf32>
  return %s : tensor<5x1xf32>
}

// CHECK-LABEL: func.func @exchange(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<3x4xf32>
func.func @exchange(%x: tensor<3x4xf32>) -> tensor<1x6xf32> {
  // Rows go out as they are, parts of columns meet.
  // CHECK: %[[P:.+]] = tensor.expand_shape %[[X]] {{.+}} : tensor<3x4xf32> into tensor<3x1x4xf32>
  // CHECK: %[[E:.+]] = dchag_rt.all_to_all %[[P]] outs({{.+}}) {axes = array<i32: 1>, site = 2 : i32} : (tensor<3x1x4xf32>, tensor<3x1x4xf32>)
  %e = shard.all_to_all %x on @mesh grid_axes = [1] split_axis = 0 concat_axis = 1 : tensor<3x4xf32> -> tensor<1x12xf32>
  // CHECK: dchag_rt.reduce_scatter %{{.+}} outs({{.+}}) {axes = array<i32: 0>, reduction = #dchag_rt.reduction<min>, site = 3 : i32} : (tensor<2x1x6xf32>, tensor<1x6xf32>)
  %r = shard.reduce_scatter %e on @mesh grid_axes = [0] reduction = min scatter_axis = 1 : tensor<1x12xf32> -> tensor<1x6xf32>
  return %r : tensor<1x6xf32>
}

// What stands before a collective stands right behind its source, what follows it right before the
// first op that needs it: what is between can be done while it is under way.
// CHECK-LABEL: func.func @room(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<5x4xf32>, %[[Z:[a-z0-9]+]]: tensor<5x4xf32>
func.func @room(%x: tensor<5x4xf32>, %z: tensor<5x4xf32>) -> (tensor<5x4xf32>, tensor<5x2xf32>, tensor<5x8xf32>) {
  // CHECK: linalg.transpose ins(%{{.+}} : tensor<5x2x2xf32>)
  // CHECK: %[[Y:.+]] = arith.addf %[[X]], %[[Z]]
  %y = arith.addf %x, %z : tensor<5x4xf32>
  // CHECK: dchag_rt.reduce_scatter
  %r = shard.reduce_scatter %x on @mesh grid_axes = [0] scatter_axis = 1 : tensor<5x4xf32> -> tensor<5x2xf32>
  // CHECK: dchag_rt.all_gather %[[X]]
  // CHECK-NEXT: arith.mulf
  %g = shard.all_gather %x on @mesh grid_axes = [0] gather_axis = 1 : tensor<5x4xf32> -> tensor<5x8xf32>
  %m = arith.mulf %y, %z : tensor<5x4xf32>
  // CHECK: linalg.transpose ins(%{{.+}} : tensor<2x5x4xf32>)
  // CHECK: arith.negf %{{.+}} : tensor<5x8xf32>
  %n = arith.negf %g : tensor<5x8xf32>
  return %m, %r, %n : tensor<5x4xf32>, tensor<5x2xf32>, tensor<5x8xf32>
}
