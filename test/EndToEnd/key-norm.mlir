// Keys of each head and of both heads are normalised by programs, on one rank and in parts of a softmax on three.
// RUN: rm -rf %t && mkdir %t
// RUN: python3 %S/Inputs/make_key_norm.py %t
// RUN: dchag-opt %s --emit=exe -o %t/one
// RUN: %t/one --weights %t/w.safetensors --input x=%t/x.npy --output %t/one.out
// RUN: python3 %S/Inputs/compare.py %t/one.out/y.npy %t/y.npy
// RUN: python3 %S/Inputs/compare.py %t/one.out/z.npy %t/z.npy
// RUN: dchag-opt %s --mesh=tp=3 --mode=split-softmax --emit=exe -o %t/three
// RUN: %t/three --comm threads --weights %t/w.safetensors --input x=%t/x.npy --output %t/three.out
// RUN: python3 %S/Inputs/compare.py %t/three.out/y.npy %t/y.npy
// RUN: python3 %S/Inputs/compare.py %t/three.out/z.npy %t/z.npy

module attributes {dchag.model = "key-norm"} {
  func.func @step(%x: tensor<2x5x1x1x3xf32> {dchag.role = "input", dchag.name = "x"},
                  %e: tensor<5x6x1x1x1xf32> {dchag.role = "param", dchag.name = "e"},
                  %q: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q"})
      -> (tensor<2x1x1x3x6xf32> {dchag.name = "y"}, tensor<2x1x1x3x6xf32> {dchag.name = "z"}) {
    %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x1x3xf32>, tensor<5x6x1x1x1xf32>) -> tensor<2x5x3x6xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 3, 6] : tensor<2x5x3x6xf32> into tensor<2x1x5x3x6xf32>
    %y = dchag.aggregate %g, %q {heads = 2, scale = 1.0, key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.0e-5>} : (tensor<2x1x5x3x6xf32>, tensor<1x1x6xf32>) -> tensor<2x1x1x3x6xf32>
    %z = dchag.aggregate %g, %q {heads = 2, scale = 1.0, key_norm = #dchag.key_norm<rms, all_heads, epsilon = 1.0e-5>} : (tensor<2x1x5x3x6xf32>, tensor<1x1x6xf32>) -> tensor<2x1x1x3x6xf32>
    return %y, %z : tensor<2x1x1x3x6xf32>, tensor<2x1x1x3x6xf32>
  }
}
