// RUN: dchag-opt %s --emit=run --run-function=branches | FileCheck %s
// RUN: dchag-opt %s --emit=run --run-function=switches | FileCheck %s --check-prefix=SWITCHES
// RUN: not dchag-opt %s --emit=run --run-function=loops 2>&1 | FileCheck %s --check-prefix=LOOPS
// RUN: not dchag-opt %s --emit=run --run-function=waits 2>&1 | FileCheck %s --check-prefix=WAITS
// RUN: not dchag-opt %s --emit=run --run-function=sends 2>&1 | FileCheck %s --check-prefix=SENDS

module {
  shard.grid @mesh(shape = 2x2)

  // Ranks 0 and 2, and ranks 1 and 3, take different ways: their groups are along axis 0.
  // CHECK: rank 0: result0: 1xi32 = [2]
  // CHECK: rank 1: result0: 1xi32 = [3]
  // CHECK: rank 2: result0: 1xi32 = [2]
  // CHECK: rank 3: result0: 1xi32 = [3]
  func.func @branches() -> tensor<1xi32> {
    %r, %c = shard.process_multi_index on @mesh : index, index
    %i = shard.process_linear_index on @mesh : index
    %n = arith.index_cast %i : index to i32
    %x = tensor.splat %n : tensor<1xi32>
    %zero = arith.constant 0 : index
    %first = arith.cmpi eq, %c, %zero : index
    %y = scf.if %first -> tensor<1xi32> {
      %s = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<1xi32> -> tensor<1xi32>
      scf.yield %s : tensor<1xi32>
    } else {
      %m = shard.all_reduce %x on @mesh grid_axes = [0] reduction = max : tensor<1xi32> -> tensor<1xi32>
      scf.yield %m : tensor<1xi32>
    }
    return %y : tensor<1xi32>
  }

  // Any branch whose operands decide where it goes.
  // SWITCHES: rank 0: result0: 1xi32 = [7]
  // SWITCHES: rank 1: result0: 1xi32 = [4]
  // SWITCHES: rank 2: result0: 1xi32 = [7]
  // SWITCHES: rank 3: result0: 1xi32 = [4]
  func.func @switches() -> tensor<1xi32> {
    %r, %c = shard.process_multi_index on @mesh : index, index
    %i = shard.process_linear_index on @mesh : index
    %n = arith.index_cast %i : index to i32
    %x = tensor.splat %n : tensor<1xi32>
    %y = scf.index_switch %c -> tensor<1xi32>
    case 1 {
      %s = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<1xi32> -> tensor<1xi32>
      scf.yield %s : tensor<1xi32>
    }
    default {
      %seven = arith.constant dense<7> : tensor<1xi32>
      scf.yield %seven : tensor<1xi32>
    }
    return %y : tensor<1xi32>
  }

  // LOOPS: error: 'scf.for' op cannot be executed: wanted a branch that its operands decide, such as scf.if
  func.func @loops() -> tensor<1xi32> {
    %x = arith.constant dense<1> : tensor<1xi32>
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %y = scf.for %i = %zero to %one step %one iter_args(%v = %x) -> tensor<1xi32> {
      scf.yield %v : tensor<1xi32>
    }
    return %y : tensor<1xi32>
  }

  // WAITS: error: 'func.func' op stops: ranks wait for each other
  // WAITS: note: rank 0 waits at 'shard.all_reduce' for rank 1
  // WAITS: note: rank 1 has returned
  // WAITS: note: rank 2 waits at 'shard.all_reduce' for rank 3
  // WAITS: note: rank 3 has returned
  func.func @waits() -> tensor<1xi32> {
    %r, %c = shard.process_multi_index on @mesh : index, index
    %x = arith.constant dense<1> : tensor<1xi32>
    %zero = arith.constant 0 : index
    %first = arith.cmpi eq, %c, %zero : index
    %y = scf.if %first -> tensor<1xi32> {
      %s = shard.all_reduce %x on @mesh grid_axes = [1] : tensor<1xi32> -> tensor<1xi32>
      scf.yield %s : tensor<1xi32>
    } else {
      scf.yield %x : tensor<1xi32>
    }
    return %y : tensor<1xi32>
  }

  // SENDS: error: 'shard.gather' op cannot be executed
  func.func @sends() -> tensor<2xi32> {
    %x = arith.constant dense<1> : tensor<1xi32>
    %y = shard.gather %x on @mesh grid_axes = [1] gather_axis = 0 root = [0] : (tensor<1xi32>) -> tensor<2xi32>
    return %y : tensor<2xi32>
  }
}
