// RUN: dchag-opt %s --set-mesh --split-input-file --verify-diagnostics
// RUN: not dchag-opt %S/set-mesh.mlir --set-mesh=mesh=tp 2>&1 | FileCheck %s
// CHECK: for the --mesh option: mesh must be axes with sizes such as tp=2 or dp=2,tp=4: got 'tp'

// expected-error @+1 {{has no mesh to distribute over: give one, such as set-mesh{mesh=tp=2}}}
module {
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 3]>} {
  // expected-error @+1 {{'shard.grid' op must have the sizes of the mesh #dchag.mesh<["dp" = 2, "tp" = 3]>}}
  shard.grid @mesh(shape = 3x2)
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // expected-error @+1 {{'func.func' op has the name of the grid of ranks: rename it}}
  func.func @mesh() {
    return
  }
}
