// RUN: dchag-opt %s --propagate --insert-reshards --verify-shardings | FileCheck %s
// RUN: dchag-opt %s --check-ranks='propagate,insert-reshards,verify-shardings,partition,verify-partition,reshards-to-collectives,verify-partition' --inputs=integers,normal

module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "fsdp" = 2, "tp" = 2]>} {
  shard.grid @mesh(shape = 2x2x2)

  // What the user wants of a result holds for all its uses, though the op computes it in another
  // layout because its operand lies so.
  // CHECK-LABEL: func.func @columns(
  // CHECK:         %[[A:.+]] = arith.negf {{.+}} {dchag.shardings = [#dchag.sharding<{{\[\[}}"tp"], []]>]}
  // CHECK-NEXT:    %[[R:.+]] = dchag.reshard %[[A]] from <{{\[\[}}"tp"], []]> to <{{\[\[}}], ["tp"]]>
  // CHECK-NOT:     arith.negf %[[A]]
  func.func @columns(%x: tensor<4x6xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) -> tensor<4x6xf32> {
    %a = arith.negf %x {dchag.marks = [[#dchag.mark<<[[], ["tp"]]>, axes = ["tp"], user, by "test">]]} : tensor<4x6xf32>
    %b = arith.negf %a : tensor<4x6xf32>
    return %b : tensor<4x6xf32>
  }

  // A gradient summed over the samples of dp and fsdp, stored over fsdp and tp.
  // CHECK-LABEL: func.func @gradient(
  // CHECK:         linalg.contract {{.*}}partial = ["dp" = sum, "fsdp" = sum]
  func.func @gradient(%x: tensor<8x4xf32> {dchag.sharding = #dchag.sharding<[["dp", "fsdp"], []]>},
                      %dy: tensor<8x6xf32> {dchag.sharding = #dchag.sharding<[["dp", "fsdp"], ["tp"]]>})
      -> (tensor<4x6xf32> {dchag.sharding = #dchag.sharding<[["fsdp"], ["tp"]]>}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<4x6xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x6xf32>) -> tensor<4x6xf32>
    %dw = linalg.contract indexing_maps = [affine_map<(b, i, j) -> (b, i)>, affine_map<(b, i, j) -> (b, j)>, affine_map<(b, i, j) -> (i, j)>]
      ins(%x, %dy : tensor<8x4xf32>, tensor<8x6xf32>) outs(%z : tensor<4x6xf32>) -> tensor<4x6xf32>
    return %dw : tensor<4x6xf32>
  }
}
