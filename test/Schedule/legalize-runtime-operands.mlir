// RUN: dchag-opt %s --legalize-runtime-operands --split-input-file --verify-diagnostics | FileCheck %s --implicit-check-not=memref.copy

#rows = affine_map<(i, j, k) -> (i, k)>
#columns = affine_map<(i, j, k) -> (k, j)>
#result = affine_map<(i, j, k) -> (i, j)>

// The runtime takes a matrix with one stride of 1, transposed ones included: nothing is copied.
// CHECK-LABEL: func.func @taken(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x3xf32, strided<[7, 1]>>, %[[W:[a-z0-9]+]]: memref<3x5xf32, strided<[1, 3]>>, %[[Y:[a-z0-9]+]]: memref<2x5xf32>
// CHECK-NEXT:    dchag_rt.matmul(%[[X]], %[[W]]) outs(%[[Y]])
// CHECK-NEXT:    return
func.func @taken(%x: memref<2x3xf32, strided<[7, 1]>>, %w: memref<3x5xf32, strided<[1, 3]>>, %y: memref<2x5xf32>) {
  dchag_rt.matmul(%x, %w) outs(%y) {indexing_maps = [#rows, #columns, #result]}
    : (memref<2x3xf32, strided<[7, 1]>>, memref<3x5xf32, strided<[1, 3]>>, memref<2x5xf32>) -> ()
  return
}

// -----

#rows = affine_map<(i, j, k) -> (i, k)>
#columns = affine_map<(i, j, k) -> (k, j)>
#result = affine_map<(i, j, k) -> (i, j)>

// Neither dimension of the first matrix is contiguous; the second one stays where it is.
// CHECK-LABEL: func.func @no_unit_stride(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x3xf32, strided<[14, 2]>>, %[[W:[a-z0-9]+]]: memref<3x5xf32>, %[[Y:[a-z0-9]+]]: memref<2x5xf32>
// CHECK:         %[[C:.+]] = memref.alloc() : memref<2x3xf32>
// CHECK:         linalg.generic {{.+}} iterator_types = ["parallel", "parallel"]} ins(%[[X]] : memref<2x3xf32, strided<[14, 2]>>) outs(%[[C]] : memref<2x3xf32>)
// CHECK:         dchag_rt.matmul(%[[C]], %[[W]]) outs(%[[Y]])
func.func @no_unit_stride(%x: memref<2x3xf32, strided<[14, 2]>>, %w: memref<3x5xf32>, %y: memref<2x5xf32>) {
  dchag_rt.matmul(%x, %w) outs(%y) {indexing_maps = [#rows, #columns, #result]}
    : (memref<2x3xf32, strided<[14, 2]>>, memref<3x5xf32>, memref<2x5xf32>) -> ()
  return
}

// -----

// The dimensions that are summed, of 3 and 4, come in another order in the second matrix: both are
// copied with the dimensions of the result first, so that the sum has one stride in each.
// CHECK-DAG: #[[$SAME:.+]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-DAG: #[[$FROM:.+]] = affine_map<(d0, d1, d2) -> (d2, d1, d0)>
// CHECK-DAG: #[[$LHS:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK-DAG: #[[$RHS:.+]] = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
// CHECK-DAG: #[[$RESULT:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
// CHECK-LABEL: func.func @order_of_sums(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x3x4xf32>, %[[W:[a-z0-9]+]]: memref<4x3x5xf32>, %[[Y:[a-z0-9]+]]: memref<2x5xf32>
// CHECK:         %[[A:.+]] = memref.alloc() : memref<2x3x4xf32>
// CHECK:         linalg.generic {indexing_maps = [#[[$SAME]], #[[$SAME]]], {{.+}} ins(%[[X]] : {{.+}} outs(%[[A]] :
// CHECK:         %[[B:.+]] = memref.alloc() : memref<5x3x4xf32>
// CHECK:         linalg.generic {indexing_maps = [#[[$FROM]], #[[$SAME]]], {{.+}} ins(%[[W]] : {{.+}} outs(%[[B]] :
// CHECK:         dchag_rt.matmul(%[[A]], %[[B]]) outs(%[[Y]]) {indexing_maps = [#[[$LHS]], #[[$RHS]], #[[$RESULT]]]}
func.func @order_of_sums(%x: memref<2x3x4xf32>, %w: memref<4x3x5xf32>, %y: memref<2x5xf32>) {
  dchag_rt.matmul(%x, %w) outs(%y) {indexing_maps = [affine_map<(i, j, k, l) -> (i, k, l)>, affine_map<(i, j, k, l) -> (l, k, j)>, affine_map<(i, j, k, l) -> (i, j)>]}
    : (memref<2x3x4xf32>, memref<4x3x5xf32>, memref<2x5xf32>) -> ()
  return
}

// -----

// The rows of the result have gaps after every dimension: six loops, of which one is m and four are
// batches.
func.func @too_many_dimensions(%x: memref<2x3x2x3x2x3x4xf32>, %w: memref<4x5xf32>,
    %y: memref<2x3x2x3x2x3x5xf32, strided<[100000, 20000, 4000, 800, 160, 20, 1]>>) {
  // expected-error @+1 {{has operands in a layout that products of the target do not take: it has more than 4 batch dimensions that do not follow each other; reshape its operands to fewer dimensions}}
  dchag_rt.matmul(%x, %w) outs(%y) {indexing_maps = [
      affine_map<(a, b, c, d, e, f, n, k) -> (a, b, c, d, e, f, k)>, affine_map<(a, b, c, d, e, f, n, k) -> (k, n)>,
      affine_map<(a, b, c, d, e, f, n, k) -> (a, b, c, d, e, f, n)>]}
    : (memref<2x3x2x3x2x3x4xf32>, memref<4x5xf32>, memref<2x3x2x3x2x3x5xf32, strided<[100000, 20000, 4000, 800, 160, 20, 1]>>) -> ()
  return
}

// -----

// Collectives take contiguous data: sources are copied before, results behind.
// CHECK-LABEL: func.func @gather(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x3xf32, strided<[5, 1]>>, %[[Y:[a-z0-9]+]]: memref<2x2x3xf32, strided<[7, 3, 1]>>
// CHECK:         %[[A:.+]] = memref.alloc() : memref<2x3xf32>
// CHECK:         linalg.generic {{.+}} ins(%[[X]] : {{.+}} outs(%[[A]] :
// CHECK:         %[[B:.+]] = memref.alloc() : memref<2x2x3xf32>
// CHECK-NOT:     linalg.generic
// CHECK:         dchag_rt.all_gather %[[A]] outs(%[[B]])
// CHECK:         linalg.generic {{.+}} ins(%[[B]] : {{.+}} outs(%[[Y]] :
func.func @gather(%x: memref<2x3xf32, strided<[5, 1]>>, %y: memref<2x2x3xf32, strided<[7, 3, 1]>>) {
  dchag_rt.all_gather %x outs(%y) {axes = array<i32: 0>, site = 0 : i32}
    : (memref<2x3xf32, strided<[5, 1]>>, memref<2x2x3xf32, strided<[7, 3, 1]>>) -> ()
  return
}

// -----

// A reduction of all ranks is in place, so its buffer is copied there and back; contiguous ones
// are not.
// CHECK-LABEL: func.func @reduce(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x3xf32, strided<[5, 1]>>, %[[Y:[a-z0-9]+]]: memref<2x3xf32>
// CHECK:         %[[A:.+]] = memref.alloc() : memref<2x3xf32>
// CHECK:         linalg.generic {{.+}} ins(%[[X]] : {{.+}} outs(%[[A]] :
// CHECK:         dchag_rt.all_reduce outs(%[[A]]) {axes = array<i32: 0>, site = 0 : i32}
// CHECK:         linalg.generic {{.+}} ins(%[[A]] : {{.+}} outs(%[[X]] :
// CHECK-NOT:     linalg.generic
// CHECK:         dchag_rt.all_reduce outs(%[[Y]]) {axes = array<i32: 0>, site = 1 : i32}
func.func @reduce(%x: memref<2x3xf32, strided<[5, 1]>>, %y: memref<2x3xf32>) {
  dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32, strided<[5, 1]>>) -> ()
  dchag_rt.all_reduce outs(%y) {axes = array<i32: 0>, site = 1 : i32} : (memref<2x3xf32>) -> ()
  return
}

// -----

// Copies are kernels like any other; a copy of a buffer to itself is none.
// CHECK-LABEL: func.func @copies(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x3xf32>, %[[Y:[a-z0-9]+]]: memref<2x3xf32>
// CHECK:         linalg.generic {{.+}} ins(%[[X]] : memref<2x3xf32>) outs(%[[Y]] : memref<2x3xf32>)
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @copies(%x: memref<2x3xf32>, %y: memref<2x3xf32>) {
  memref.copy %x, %y : memref<2x3xf32> to memref<2x3xf32>
  memref.copy %y, %y : memref<2x3xf32> to memref<2x3xf32>
  return
}

// -----

// Between memory spaces contiguous data is copied by the device; what has gaps is packed beside it.
// CHECK-LABEL: func.func @spaces(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x3xf32, strided<[5, 1]>>, %[[Y:[a-z0-9]+]]: memref<2x3xf32, 1>
// CHECK:         %[[A:.+]] = memref.alloc() : memref<2x3xf32>
// CHECK:         linalg.generic {{.+}} ins(%[[X]] : {{.+}} outs(%[[A]] :
// CHECK:         dchag_rt.copy %[[A]] outs(%[[Y]]) : (memref<2x3xf32>, memref<2x3xf32, 1>) -> ()
// CHECK-NOT:     memref.copy
func.func @spaces(%x: memref<2x3xf32, strided<[5, 1]>>, %y: memref<2x3xf32, 1>) {
  memref.copy %x, %y : memref<2x3xf32, strided<[5, 1]>> to memref<2x3xf32, 1>
  return
}
