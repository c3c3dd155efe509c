// Four channels, each normalised by its own mean and deviation, and four integer quotients on three ranks,
// the last of which has padding only: 0 / 0 is no number, and stops a program that divides integers.
// RUN: rm -rf %t && mkdir %t
// RUN: python3 %S/Inputs/make_quotients.py %t
// RUN: dchag-opt %s --mesh=tp=3 --mode=split-softmax --emit=exe -o %t/p
// RUN: %t/p --comm threads --weights %t/w.safetensors --input x=%t/x.npy --input a=%t/a.npy --input d=%t/d.npy --output %t/out
// RUN: python3 %S/Inputs/compare.py %t/out/y.npy %t/y.npy
// RUN: python3 %S/Inputs/compare.py %t/out/n.npy %t/n.npy 0

module attributes {dchag.model = "quotients"} {
  func.func @step(%x: tensor<1x4x1x1x2xf32> {dchag.role = "input", dchag.name = "x"},
                  %a: tensor<4xf32> {dchag.role = "input", dchag.name = "a", dchag.sharding = #dchag.sharding<[["tp"]]>},
                  %d: tensor<4xf32> {dchag.role = "input", dchag.name = "d", dchag.sharding = #dchag.sharding<[["tp"]]>},
                  %mean: tensor<4xf32> {dchag.role = "param", dchag.name = "mean"},
                  %std: tensor<4xf32> {dchag.role = "param", dchag.name = "std"},
                  %e: tensor<4x2x1x1x1xf32> {dchag.role = "param", dchag.name = "e"},
                  %q: tensor<1x1x2xf32> {dchag.role = "param", dchag.name = "q"})
      -> (tensor<1x1x1x2x2xf32> {dchag.name = "y"}, tensor<4xf32> {dchag.name = "n"}) {
    %empty = tensor.empty() : tensor<1x4x1x1x2xf32>
    %means = linalg.broadcast ins(%mean : tensor<4xf32>) outs(%empty : tensor<1x4x1x1x2xf32>) dimensions = [0, 2, 3, 4]
    %stds = linalg.broadcast ins(%std : tensor<4xf32>) outs(%empty : tensor<1x4x1x1x2xf32>) dimensions = [0, 2, 3, 4]
    %c = arith.subf %x, %means : tensor<1x4x1x1x2xf32>
    %n = arith.divf %c, %stds : tensor<1x4x1x1x2xf32>
    %t = dchag.tokenize %n weight(%e) : (tensor<1x4x1x1x2xf32>, tensor<4x2x1x1x1xf32>) -> tensor<1x4x2x2xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [1, 1, 4, 2, 2] : tensor<1x4x2x2xf32> into tensor<1x1x4x2x2xf32>
    %y = dchag.aggregate %g, %q {heads = 1, scale = 1.0} : (tensor<1x1x4x2x2xf32>, tensor<1x1x2xf32>) -> tensor<1x1x1x2x2xf32>
    %ai = arith.fptosi %a : tensor<4xf32> to tensor<4xi32>
    %di = arith.fptosi %d : tensor<4xf32> to tensor<4xi32>
    %ni = arith.divsi %ai, %di : tensor<4xi32>
    %nf = arith.sitofp %ni : tensor<4xi32> to tensor<4xf32>
    return %y, %nf : tensor<1x1x1x2x2xf32>, tensor<4xf32>
  }
}
