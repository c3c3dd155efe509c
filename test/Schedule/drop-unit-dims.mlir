// RUN: dchag-opt %s --drop-unit-dims | FileCheck %s

// CHECK: #[[$MAP:.+]] = affine_map<(d0) -> (d0)>
// CHECK-LABEL: func.func @trailing(
// CHECK-SAME:    %[[X:.+]]: memref<1x7x1xf32, strided<[14, 2, 1]>>, %[[Y:.+]]: memref<7x1xf32>
// CHECK:         %[[A:.+]] = dchag_rt.view %[[X]][0] : memref<1x7x1xf32, strided<[14, 2, 1]>> -> memref<7xf32, strided<[2]>>
// CHECK:         %[[B:.+]] = dchag_rt.view %[[Y]][0] : memref<7x1xf32> -> memref<7xf32>
// CHECK:         linalg.generic {indexing_maps = [#[[$MAP]], #[[$MAP]]], iterator_types = ["parallel"]} ins(%[[A]] : {{.+}}) outs(%[[B]] : memref<7xf32>)
func.func @trailing(%x: memref<1x7x1xf32, strided<[14, 2, 1]>>, %y: memref<7x1xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (j, k)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : memref<1x7x1xf32, strided<[14, 2, 1]>>) outs(%y : memref<7x1xf32>) {
  ^bb0(%a: f32, %b: f32):
    %c = math.absf %a : f32
    linalg.yield %c : f32
  }
  return
}

// A position in a loop is used: it stays.
// CHECK-LABEL: func.func @index(
// CHECK:         iterator_types = ["parallel", "parallel"]
func.func @index(%y: memref<7x1xindex>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} outs(%y : memref<7x1xindex>) {
  ^bb0(%b: index):
    %c = linalg.index 0 : index
    linalg.yield %c : index
  }
  return
}
