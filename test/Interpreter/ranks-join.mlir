// RUN: dchag-opt %s --emit=run --run-function=doubled --inputs=integers | FileCheck %s
// RUN: not dchag-opt %s --emit=run --run-function=reads_padding --inputs=integers 2>&1 | FileCheck %s --check-prefix=PADDING
// RUN: not dchag-opt %s --emit=run --run-function=disagrees --inputs=integers 2>&1 | FileCheck %s --check-prefix=DISAGREES
// RUN: not dchag-opt %s --emit=run --run-function=wrong_type --inputs=integers 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not dchag-opt %s --emit=run --run-function=partial_output --inputs=integers 2>&1 | FileCheck %s --check-prefix=PARTIAL

module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 3]>} {
  shard.grid @mesh(shape = 2x3)

  // Joined from parts of 2, 2 and 1 of 5 elements; gathering gives 6, the last is padding.
  // CHECK: y: 5xf64 = [[Y:.*]]
  // CHECK-NEXT: z: 5xf64 = [[Y]]
  func.func @doubled(%x: tensor<2xf64> {dchag.name = "x", dchag.sharding = #dchag.sharding<[["tp"]]>, dchag.global = tensor<5xf64>})
      -> (tensor<2xf64> {dchag.name = "y", dchag.sharding = #dchag.sharding<[["tp"]]>, dchag.global = tensor<5xf64>},
          tensor<5xf64> {dchag.name = "z"}) {
    %y = arith.addf %x, %x : tensor<2xf64>
    %all = shard.all_gather %y on @mesh grid_axes = [1] gather_axis = 0 : tensor<2xf64> -> tensor<6xf64>
    %z = tensor.extract_slice %all[0] [5] [1] : tensor<6xf64> to tensor<5xf64>
    return %y, %z : tensor<2xf64>, tensor<5xf64>
  }

  // The sum includes an element that is nobody's: poison, which a comparison with 0 shows.
  // PADDING: error: 'arith.divsi' op divides by 0
  func.func @reads_padding(%x: tensor<2xf64> {dchag.sharding = #dchag.sharding<[["tp"]]>, dchag.global = tensor<5xf64>}) -> tensor<i32> {
    %zero = arith.constant dense<0.0> : tensor<f64>
    %s = linalg.reduce { arith.addf } ins(%x : tensor<2xf64>) outs(%zero : tensor<f64>) dimensions = [0]
    %t = shard.all_reduce %s on @mesh grid_axes = [1] : tensor<f64> -> tensor<f64>
    %ordered = arith.cmpf ord, %t, %t : tensor<f64>
    %n = arith.extui %ordered : tensor<i1> to tensor<i32>
    %one = arith.constant dense<1> : tensor<i32>
    %q = arith.divsi %one, %n : tensor<i32>
    return %q : tensor<i32>
  }

  // DISAGREES: error: 'func.func' op output 'result0' differs between ranks that hold the same part: element 0 of it (row-major) is {{.*}} on rank 0 and {{.*}} on rank 1
  func.func @disagrees() -> tensor<1xindex> {
    %r = shard.process_linear_index on @mesh : index
    %y = tensor.splat %r : tensor<1xindex>
    return %y : tensor<1xindex>
  }

  // TYPE: error: {{.*}}argument 0 cannot be cut or joined: got the local type 'tensor<3xf64>', wanted 'tensor<2xf64>' for 'tensor<5xf64>'
  func.func @wrong_type(%x: tensor<3xf64> {dchag.sharding = #dchag.sharding<[["tp"]]>, dchag.global = tensor<5xf64>}) -> (tensor<3xf64> {dchag.name = "y"}) {
    return %x : tensor<3xf64>
  }

  // PARTIAL: error: {{.*}}result 0 cannot be cut or joined: it is a partial result
  func.func @partial_output(%x: tensor<3xf64>) -> (tensor<3xf64> {dchag.sharding = #dchag.sharding<[[]], partial = ["tp" = sum]>}) {
    return %x : tensor<3xf64>
  }
}
