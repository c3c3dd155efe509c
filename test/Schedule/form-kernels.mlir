// RUN: dchag-opt %s --form-kernels | FileCheck %s
// RUN: dchag-opt %s --check-equal=form-kernels --inputs=normal --tolerance=1e-12

// A softmax is one kernel: all of its ops are computed row by row. A product of the library stays, and so does a view.
// CHECK-LABEL: func.func @step(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<64x1000xf32>
// CHECK:         %[[E:.+]] = tensor.empty() : tensor<64x1000xf32>
// CHECK:         %[[S:.+]] = dchag_rt.launch @row_0 ins(%[[X]] : tensor<64x1000xf32>) outs(%[[E]] : tensor<64x1000xf32>) -> tensor<64x1000xf32>
// CHECK:         %[[P:.+]] = dchag_rt.matmul(%[[S]],
// CHECK:         %[[V:.+]] = tensor.collapse_shape %[[P]]
// CHECK:         return %[[V]]
// CHECK:       dchag_rt.kernel @row_0(%[[A:.+]]: tensor<64x1000xf32>, %{{.+}}: tensor<64x1000xf32>) -> tensor<64x1000xf32> {
// CHECK:         %[[M:.+]] = linalg.reduce { arith.maximumf } ins(%[[A]]
// CHECK:         math.exp
// CHECK:         linalg.reduce { arith.addf }
// CHECK:         %[[Y:.+]] = arith.divf
// CHECK:         dchag_rt.return %[[Y]]
func.func @step(%x: tensor<64x1000xf32> {dchag.name = "x"}, %w: tensor<1000x4096xf32> {dchag.name = "w", dchag.role = "param"}) -> (tensor<262144xf32> {dchag.name = "y"}) {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %rows = tensor.empty() : tensor<64xf32>
  %all = tensor.empty() : tensor<64x1000xf32>
  %m0 = linalg.fill ins(%low : f32) outs(%rows : tensor<64xf32>) -> tensor<64xf32>
  %m = linalg.reduce {arith.maximumf} ins(%x : tensor<64x1000xf32>) outs(%m0 : tensor<64xf32>) dimensions = [1]
  %mb = linalg.broadcast ins(%m : tensor<64xf32>) outs(%all : tensor<64x1000xf32>) dimensions = [1]
  %d = arith.subf %x, %mb : tensor<64x1000xf32>
  %e = math.exp %d : tensor<64x1000xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%rows : tensor<64xf32>) -> tensor<64xf32>
  %s = linalg.reduce {arith.addf} ins(%e : tensor<64x1000xf32>) outs(%s0 : tensor<64xf32>) dimensions = [1]
  %sb = linalg.broadcast ins(%s : tensor<64xf32>) outs(%all : tensor<64x1000xf32>) dimensions = [1]
  %y = arith.divf %e, %sb : tensor<64x1000xf32>
  %o = tensor.empty() : tensor<64x4096xf32>
  %p = dchag_rt.matmul(%y, %w) outs(%o) {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]} : (tensor<64x1000xf32>, tensor<1000x4096xf32>, tensor<64x4096xf32>) -> tensor<64x4096xf32>
  %v = tensor.collapse_shape %p [[0, 1]] : tensor<64x4096xf32> into tensor<262144xf32>
  return %v : tensor<262144xf32>
}
