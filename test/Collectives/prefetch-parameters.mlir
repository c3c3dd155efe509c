// RUN: dchag-opt %s --prefetch-parameters | FileCheck %s
// RUN: dchag-opt %s --check-ranks=prefetch-parameters

// The second parameter is gathered before the first is used, the third before the second; what
// is computed is gathered where it is.
module attributes {dchag.mesh = #dchag.mesh<["fsdp" = 2]>} {
  shard.grid @mesh(shape = 2)
  // CHECK-LABEL: func.func @step(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4xf32>{{.*}}, %[[A:[a-z0-9]+]]: tensor<2xf32>{{.*}}, %[[B:[a-z0-9]+]]: tensor<2xf32>{{.*}}, %[[C:[a-z0-9]+]]: tensor<2xf32>
  // CHECK-NEXT:    %[[GA:.+]] = shard.all_gather %[[A]]
  // CHECK-NEXT:    %[[GB:.+]] = shard.all_gather %[[B]]
  // CHECK-NEXT:    %[[S:.+]] = arith.addf %[[X]], %[[GA]]
  // CHECK-NEXT:    %[[GC:.+]] = shard.all_gather %[[C]]
  // CHECK-NEXT:    arith.mulf %[[S]], %[[GB]]
  func.func @step(%x: tensor<4xf32> {dchag.sharding = #dchag.sharding<[[]]>, dchag.global = tensor<4xf32>},
                  %a: tensor<2xf32> {dchag.sharding = #dchag.sharding<[["fsdp"]]>, dchag.global = tensor<4xf32>},
                  %b: tensor<2xf32> {dchag.sharding = #dchag.sharding<[["fsdp"]]>, dchag.global = tensor<4xf32>},
                  %c: tensor<2xf32> {dchag.sharding = #dchag.sharding<[["fsdp"]]>, dchag.global = tensor<4xf32>})
      -> (tensor<4xf32> {dchag.sharding = #dchag.sharding<[[]]>, dchag.global = tensor<4xf32>}) {
    %ga = shard.all_gather %a on @mesh grid_axes = [0] gather_axis = 0 : tensor<2xf32> -> tensor<4xf32>
    %0 = arith.addf %x, %ga : tensor<4xf32>
    %gb = shard.all_gather %b on @mesh grid_axes = [0] gather_axis = 0 : tensor<2xf32> -> tensor<4xf32>
    %1 = arith.mulf %0, %gb : tensor<4xf32>
    %gc = shard.all_gather %c on @mesh grid_axes = [0] gather_axis = 0 : tensor<2xf32> -> tensor<4xf32>
    %2 = arith.addf %1, %gc : tensor<4xf32>
    %s = shard.all_slice %2 on @mesh grid_axes = [0] slice_axis = 0 : tensor<4xf32> -> tensor<2xf32>
    %g = shard.all_gather %s on @mesh grid_axes = [0] gather_axis = 0 : tensor<2xf32> -> tensor<4xf32>
    return %g : tensor<4xf32>
  }
}
