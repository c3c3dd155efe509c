// RUN: dchag-opt %s --split-input-file --verify-diagnostics --verify-collectives

// The same on all ranks of the group: the flag is replicated, the bounds are constants.
module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 2]>} {
  shard.grid @mesh(shape = 2x2)
  func.func @uniform(%x: tensor<4xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>}, %c: i1 {dchag.sharding = #dchag.sharding<[]>}) -> tensor<4xf32> {
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %y = scf.if %c -> tensor<4xf32> {
      %s = shard.all_reduce %x on @mesh grid_axes = [1] : tensor<4xf32> -> tensor<4xf32>
      scf.yield %s : tensor<4xf32>
    } else {
      scf.yield %x : tensor<4xf32>
    }
    %z = scf.for %i = %zero to %one step %one iter_args(%v = %y) -> tensor<4xf32> {
      %s = shard.all_reduce %v on @mesh grid_axes = [0] : tensor<4xf32> -> tensor<4xf32>
      scf.yield %s : tensor<4xf32>
    }
    return %z : tensor<4xf32>
  }
}

// -----

// The rank decides: along its own axis that stops the group, along the other it does not.
module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 2]>} {
  shard.grid @mesh(shape = 2x2)
  func.func @by_rank(%x: tensor<4xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>}) -> tensor<4xf32> {
    %zero = arith.constant 0 : index
    %r = shard.process_multi_index on @mesh axes = [1] : index
    %c = arith.cmpi eq, %r, %zero : index
    %y = scf.if %c -> tensor<4xf32> {
      %s = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<4xf32> -> tensor<4xf32>
      // expected-error @+1 {{'shard.all_reduce' op stands in 'scf.if', whose condition may differ between the ranks of its group}}
      %t = shard.all_reduce %s on @mesh grid_axes = [1] : tensor<4xf32> -> tensor<4xf32>
      scf.yield %t : tensor<4xf32>
    } else {
      scf.yield %x : tensor<4xf32>
    }
    return %y : tensor<4xf32>
  }
}

// -----

// A flag of what is split differs.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @by_data(%x: tensor<4xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>}) -> tensor<4xf32> {
    %zero = arith.constant 0.0 : f32
    %i = arith.constant 0 : index
    %e = tensor.extract %x[%i] : tensor<4xf32>
    %c = arith.cmpf ogt, %e, %zero : f32
    %y = scf.if %c -> tensor<4xf32> {
      // expected-error @+1 {{whose condition may differ}}
      %s = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<4xf32> -> tensor<4xf32>
      scf.yield %s : tensor<4xf32>
    } else {
      scf.yield %x : tensor<4xf32>
    }
    return %y : tensor<4xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @unknown(%x: tensor<4xf32> {dchag.sharding = #dchag.sharding<[[]]>}) -> tensor<4xf32> {
    %y = scf.execute_region -> tensor<4xf32> {
      // expected-error @+1 {{stands in 'scf.execute_region', of which is not known that all ranks of its group execute it}}
      %s = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<4xf32> -> tensor<4xf32>
      scf.yield %s : tensor<4xf32>
    }
    return %y : tensor<4xf32>
  }
}

// -----

// Every branch that an operand decides: here the same on all ranks.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @switch(%x: tensor<4xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>}, %i: index {dchag.sharding = #dchag.sharding<[]>}) -> tensor<4xf32> {
    %y = scf.index_switch %i -> tensor<4xf32>
    case 1 {
      %s = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<4xf32> -> tensor<4xf32>
      scf.yield %s : tensor<4xf32>
    }
    default {
      scf.yield %x : tensor<4xf32>
    }
    return %y : tensor<4xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @parallel(%x: tensor<4xf32> {dchag.sharding = #dchag.sharding<[[]]>}) {
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    scf.parallel (%i) = (%zero) to (%one) step (%one) {
      // expected-error @+1 {{stands in 'scf.parallel', of which is not known that all ranks of its group execute it}}
      %s = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<4xf32> -> tensor<4xf32>
    }
    return
  }
}
