// RUN: dchag-opt %s --emit=run | FileCheck %s

// Rank r holds [10 r, 10 r + 1, ...]; the last axis of the grid is the fastest.
module {
  shard.grid @mesh(shape = 4)

  // CHECK-LABEL: @gather_0
  // CHECK-NEXT: rank 0: result0: 8xi32 = [0, 1, 10, 11, 20, 21, 30, 31]
  // CHECK-NEXT: rank 1: result0: 8xi32 = [0, 1, 10, 11, 20, 21, 30, 31]
  // CHECK-NEXT: rank 2: result0: 8xi32 = [0, 1, 10, 11, 20, 21, 30, 31]
  // CHECK-NEXT: rank 3: result0: 8xi32 = [0, 1, 10, 11, 20, 21, 30, 31]
  func.func @gather_0() -> tensor<8xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_gather %x on @mesh grid_axes = [0] gather_axis = 0 : tensor<2xi32> -> tensor<8xi32>
    return %y : tensor<8xi32>
  }

  // CHECK-LABEL: @sum_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [60, 64]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [60, 64]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [60, 64]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [60, 64]
  func.func @sum_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @max_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [30, 31]
  func.func @max_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [0] reduction = max : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @min_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [0, 1]
  func.func @min_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [0] reduction = min : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @scatter_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [60, 64]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [68, 72]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [76, 80]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [84, 88]
  func.func @scatter_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<8xi32>
    %ten = arith.constant dense<10> : tensor<8xi32>
    %t = arith.muli %s, %ten : tensor<8xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
    %x = arith.addi %t, %c : tensor<8xi32>
    %y = shard.reduce_scatter %x on @mesh grid_axes = [0] scatter_axis = 0 : tensor<8xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @slice_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [12, 13]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [24, 25]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [36, 37]
  func.func @slice_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<8xi32>
    %ten = arith.constant dense<10> : tensor<8xi32>
    %t = arith.muli %s, %ten : tensor<8xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
    %x = arith.addi %t, %c : tensor<8xi32>
    %y = shard.all_slice %x on @mesh grid_axes = [0] slice_axis = 0 : tensor<8xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @exchange_0
  // CHECK-NEXT: rank 0: result0: 8xi32 = [0, 1, 10, 11, 20, 21, 30, 31]
  // CHECK-NEXT: rank 1: result0: 8xi32 = [2, 3, 12, 13, 22, 23, 32, 33]
  // CHECK-NEXT: rank 2: result0: 8xi32 = [4, 5, 14, 15, 24, 25, 34, 35]
  // CHECK-NEXT: rank 3: result0: 8xi32 = [6, 7, 16, 17, 26, 27, 36, 37]
  func.func @exchange_0() -> tensor<8xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<8xi32>
    %ten = arith.constant dense<10> : tensor<8xi32>
    %t = arith.muli %s, %ten : tensor<8xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
    %x = arith.addi %t, %c : tensor<8xi32>
    %y = shard.all_to_all %x on @mesh grid_axes = [0] split_axis = 0 concat_axis = 0 : tensor<8xi32> -> tensor<8xi32>
    return %y : tensor<8xi32>
  }

  // CHECK-LABEL: @broadcast_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [10, 11]
  func.func @broadcast_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.broadcast %x on @mesh grid_axes = [0] root = [1] : (tensor<2xi32>) -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @rotate_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [20, 21]
  func.func @rotate_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.shift %x on @mesh grid_axes = [0] shift_axis = 0 offset = 1 rotate : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }
}
