// RUN: dchag-opt %s --emit=run | FileCheck %s

// Rank r holds [10 r, 10 r + 1, ...]; the last axis of the grid is the fastest.
module {
  shard.grid @mesh(shape = 3x2)

  // CHECK-LABEL: @gather_0
  // CHECK-NEXT: rank 0: result0: 6xi32 = [0, 1, 20, 21, 40, 41]
  // CHECK-NEXT: rank 1: result0: 6xi32 = [10, 11, 30, 31, 50, 51]
  // CHECK-NEXT: rank 2: result0: 6xi32 = [0, 1, 20, 21, 40, 41]
  // CHECK-NEXT: rank 3: result0: 6xi32 = [10, 11, 30, 31, 50, 51]
  // CHECK-NEXT: rank 4: result0: 6xi32 = [0, 1, 20, 21, 40, 41]
  // CHECK-NEXT: rank 5: result0: 6xi32 = [10, 11, 30, 31, 50, 51]
  func.func @gather_0() -> tensor<6xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_gather %x on @mesh grid_axes = [0] gather_axis = 0 : tensor<2xi32> -> tensor<6xi32>
    return %y : tensor<6xi32>
  }

  // CHECK-LABEL: @sum_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [60, 63]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [90, 93]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [60, 63]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [90, 93]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [60, 63]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [90, 93]
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
  // CHECK-NEXT: rank 0: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [50, 51]
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
  // CHECK-NEXT: rank 1: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [10, 11]
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
  // CHECK-NEXT: rank 0: result0: 2xi32 = [60, 63]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [90, 93]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [66, 69]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [96, 99]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [72, 75]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [102, 105]
  func.func @scatter_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<6xi32>
    %ten = arith.constant dense<10> : tensor<6xi32>
    %t = arith.muli %s, %ten : tensor<6xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5]> : tensor<6xi32>
    %x = arith.addi %t, %c : tensor<6xi32>
    %y = shard.reduce_scatter %x on @mesh grid_axes = [0] scatter_axis = 0 : tensor<6xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @slice_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [22, 23]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [32, 33]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [44, 45]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [54, 55]
  func.func @slice_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<6xi32>
    %ten = arith.constant dense<10> : tensor<6xi32>
    %t = arith.muli %s, %ten : tensor<6xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5]> : tensor<6xi32>
    %x = arith.addi %t, %c : tensor<6xi32>
    %y = shard.all_slice %x on @mesh grid_axes = [0] slice_axis = 0 : tensor<6xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @exchange_0
  // CHECK-NEXT: rank 0: result0: 6xi32 = [0, 1, 20, 21, 40, 41]
  // CHECK-NEXT: rank 1: result0: 6xi32 = [10, 11, 30, 31, 50, 51]
  // CHECK-NEXT: rank 2: result0: 6xi32 = [2, 3, 22, 23, 42, 43]
  // CHECK-NEXT: rank 3: result0: 6xi32 = [12, 13, 32, 33, 52, 53]
  // CHECK-NEXT: rank 4: result0: 6xi32 = [4, 5, 24, 25, 44, 45]
  // CHECK-NEXT: rank 5: result0: 6xi32 = [14, 15, 34, 35, 54, 55]
  func.func @exchange_0() -> tensor<6xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<6xi32>
    %ten = arith.constant dense<10> : tensor<6xi32>
    %t = arith.muli %s, %ten : tensor<6xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5]> : tensor<6xi32>
    %x = arith.addi %t, %c : tensor<6xi32>
    %y = shard.all_to_all %x on @mesh grid_axes = [0] split_axis = 0 concat_axis = 0 : tensor<6xi32> -> tensor<6xi32>
    return %y : tensor<6xi32>
  }

  // CHECK-LABEL: @broadcast_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [30, 31]
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
  // CHECK-NEXT: rank 0: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [30, 31]
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

  // CHECK-LABEL: @gather_1
  // CHECK-NEXT: rank 0: result0: 4xi32 = [0, 1, 10, 11]
  // CHECK-NEXT: rank 1: result0: 4xi32 = [0, 1, 10, 11]
  // CHECK-NEXT: rank 2: result0: 4xi32 = [20, 21, 30, 31]
  // CHECK-NEXT: rank 3: result0: 4xi32 = [20, 21, 30, 31]
  // CHECK-NEXT: rank 4: result0: 4xi32 = [40, 41, 50, 51]
  // CHECK-NEXT: rank 5: result0: 4xi32 = [40, 41, 50, 51]
  func.func @gather_1() -> tensor<4xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_gather %x on @mesh grid_axes = [1] gather_axis = 0 : tensor<2xi32> -> tensor<4xi32>
    return %y : tensor<4xi32>
  }

  // CHECK-LABEL: @sum_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [10, 12]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [10, 12]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [50, 52]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [50, 52]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [90, 92]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [90, 92]
  func.func @sum_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [1] : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @max_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [50, 51]
  func.func @max_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [1] reduction = max : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @min_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [40, 41]
  func.func @min_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [1] reduction = min : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @scatter_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [10, 12]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [14, 16]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [50, 52]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [54, 56]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [90, 92]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [94, 96]
  func.func @scatter_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<4xi32>
    %ten = arith.constant dense<10> : tensor<4xi32>
    %t = arith.muli %s, %ten : tensor<4xi32>
    %c = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
    %x = arith.addi %t, %c : tensor<4xi32>
    %y = shard.reduce_scatter %x on @mesh grid_axes = [1] scatter_axis = 0 : tensor<4xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @slice_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [12, 13]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [32, 33]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [52, 53]
  func.func @slice_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<4xi32>
    %ten = arith.constant dense<10> : tensor<4xi32>
    %t = arith.muli %s, %ten : tensor<4xi32>
    %c = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
    %x = arith.addi %t, %c : tensor<4xi32>
    %y = shard.all_slice %x on @mesh grid_axes = [1] slice_axis = 0 : tensor<4xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @exchange_1
  // CHECK-NEXT: rank 0: result0: 4xi32 = [0, 1, 10, 11]
  // CHECK-NEXT: rank 1: result0: 4xi32 = [2, 3, 12, 13]
  // CHECK-NEXT: rank 2: result0: 4xi32 = [20, 21, 30, 31]
  // CHECK-NEXT: rank 3: result0: 4xi32 = [22, 23, 32, 33]
  // CHECK-NEXT: rank 4: result0: 4xi32 = [40, 41, 50, 51]
  // CHECK-NEXT: rank 5: result0: 4xi32 = [42, 43, 52, 53]
  func.func @exchange_1() -> tensor<4xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<4xi32>
    %ten = arith.constant dense<10> : tensor<4xi32>
    %t = arith.muli %s, %ten : tensor<4xi32>
    %c = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
    %x = arith.addi %t, %c : tensor<4xi32>
    %y = shard.all_to_all %x on @mesh grid_axes = [1] split_axis = 0 concat_axis = 0 : tensor<4xi32> -> tensor<4xi32>
    return %y : tensor<4xi32>
  }

  // CHECK-LABEL: @broadcast_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [50, 51]
  func.func @broadcast_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.broadcast %x on @mesh grid_axes = [1] root = [1] : (tensor<2xi32>) -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @rotate_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [40, 41]
  func.func @rotate_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.shift %x on @mesh grid_axes = [1] shift_axis = 1 offset = 1 rotate : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @gather_0_1
  // CHECK-NEXT: rank 0: result0: 12xi32 = [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51]
  // CHECK-NEXT: rank 1: result0: 12xi32 = [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51]
  // CHECK-NEXT: rank 2: result0: 12xi32 = [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51]
  // CHECK-NEXT: rank 3: result0: 12xi32 = [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51]
  // CHECK-NEXT: rank 4: result0: 12xi32 = [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51]
  // CHECK-NEXT: rank 5: result0: 12xi32 = [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51]
  func.func @gather_0_1() -> tensor<12xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_gather %x on @mesh grid_axes = [0, 1] gather_axis = 0 : tensor<2xi32> -> tensor<12xi32>
    return %y : tensor<12xi32>
  }

  // CHECK-LABEL: @sum_0_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [150, 156]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [150, 156]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [150, 156]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [150, 156]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [150, 156]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [150, 156]
  func.func @sum_0_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [0, 1] : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @max_0_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [50, 51]
  func.func @max_0_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [0, 1] reduction = max : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @min_0_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [0, 1]
  func.func @min_0_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [0, 1] reduction = min : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @scatter_0_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [150, 156]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [162, 168]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [174, 180]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [186, 192]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [198, 204]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [210, 216]
  func.func @scatter_0_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<12xi32>
    %ten = arith.constant dense<10> : tensor<12xi32>
    %t = arith.muli %s, %ten : tensor<12xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]> : tensor<12xi32>
    %x = arith.addi %t, %c : tensor<12xi32>
    %y = shard.reduce_scatter %x on @mesh grid_axes = [0, 1] scatter_axis = 0 : tensor<12xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @slice_0_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [12, 13]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [24, 25]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [36, 37]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [48, 49]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [60, 61]
  func.func @slice_0_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<12xi32>
    %ten = arith.constant dense<10> : tensor<12xi32>
    %t = arith.muli %s, %ten : tensor<12xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]> : tensor<12xi32>
    %x = arith.addi %t, %c : tensor<12xi32>
    %y = shard.all_slice %x on @mesh grid_axes = [0, 1] slice_axis = 0 : tensor<12xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @exchange_0_1
  // CHECK-NEXT: rank 0: result0: 12xi32 = [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51]
  // CHECK-NEXT: rank 1: result0: 12xi32 = [2, 3, 12, 13, 22, 23, 32, 33, 42, 43, 52, 53]
  // CHECK-NEXT: rank 2: result0: 12xi32 = [4, 5, 14, 15, 24, 25, 34, 35, 44, 45, 54, 55]
  // CHECK-NEXT: rank 3: result0: 12xi32 = [6, 7, 16, 17, 26, 27, 36, 37, 46, 47, 56, 57]
  // CHECK-NEXT: rank 4: result0: 12xi32 = [8, 9, 18, 19, 28, 29, 38, 39, 48, 49, 58, 59]
  // CHECK-NEXT: rank 5: result0: 12xi32 = [10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 60, 61]
  func.func @exchange_0_1() -> tensor<12xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<12xi32>
    %ten = arith.constant dense<10> : tensor<12xi32>
    %t = arith.muli %s, %ten : tensor<12xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]> : tensor<12xi32>
    %x = arith.addi %t, %c : tensor<12xi32>
    %y = shard.all_to_all %x on @mesh grid_axes = [0, 1] split_axis = 0 concat_axis = 0 : tensor<12xi32> -> tensor<12xi32>
    return %y : tensor<12xi32>
  }

  // CHECK-LABEL: @broadcast_0_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [30, 31]
  func.func @broadcast_0_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.broadcast %x on @mesh grid_axes = [0, 1] root = [1, 1] : (tensor<2xi32>) -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @rotate_0_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [40, 41]
  func.func @rotate_0_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.shift %x on @mesh grid_axes = [0, 1] shift_axis = 1 offset = 1 rotate : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }
}
