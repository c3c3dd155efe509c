// RUN: dchag-opt %s --bufferize-kernels | FileCheck %s

// One kernel for each layout of the operands. The result of a tile is written where it belongs; what is between
// the ops is a buffer of the tile.
// CHECK:         dchag_rt.launch @[[A:.+]] ins(%{{.+}} : memref<8x6xf32>) outs(%{{.+}} : memref<8x6xf32>)
// CHECK:         dchag_rt.launch @[[B:.+]] ins(%{{.+}} : memref<8x6xf32, strided<[12, 1]>>) outs(%{{.+}} : memref<8x6xf32>)
// CHECK:       dchag_rt.kernel @[[A]](%[[X:[a-z0-9]+]]: memref<8x6xf32>, %[[Y:[a-z0-9]+]]: memref<8x6xf32>)
// CHECK:         scf.forall (%[[I:.+]]) in (2) {
// CHECK:           %[[E:.+]] = memref.alloc() : memref<4x6xf32>
// CHECK:           %[[T:.+]] = memref.subview %[[X]][%{{.+}}, 0] [4, 6] [1, 1]
// CHECK:           linalg.generic {{.+}} ins(%[[T]] : {{.+}}) outs(%[[E]] : memref<4x6xf32>)
// CHECK:           %[[R:.+]] = memref.subview %[[Y]][%{{.+}}, 0] [4, 6] [1, 1]
// CHECK:           linalg.generic {{.+}} ins(%[[E]], %[[E]] : {{.+}}) outs(%[[R]] : {{.+}})
// CHECK-NOT:       linalg.generic
// CHECK:       dchag_rt.kernel @[[B]](%{{.+}}: memref<8x6xf32, strided<[12, 1]>>, %{{.+}}: memref<8x6xf32>)
#same = affine_map<(i, j) -> (i, j)>
func.func @step(%x: memref<8x6xf32>, %z: memref<8x6xf32, strided<[12, 1]>>, %y: memref<8x6xf32>) {
  dchag_rt.launch @k ins(%x : memref<8x6xf32>) outs(%y : memref<8x6xf32>)
  dchag_rt.launch @k ins(%z : memref<8x6xf32, strided<[12, 1]>>) outs(%y : memref<8x6xf32>)
  dchag_rt.launch @k ins(%x : memref<8x6xf32>) outs(%y : memref<8x6xf32>)
  return
}
dchag_rt.kernel @k(%x: tensor<8x6xf32>, %out: tensor<8x6xf32>) -> tensor<8x6xf32> {
  %c4 = arith.constant 4 : index
  %r = scf.forall (%i) in (2) shared_outs(%o = %out) -> (tensor<8x6xf32>) {
    %at = arith.muli %i, %c4 : index
    %t = tensor.extract_slice %x[%at, 0] [4, 6] [1, 1] : tensor<8x6xf32> to tensor<4x6xf32>
    %e0 = tensor.empty() : tensor<4x6xf32>
    %e = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]} ins(%t : tensor<4x6xf32>) outs(%e0 : tensor<4x6xf32>) {
    ^bb0(%a: f32, %b: f32):
      %c = math.exp %a : f32
      linalg.yield %c : f32
    } -> tensor<4x6xf32>
    %y = linalg.generic {indexing_maps = [#same, #same, #same], iterator_types = ["parallel", "parallel"]} ins(%e, %e : tensor<4x6xf32>, tensor<4x6xf32>) outs(%e0 : tensor<4x6xf32>) {
    ^bb0(%a: f32, %a1: f32, %b: f32):
      %c = arith.mulf %a, %a1 : f32
      linalg.yield %c : f32
    } -> tensor<4x6xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %y into %o[%at, 0] [4, 6] [1, 1] : tensor<4x6xf32> into tensor<8x6xf32>
    }
  }
  dchag_rt.return %r : tensor<8x6xf32>
}
