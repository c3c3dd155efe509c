// RUN: dchag-opt %s --bufferize-program | FileCheck %s --implicit-check-not='tensor<' --implicit-check-not='bufferization.'

// A constant of at most 1 MiB is data of the program; a larger one that is one number many times over
// is computed.
// CHECK-DAG: memref.global "private" constant @[[$SMALL:.+]] : memref<262144xf32> = dense<1.000000e+00>
// CHECK-DAG: memref.global "private" constant @[[$TABLE:.+]] : memref<2xf32> = dense<[3.000000e+00, 4.000000e+00]>

// CHECK-LABEL: func.func @constants() -> (memref<262144xf32>, memref<262145xf32>, memref<2xf32>)
// CHECK:         %[[A:.+]] = memref.get_global @[[$SMALL]]
// CHECK:         %[[TWO:.+]] = arith.constant 2.000000e+00 : f32
// CHECK:         %[[B:.+]] = memref.alloc() {{.*}}: memref<262145xf32>
// CHECK:         linalg.generic {{.+}} ins(%[[TWO]] : f32) outs(%[[B]] : memref<262145xf32>)
// CHECK:         %[[C:.+]] = memref.get_global @[[$TABLE]]
// CHECK:         return %[[A]], %[[B]], %[[C]]
func.func @constants() -> (tensor<262144xf32>, tensor<262145xf32>, tensor<2xf32>) {
  %a = arith.constant dense<1.0> : tensor<262144xf32>
  %b = arith.constant dense<2.0> : tensor<262145xf32>
  %c = arith.constant dense<[3.0, 4.0]> : tensor<2xf32>
  return %a, %b, %c : tensor<262144xf32>, tensor<262145xf32>, tensor<2xf32>
}

// An argument outlives the call: what is changed is a copy of it.
// CHECK-LABEL: func.func @argument(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x5xf32>, %[[Y:[a-z0-9]+]]: memref<2x3xf32>
// CHECK:         %[[Z:.+]] = memref.alloc() {{.*}}: memref<4x5xf32>
// CHECK:         memref.copy %[[X]], %[[Z]]
// CHECK:         %[[PART:.+]] = memref.subview %[[Z]][1, 2] [2, 3] [1, 1] : memref<4x5xf32> to memref<2x3xf32, strided<[5, 1], offset: 7>>
// CHECK:         memref.copy %[[Y]], %[[PART]]
// CHECK:         return %[[Z]]
func.func @argument(%x: tensor<4x5xf32>, %y: tensor<2x3xf32>) -> tensor<4x5xf32> {
  %z = tensor.insert_slice %y into %x[1, 2] [2, 3] [1, 1] : tensor<2x3xf32> into tensor<4x5xf32>
  return %z : tensor<4x5xf32>
}

// What a function returns is row-major, whatever it is a part of.
// CHECK-LABEL: func.func @part(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x5xf32>) -> memref<2x3xf32> {
// CHECK:         %[[PART:.+]] = memref.subview %[[X]][1, 2] [2, 3] [1, 1]
// CHECK:         %[[Y:.+]] = memref.alloc() {{.*}}: memref<2x3xf32>
// CHECK:         memref.copy %[[PART]], %[[Y]]
// CHECK:         return %[[Y]]
func.func @part(%x: tensor<4x5xf32>) -> tensor<2x3xf32> {
  %y = tensor.extract_slice %x[1, 2] [2, 3] [1, 1] : tensor<4x5xf32> to tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// A value that nothing else needs is changed where it is.
// CHECK-LABEL: func.func @in_place(
// CHECK-SAME:    %[[Y:[a-z0-9]+]]: memref<2x3xf32>
// CHECK:         %[[Z:.+]] = memref.alloc() {{.*}}: memref<4x5xf32>
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[Z]] : memref<4x5xf32>)
// CHECK-NOT:     memref.alloc
// CHECK:         %[[PART:.+]] = memref.subview %[[Z]][0, 1] [2, 3] [1, 1]
// CHECK:         memref.copy %[[Y]], %[[PART]]
// CHECK:         return %[[Z]]
func.func @in_place(%y: tensor<2x3xf32>) -> tensor<4x5xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x5xf32>) -> tensor<4x5xf32>
  %z = tensor.insert_slice %y into %f[0, 1] [2, 3] [1, 1] : tensor<2x3xf32> into tensor<4x5xf32>
  return %z : tensor<4x5xf32>
}

// Products and collectives of the runtime write into a buffer of their own.
// CHECK-LABEL: func.func @runtime(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x3xf32>, %[[W:[a-z0-9]+]]: memref<3x5xf32>
// CHECK:         %[[Y:.+]] = memref.alloc() {{.*}}: memref<2x5xf32>
// CHECK:         dchag_rt.matmul(%[[X]], %[[W]]) outs(%[[Y]])
// CHECK:         dchag_rt.all_reduce outs(%[[Y]])
// CHECK:         return %[[Y]]
func.func @runtime(%x: tensor<2x3xf32>, %w: tensor<3x5xf32>) -> tensor<2x5xf32> {
  %e = tensor.empty() : tensor<2x5xf32>
  %p = dchag_rt.matmul(%x, %w) outs(%e) {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]}
    : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  %y = dchag_rt.all_reduce outs(%p) {axes = array<i32: 0>, site = 0 : i32} : (tensor<2x5xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}
