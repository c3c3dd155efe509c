// RUN: dchag-opt %s --fold-views --split-input-file --verify-diagnostics | FileCheck %s --implicit-check-not=memref.

// Where a part starts is a number of bytes, and no part of its type.
// CHECK-LABEL: func.func @part(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x5xf32>, %[[V:[a-z0-9]+]]: f32
// CHECK:         %[[P:.+]] = dchag_rt.view %[[X]][28] : memref<4x5xf32> -> memref<2x3xf32, strided<[5, 1]>>
// CHECK:         linalg.fill ins(%[[V]] : f32) outs(%[[P]] : memref<2x3xf32, strided<[5, 1]>>)
func.func @part(%x: memref<4x5xf32>, %v: f32) {
  %p = memref.subview %x[1, 2] [2, 3] [1, 1] : memref<4x5xf32> to memref<2x3xf32, strided<[5, 1], offset: 7>>
  linalg.fill ins(%v : f32) outs(%p : memref<2x3xf32, strided<[5, 1], offset: 7>>)
  return
}

// -----

// A contiguous part has no strides in its type: kernels of equal shape are then equal.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x5xf16>, %[[V:[a-z0-9]+]]: f16
// CHECK:         %[[P:.+]] = dchag_rt.view %[[X]][10] : memref<4x5xf16> -> memref<2x5xf16>
// CHECK:         linalg.fill ins(%[[V]] : f16) outs(%[[P]] : memref<2x5xf16>)
func.func @rows(%x: memref<4x5xf16>, %v: f16) {
  %p = memref.subview %x[1, 0] [2, 5] [1, 1] : memref<4x5xf16> to memref<2x5xf16, strided<[5, 1], offset: 5>>
  linalg.fill ins(%v : f16) outs(%p : memref<2x5xf16, strided<[5, 1], offset: 5>>)
  return
}

// -----

// An offset that depends on the rank stays a value, in elements of the source.
// CHECK-LABEL: func.func @part_of_the_rank(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x6xf32>, %[[I:[a-z0-9]+]]: index, %[[J:[a-z0-9]+]]: index, %[[V:[a-z0-9]+]]: f32
// CHECK-DAG:     %[[SIX:.+]] = arith.constant 6 : index
// CHECK-DAG:     %[[ROWS:.+]] = arith.muli %[[I]], %[[SIX]]
// CHECK-DAG:     %[[ONE:.+]] = arith.constant 1 : index
// CHECK-DAG:     %[[COLUMNS:.+]] = arith.muli %[[J]], %[[ONE]]
// CHECK:         %[[START:.+]] = arith.addi %[[ROWS]], %[[COLUMNS]]
// CHECK:         %[[P:.+]] = dchag_rt.view %[[X]][0] + %[[START]] : memref<4x6xf32> -> memref<2x3xf32, strided<[6, 1]>>
// CHECK:         linalg.fill ins(%[[V]] : f32) outs(%[[P]] : memref<2x3xf32, strided<[6, 1]>>)
func.func @part_of_the_rank(%x: memref<4x6xf32>, %i: index, %j: index, %v: f32) {
  %p = memref.subview %x[%i, %j] [2, 3] [1, 1] : memref<4x6xf32> to memref<2x3xf32, strided<[6, 1], offset: ?>>
  linalg.fill ins(%v : f32) outs(%p : memref<2x3xf32, strided<[6, 1], offset: ?>>)
  return
}

// -----

// Reshapes and casts are views that start at the beginning.
// CHECK-LABEL: func.func @shapes(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x3x5xf64>, %[[V:[a-z0-9]+]]: f64
// CHECK:         %[[C:.+]] = dchag_rt.view %[[X]][0] : memref<2x3x5xf64> -> memref<6x5xf64>
// CHECK:         %[[E:.+]] = dchag_rt.view %[[C]][0] : memref<6x5xf64> -> memref<3x2x5xf64>
// CHECK:         %[[P:.+]] = dchag_rt.view %[[E]][80] : memref<3x2x5xf64> -> memref<1x2x5xf64>
// CHECK:         %[[T:.+]] = dchag_rt.view %[[P]][0] : memref<1x2x5xf64> -> memref<1x2x5xf64>
// CHECK:         linalg.fill ins(%[[V]] : f64) outs(%[[T]] : memref<1x2x5xf64>)
func.func @shapes(%x: memref<2x3x5xf64>, %v: f64) {
  %c = memref.collapse_shape %x [[0, 1], [2]] : memref<2x3x5xf64> into memref<6x5xf64>
  %e = memref.expand_shape %c [[0, 1], [2]] output_shape [3, 2, 5] : memref<6x5xf64> into memref<3x2x5xf64>
  %p = memref.subview %e[1, 0, 0] [1, 2, 5] [1, 1, 1] : memref<3x2x5xf64> to memref<1x2x5xf64, strided<[10, 5, 1], offset: 10>>
  %t = memref.cast %p : memref<1x2x5xf64, strided<[10, 5, 1], offset: 10>> to memref<1x2x5xf64, strided<[10, 5, 1], offset: ?>>
  linalg.fill ins(%v : f64) outs(%t : memref<1x2x5xf64, strided<[10, 5, 1], offset: ?>>)
  return
}

// -----

// Truth values take a byte each, indices eight.
// CHECK-LABEL: func.func @bytes(
// CHECK-SAME:    %[[M:[a-z0-9]+]]: memref<7xi1>, %[[N:[a-z0-9]+]]: memref<7xindex>
// CHECK:         dchag_rt.view %[[M]][4] : memref<7xi1> -> memref<3xi1>
// CHECK:         dchag_rt.view %[[N]][32] : memref<7xindex> -> memref<3xindex>
func.func @bytes(%m: memref<7xi1>, %n: memref<7xindex>, %v: i1, %w: index) {
  %p = memref.subview %m[4] [3] [1] : memref<7xi1> to memref<3xi1, strided<[1], offset: 4>>
  %q = memref.reinterpret_cast %n to offset: [4], sizes: [3], strides: [1] : memref<7xindex> to memref<3xindex, strided<[1], offset: 4>>
  linalg.fill ins(%v : i1) outs(%p : memref<3xi1, strided<[1], offset: 4>>)
  linalg.fill ins(%w : index) outs(%q : memref<3xindex, strided<[1], offset: 4>>)
  return
}

// -----

func.func @dynamic(%x: memref<4x5xf32>, %n: index, %v: f32) {
  // expected-error @+1 {{has the type 'memref<?x5xf32, strided<[5, 1]>>': only views of static shape and strides can be compiled}}
  %p = memref.subview %x[0, 0] [%n, 5] [1, 1] : memref<4x5xf32> to memref<?x5xf32, strided<[5, 1]>>
  linalg.fill ins(%v : f32) outs(%p : memref<?x5xf32, strided<[5, 1]>>)
  return
}
