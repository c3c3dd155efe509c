// RUN: dchag-opt %s --set-mesh=mesh=dp=2,tp=3 --split-input-file | FileCheck %s
// RUN: dchag-opt %s --set-mesh=mesh=dp=2,tp=3 --set-mesh --split-input-file | FileCheck %s

// Run again without a mesh, the pass keeps the module's own.
// CHECK: module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 3]>} {
// CHECK-NEXT: shard.grid @mesh(shape = 2x3)
// CHECK-NEXT: func.func @new(
func.func @new(%x: tensor<5xf32>) -> tensor<5xf32> {
  return %x : tensor<5xf32>
}

// -----

// The mesh that is given takes the place of another one with as many ranks along each axis.
// CHECK: module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 3]>} {
// CHECK-NEXT: shard.grid @mesh(shape = 2x3)
// CHECK-NOT:  shard.grid
module attributes {dchag.mesh = #dchag.mesh<["a" = 2, "b" = 3]>} {
  shard.grid @mesh(shape = 2x3)
}
