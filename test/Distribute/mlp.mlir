// RUN: dchag-opt %s --set-mesh=mesh=tp=3 --annotate-widths | FileCheck %s --check-prefix=MARK
// RUN: dchag-opt %s --set-mesh=mesh=tp=3 --annotate-widths --propagate | FileCheck %s --check-prefix=PROP
// RUN: dchag-opt %s --set-mesh=mesh=tp=3 --annotate-widths --propagate --insert-reshards --verify-shardings | FileCheck %s --check-prefix=RESHARD
// RUN: dchag-opt %s --distribute=mesh=tp=3 | FileCheck %s --implicit-check-not=shard.all_gather
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2}' --check-ranks='distribute{mesh=tp=3}' --check-ranks='distribute{mesh=tp=4}'

// Two products with an element-wise op between them: the width in the middle is split, found
// without marks by the user, uneven over 3 ranks. One sum at the end; the padding of the middle
// is 1 by the addition and must not reach the sum.

// MARK: module attributes {dchag.mesh = #dchag.mesh<["tp" = 3]>}
// MARK: shard.grid @mesh(shape = 3)
// MARK: arith.addf {{.+}} {dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], ["tp"]]>, axes = ["tp"], weights, by "widths">]]}
// MARK-NOT: dchag.marks

// PROP: func.func @step(%{{[a-z0-9]+}}: tensor<2x3xf32> {dchag.sharding = #dchag.sharding<{{\[\[}}], []]>}
// PROP-SAME: tensor<3x5xf32> {dchag.name = "v", dchag.role = "param", dchag.sharding = #dchag.sharding<{{\[\[}}], ["tp"]]>}
// PROP-SAME: tensor<5x7xf32> {dchag.name = "w", dchag.role = "param", dchag.sharding = #dchag.sharding<{{\[\[}}"tp"], []]>}
// PROP-SAME: -> (tensor<2x7xf32> {dchag.sharding = #dchag.sharding<{{\[\[}}], []]>})
// PROP: linalg.contract
// PROP: linalg.contract {{.*}}dchag.shardings = [#dchag.sharding<{{\[\[}}], []], partial = ["tp" = sum]>]

// RESHARD: %[[Y:.+]] = linalg.contract {{.*}}partial
// RESHARD: %[[R:.+]] = dchag.reshard %[[Y]] from <{{\[\[}}], []], partial = ["tp" = sum]> to <{{\[\[}}], []]> global tensor<2x7xf32>
// RESHARD: return %[[R]]

// CHECK: func.func @step(%[[X:[a-z0-9]+]]: tensor<2x3xf32> {{{.*}}}, %[[V:[a-z0-9]+]]: tensor<3x2xf32> {dchag.global = tensor<3x5xf32>{{.*}}}, %[[W:[a-z0-9]+]]: tensor<2x7xf32> {dchag.global = tensor<5x7xf32>{{.*}}})
// CHECK: %[[H:.+]] = arith.addf {{.+}} : tensor<2x2xf32>
// CHECK: %[[M:.+]] = dchag.mask_shard %[[H]] {axes = ["tp"], dim = 1 : i64, size = 5 : i64, value = 0.000000e+00 : f32} : tensor<2x2xf32>
// CHECK: %[[Y:.+]] = linalg.contract {{.*}} ins(%[[M]], %[[W]] :
// CHECK: %[[R:.+]] = shard.all_reduce %[[Y]] on @mesh grid_axes = [0] : tensor<2x7xf32> -> tensor<2x7xf32>
// CHECK: return %[[R]]
func.func @step(%x: tensor<2x3xf32>, %v: tensor<3x5xf32> {dchag.role = "param", dchag.name = "v"},
                %w: tensor<5x7xf32> {dchag.role = "param", dchag.name = "w"}) -> tensor<2x7xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant dense<1.0> : tensor<2x5xf32>
  %e1 = tensor.empty() : tensor<2x5xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x5xf32>) -> tensor<2x5xf32>
  %h = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%x, %v : tensor<2x3xf32>, tensor<3x5xf32>) outs(%z1 : tensor<2x5xf32>) -> tensor<2x5xf32>
  %a = arith.addf %h, %one : tensor<2x5xf32>
  %e2 = tensor.empty() : tensor<2x7xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x7xf32>) -> tensor<2x7xf32>
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%a, %w : tensor<2x5xf32>, tensor<5x7xf32>) outs(%z2 : tensor<2x7xf32>) -> tensor<2x7xf32>
  return %y : tensor<2x7xf32>
}
