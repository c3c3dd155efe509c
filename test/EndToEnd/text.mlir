// A model in textual form, on a batch longer than the one it is compiled for: it runs in steps.
// RUN: rm -rf %t && mkdir %t
// RUN: dchag-opt %s --mesh=tp=3 --emit=exe -o %t/mlp
// RUN: python3 %S/Inputs/make_mlp.py %t
// RUN: %t/mlp --comm threads --weights %t/mlp.safetensors --input x=%t/x.npy --output %t/out | FileCheck %s
// CHECK: step_ms={{.*}} steps=3
// RUN: python3 %S/Inputs/compare.py %t/out/y.npy %t/y.npy

module attributes {dchag.model = "mlp"} {
  func.func @step(%x: tensor<2x6xf32> {dchag.role = "input", dchag.name = "x"},
                  %w: tensor<6x5xf32> {dchag.role = "param", dchag.name = "w"})
      -> (tensor<2x5xf32> {dchag.name = "y"}) {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<2x5xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x5xf32>) -> tensor<2x5xf32>
    %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
      ins(%x, %w : tensor<2x6xf32>, tensor<6x5xf32>) outs(%init : tensor<2x5xf32>) -> tensor<2x5xf32>
    return %y : tensor<2x5xf32>
  }
}
