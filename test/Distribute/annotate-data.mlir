// RUN: dchag-opt %s --set-mesh=mesh=dp=2 --annotate-data 2>&1 | FileCheck %s --implicit-check-not=warning

// The samples are counted in the input: the image is a transposed one here, with bands first.
// CHECK-LABEL: func.func @step(
// CHECK-SAME:    %{{[a-z0-9]+}}: tensor<4x6x2x4xf32> {{{.*}}dchag.marks
func.func @step(%x: tensor<4x6x2x4xf32> {dchag.role = "input", dchag.name = "x"},
                %e: tensor<4x5x2x2xf32> {dchag.role = "param", dchag.name = "e"}) -> tensor<1x4x2x5xf32> {
  %band = tensor.extract_slice %x[0, 0, 0, 0] [4, 1, 2, 4] [1, 1, 1, 1] : tensor<4x6x2x4xf32> to tensor<4x1x2x4xf32>
  %init = tensor.empty() : tensor<1x4x2x4xf32>
  %image = linalg.transpose ins(%band : tensor<4x1x2x4xf32>) outs(%init : tensor<1x4x2x4xf32>) permutation = [1, 0, 2, 3]
  %t = dchag.tokenize %image weight(%e) : (tensor<1x4x2x4xf32>, tensor<4x5x2x2xf32>) -> tensor<1x4x2x5xf32>
  return %t : tensor<1x4x2x5xf32>
}
