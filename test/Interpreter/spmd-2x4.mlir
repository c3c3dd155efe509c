// RUN: dchag-opt %s --emit=run | FileCheck %s

// Rank r holds [10 r, 10 r + 1, ...]; the last axis of the grid is the fastest.
module {
  shard.grid @mesh(shape = 2x4)

  // CHECK-LABEL: @gather_0
  // CHECK-NEXT: rank 0: result0: 4xi32 = [0, 1, 40, 41]
  // CHECK-NEXT: rank 1: result0: 4xi32 = [10, 11, 50, 51]
  // CHECK-NEXT: rank 2: result0: 4xi32 = [20, 21, 60, 61]
  // CHECK-NEXT: rank 3: result0: 4xi32 = [30, 31, 70, 71]
  // CHECK-NEXT: rank 4: result0: 4xi32 = [0, 1, 40, 41]
  // CHECK-NEXT: rank 5: result0: 4xi32 = [10, 11, 50, 51]
  // CHECK-NEXT: rank 6: result0: 4xi32 = [20, 21, 60, 61]
  // CHECK-NEXT: rank 7: result0: 4xi32 = [30, 31, 70, 71]
  func.func @gather_0() -> tensor<4xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_gather %x on @mesh grid_axes = [0] gather_axis = 0 : tensor<2xi32> -> tensor<4xi32>
    return %y : tensor<4xi32>
  }

  // CHECK-LABEL: @sum_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [40, 42]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [60, 62]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [80, 82]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [100, 102]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [40, 42]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [60, 62]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [80, 82]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [100, 102]
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
  // CHECK-NEXT: rank 2: result0: 2xi32 = [60, 61]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [60, 61]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [70, 71]
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
  // CHECK-NEXT: rank 2: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [30, 31]
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
  // CHECK-NEXT: rank 0: result0: 2xi32 = [40, 42]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [60, 62]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [80, 82]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [100, 102]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [44, 46]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [64, 66]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [84, 86]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [104, 106]
  func.func @scatter_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<4xi32>
    %ten = arith.constant dense<10> : tensor<4xi32>
    %t = arith.muli %s, %ten : tensor<4xi32>
    %c = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
    %x = arith.addi %t, %c : tensor<4xi32>
    %y = shard.reduce_scatter %x on @mesh grid_axes = [0] scatter_axis = 0 : tensor<4xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @slice_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [42, 43]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [52, 53]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [62, 63]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [72, 73]
  func.func @slice_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<4xi32>
    %ten = arith.constant dense<10> : tensor<4xi32>
    %t = arith.muli %s, %ten : tensor<4xi32>
    %c = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
    %x = arith.addi %t, %c : tensor<4xi32>
    %y = shard.all_slice %x on @mesh grid_axes = [0] slice_axis = 0 : tensor<4xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @exchange_0
  // CHECK-NEXT: rank 0: result0: 4xi32 = [0, 1, 40, 41]
  // CHECK-NEXT: rank 1: result0: 4xi32 = [10, 11, 50, 51]
  // CHECK-NEXT: rank 2: result0: 4xi32 = [20, 21, 60, 61]
  // CHECK-NEXT: rank 3: result0: 4xi32 = [30, 31, 70, 71]
  // CHECK-NEXT: rank 4: result0: 4xi32 = [2, 3, 42, 43]
  // CHECK-NEXT: rank 5: result0: 4xi32 = [12, 13, 52, 53]
  // CHECK-NEXT: rank 6: result0: 4xi32 = [22, 23, 62, 63]
  // CHECK-NEXT: rank 7: result0: 4xi32 = [32, 33, 72, 73]
  func.func @exchange_0() -> tensor<4xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<4xi32>
    %ten = arith.constant dense<10> : tensor<4xi32>
    %t = arith.muli %s, %ten : tensor<4xi32>
    %c = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
    %x = arith.addi %t, %c : tensor<4xi32>
    %y = shard.all_to_all %x on @mesh grid_axes = [0] split_axis = 0 concat_axis = 0 : tensor<4xi32> -> tensor<4xi32>
    return %y : tensor<4xi32>
  }

  // CHECK-LABEL: @broadcast_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [60, 61]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [60, 61]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [70, 71]
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
  // CHECK-NEXT: rank 2: result0: 2xi32 = [60, 61]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [30, 31]
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
  // CHECK-NEXT: rank 0: result0: 8xi32 = [0, 1, 10, 11, 20, 21, 30, 31]
  // CHECK-NEXT: rank 1: result0: 8xi32 = [0, 1, 10, 11, 20, 21, 30, 31]
  // CHECK-NEXT: rank 2: result0: 8xi32 = [0, 1, 10, 11, 20, 21, 30, 31]
  // CHECK-NEXT: rank 3: result0: 8xi32 = [0, 1, 10, 11, 20, 21, 30, 31]
  // CHECK-NEXT: rank 4: result0: 8xi32 = [40, 41, 50, 51, 60, 61, 70, 71]
  // CHECK-NEXT: rank 5: result0: 8xi32 = [40, 41, 50, 51, 60, 61, 70, 71]
  // CHECK-NEXT: rank 6: result0: 8xi32 = [40, 41, 50, 51, 60, 61, 70, 71]
  // CHECK-NEXT: rank 7: result0: 8xi32 = [40, 41, 50, 51, 60, 61, 70, 71]
  func.func @gather_1() -> tensor<8xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_gather %x on @mesh grid_axes = [1] gather_axis = 0 : tensor<2xi32> -> tensor<8xi32>
    return %y : tensor<8xi32>
  }

  // CHECK-LABEL: @sum_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [60, 64]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [60, 64]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [60, 64]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [60, 64]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [220, 224]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [220, 224]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [220, 224]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [220, 224]
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
  // CHECK-NEXT: rank 0: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [70, 71]
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
  // CHECK-NEXT: rank 2: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [40, 41]
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
  // CHECK-NEXT: rank 0: result0: 2xi32 = [60, 64]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [68, 72]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [76, 80]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [84, 88]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [220, 224]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [228, 232]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [236, 240]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [244, 248]
  func.func @scatter_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<8xi32>
    %ten = arith.constant dense<10> : tensor<8xi32>
    %t = arith.muli %s, %ten : tensor<8xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
    %x = arith.addi %t, %c : tensor<8xi32>
    %y = shard.reduce_scatter %x on @mesh grid_axes = [1] scatter_axis = 0 : tensor<8xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @slice_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [12, 13]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [24, 25]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [36, 37]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [52, 53]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [64, 65]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [76, 77]
  func.func @slice_1() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<8xi32>
    %ten = arith.constant dense<10> : tensor<8xi32>
    %t = arith.muli %s, %ten : tensor<8xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
    %x = arith.addi %t, %c : tensor<8xi32>
    %y = shard.all_slice %x on @mesh grid_axes = [1] slice_axis = 0 : tensor<8xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @exchange_1
  // CHECK-NEXT: rank 0: result0: 8xi32 = [0, 1, 10, 11, 20, 21, 30, 31]
  // CHECK-NEXT: rank 1: result0: 8xi32 = [2, 3, 12, 13, 22, 23, 32, 33]
  // CHECK-NEXT: rank 2: result0: 8xi32 = [4, 5, 14, 15, 24, 25, 34, 35]
  // CHECK-NEXT: rank 3: result0: 8xi32 = [6, 7, 16, 17, 26, 27, 36, 37]
  // CHECK-NEXT: rank 4: result0: 8xi32 = [40, 41, 50, 51, 60, 61, 70, 71]
  // CHECK-NEXT: rank 5: result0: 8xi32 = [42, 43, 52, 53, 62, 63, 72, 73]
  // CHECK-NEXT: rank 6: result0: 8xi32 = [44, 45, 54, 55, 64, 65, 74, 75]
  // CHECK-NEXT: rank 7: result0: 8xi32 = [46, 47, 56, 57, 66, 67, 76, 77]
  func.func @exchange_1() -> tensor<8xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<8xi32>
    %ten = arith.constant dense<10> : tensor<8xi32>
    %t = arith.muli %s, %ten : tensor<8xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
    %x = arith.addi %t, %c : tensor<8xi32>
    %y = shard.all_to_all %x on @mesh grid_axes = [1] split_axis = 0 concat_axis = 0 : tensor<8xi32> -> tensor<8xi32>
    return %y : tensor<8xi32>
  }

  // CHECK-LABEL: @broadcast_1
  // CHECK-NEXT: rank 0: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [50, 51]
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
  // CHECK-NEXT: rank 0: result0: 2xi32 = [30, 31]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [60, 61]
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

  // CHECK-LABEL: @gather_1_0
  // CHECK-NEXT: rank 0: result0: 16xi32 = [0, 1, 40, 41, 10, 11, 50, 51, 20, 21, 60, 61, 30, 31, 70, 71]
  // CHECK-NEXT: rank 1: result0: 16xi32 = [0, 1, 40, 41, 10, 11, 50, 51, 20, 21, 60, 61, 30, 31, 70, 71]
  // CHECK-NEXT: rank 2: result0: 16xi32 = [0, 1, 40, 41, 10, 11, 50, 51, 20, 21, 60, 61, 30, 31, 70, 71]
  // CHECK-NEXT: rank 3: result0: 16xi32 = [0, 1, 40, 41, 10, 11, 50, 51, 20, 21, 60, 61, 30, 31, 70, 71]
  // CHECK-NEXT: rank 4: result0: 16xi32 = [0, 1, 40, 41, 10, 11, 50, 51, 20, 21, 60, 61, 30, 31, 70, 71]
  // CHECK-NEXT: rank 5: result0: 16xi32 = [0, 1, 40, 41, 10, 11, 50, 51, 20, 21, 60, 61, 30, 31, 70, 71]
  // CHECK-NEXT: rank 6: result0: 16xi32 = [0, 1, 40, 41, 10, 11, 50, 51, 20, 21, 60, 61, 30, 31, 70, 71]
  // CHECK-NEXT: rank 7: result0: 16xi32 = [0, 1, 40, 41, 10, 11, 50, 51, 20, 21, 60, 61, 30, 31, 70, 71]
  func.func @gather_1_0() -> tensor<16xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_gather %x on @mesh grid_axes = [1, 0] gather_axis = 0 : tensor<2xi32> -> tensor<16xi32>
    return %y : tensor<16xi32>
  }

  // CHECK-LABEL: @sum_1_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [280, 288]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [280, 288]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [280, 288]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [280, 288]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [280, 288]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [280, 288]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [280, 288]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [280, 288]
  func.func @sum_1_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [1, 0] : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @max_1_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [70, 71]
  func.func @max_1_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [1, 0] reduction = max : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @min_1_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [0, 1]
  func.func @min_1_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.all_reduce %x on @mesh grid_axes = [1, 0] reduction = min : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @scatter_1_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [280, 288]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [312, 320]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [344, 352]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [376, 384]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [296, 304]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [328, 336]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [360, 368]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [392, 400]
  func.func @scatter_1_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<16xi32>
    %ten = arith.constant dense<10> : tensor<16xi32>
    %t = arith.muli %s, %ten : tensor<16xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]> : tensor<16xi32>
    %x = arith.addi %t, %c : tensor<16xi32>
    %y = shard.reduce_scatter %x on @mesh grid_axes = [1, 0] scatter_axis = 0 : tensor<16xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @slice_1_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [14, 15]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [28, 29]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [42, 43]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [42, 43]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [56, 57]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [84, 85]
  func.func @slice_1_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<16xi32>
    %ten = arith.constant dense<10> : tensor<16xi32>
    %t = arith.muli %s, %ten : tensor<16xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]> : tensor<16xi32>
    %x = arith.addi %t, %c : tensor<16xi32>
    %y = shard.all_slice %x on @mesh grid_axes = [1, 0] slice_axis = 0 : tensor<16xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @exchange_1_0
  // CHECK-NEXT: rank 0: result0: 16xi32 = [0, 1, 40, 41, 10, 11, 50, 51, 20, 21, 60, 61, 30, 31, 70, 71]
  // CHECK-NEXT: rank 1: result0: 16xi32 = [4, 5, 44, 45, 14, 15, 54, 55, 24, 25, 64, 65, 34, 35, 74, 75]
  // CHECK-NEXT: rank 2: result0: 16xi32 = [8, 9, 48, 49, 18, 19, 58, 59, 28, 29, 68, 69, 38, 39, 78, 79]
  // CHECK-NEXT: rank 3: result0: 16xi32 = [12, 13, 52, 53, 22, 23, 62, 63, 32, 33, 72, 73, 42, 43, 82, 83]
  // CHECK-NEXT: rank 4: result0: 16xi32 = [2, 3, 42, 43, 12, 13, 52, 53, 22, 23, 62, 63, 32, 33, 72, 73]
  // CHECK-NEXT: rank 5: result0: 16xi32 = [6, 7, 46, 47, 16, 17, 56, 57, 26, 27, 66, 67, 36, 37, 76, 77]
  // CHECK-NEXT: rank 6: result0: 16xi32 = [10, 11, 50, 51, 20, 21, 60, 61, 30, 31, 70, 71, 40, 41, 80, 81]
  // CHECK-NEXT: rank 7: result0: 16xi32 = [14, 15, 54, 55, 24, 25, 64, 65, 34, 35, 74, 75, 44, 45, 84, 85]
  func.func @exchange_1_0() -> tensor<16xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<16xi32>
    %ten = arith.constant dense<10> : tensor<16xi32>
    %t = arith.muli %s, %ten : tensor<16xi32>
    %c = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]> : tensor<16xi32>
    %x = arith.addi %t, %c : tensor<16xi32>
    %y = shard.all_to_all %x on @mesh grid_axes = [1, 0] split_axis = 0 concat_axis = 0 : tensor<16xi32> -> tensor<16xi32>
    return %y : tensor<16xi32>
  }

  // CHECK-LABEL: @broadcast_1_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [50, 51]
  func.func @broadcast_1_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.broadcast %x on @mesh grid_axes = [1, 0] root = [1, 1] : (tensor<2xi32>) -> tensor<2xi32>
    return %y : tensor<2xi32>
  }

  // CHECK-LABEL: @rotate_1_0
  // CHECK-NEXT: rank 0: result0: 2xi32 = [40, 41]
  // CHECK-NEXT: rank 1: result0: 2xi32 = [50, 51]
  // CHECK-NEXT: rank 2: result0: 2xi32 = [60, 61]
  // CHECK-NEXT: rank 3: result0: 2xi32 = [70, 71]
  // CHECK-NEXT: rank 4: result0: 2xi32 = [0, 1]
  // CHECK-NEXT: rank 5: result0: 2xi32 = [10, 11]
  // CHECK-NEXT: rank 6: result0: 2xi32 = [20, 21]
  // CHECK-NEXT: rank 7: result0: 2xi32 = [30, 31]
  func.func @rotate_1_0() -> tensor<2xi32> {
    %r = shard.process_linear_index on @mesh : index
    %i = arith.index_cast %r : index to i32
    %s = tensor.splat %i : tensor<2xi32>
    %ten = arith.constant dense<10> : tensor<2xi32>
    %t = arith.muli %s, %ten : tensor<2xi32>
    %c = arith.constant dense<[0, 1]> : tensor<2xi32>
    %x = arith.addi %t, %c : tensor<2xi32>
    %y = shard.shift %x on @mesh grid_axes = [1, 0] shift_axis = 0 offset = 1 rotate : tensor<2xi32> -> tensor<2xi32>
    return %y : tensor<2xi32>
  }
}
