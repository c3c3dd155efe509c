// What lies behind the end of a part must not reach a sum or a maximum over ranks: five columns over
// three ranks, and over four along two axes, of which the last has none.
// RUN: rm -rf %t && mkdir %t
// RUN: python3 %S/Inputs/make_padding.py %t
// RUN: sed 's/"AXES"/"tp"/' %s > %t/one.mlir
// RUN: dchag-opt %t/one.mlir --mesh=tp=3 --emit=exe -o %t/one
// RUN: %t/one --comm threads --weights %t/w.safetensors --input x=%t/x.npy --output %t/one.out
// RUN: python3 %S/Inputs/compare.py %t/one.out/s.npy %t/s.npy
// RUN: python3 %S/Inputs/compare.py %t/one.out/m.npy %t/m.npy
// RUN: sed 's/"AXES"/"dp", "tp"/' %s > %t/two.mlir
// RUN: dchag-opt %t/two.mlir --mesh=dp=2,tp=2 --emit=exe -o %t/two
// RUN: %t/two --comm threads --weights %t/w.safetensors --input x=%t/x.npy --output %t/two.out
// RUN: python3 %S/Inputs/compare.py %t/two.out/s.npy %t/s.npy
// RUN: python3 %S/Inputs/compare.py %t/two.out/m.npy %t/m.npy

module attributes {dchag.model = "padding"} {
  func.func @step(%x: tensor<2x6xf32> {dchag.role = "input", dchag.name = "x"},
                  %w: tensor<6x5xf32> {dchag.role = "param", dchag.name = "w"})
      -> (tensor<2xf32> {dchag.name = "s"}, tensor<2xf32> {dchag.name = "m"}) {
    %zero = arith.constant 0.0 : f32
    %lowest = arith.constant 0xFF800000 : f32
    %one = arith.constant dense<1.0> : tensor<2x5xf32>
    %empty = tensor.empty() : tensor<2x5xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x5xf32>) -> tensor<2x5xf32>
    %h = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
      {dchag.shardings = [#dchag.sharding<[[], ["AXES"]]>]}
      ins(%x, %w : tensor<2x6xf32>, tensor<6x5xf32>) outs(%init : tensor<2x5xf32>) -> tensor<2x5xf32>
    %a = math.absf %h : tensor<2x5xf32>
    %p = arith.addf %a, %one : tensor<2x5xf32>
    %n = arith.negf %p : tensor<2x5xf32>
    %row = tensor.empty() : tensor<2xf32>
    %zeros = linalg.fill ins(%zero : f32) outs(%row : tensor<2xf32>) -> tensor<2xf32>
    %s = linalg.reduce {arith.addf} ins(%p : tensor<2x5xf32>) outs(%zeros : tensor<2xf32>) dimensions = [1]
    %lows = linalg.fill ins(%lowest : f32) outs(%row : tensor<2xf32>) -> tensor<2xf32>
    %m = linalg.reduce {arith.maximumf} ins(%n : tensor<2x5xf32>) outs(%lows : tensor<2xf32>) dimensions = [1]
    return %s, %m : tensor<2xf32>, tensor<2xf32>
  }
}
