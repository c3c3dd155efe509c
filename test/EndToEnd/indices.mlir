// Gathers and scatters of every kind, with indices that repeat, are negative or out of range: the
// program computes what the interpreter does, on one rank and on three.
// RUN: rm -rf %t && mkdir %t
// RUN: dchag-opt %s --emit=exe -o %t/one
// RUN: %t/one --comm threads --input x=%source/test/models/mae.x.npy --input ids=%source/test/models/mae.ids_restore.npy --output %t/out
// RUN: dchag-opt %s --emit=run --tolerance=1e-6 --input=x=%source/test/models/mae.x.npy --input=ids=%source/test/models/mae.ids_restore.npy \
// RUN:   --expect=gather=%t/out/gather.npy --expect=set=%t/out/set.npy --expect=add=%t/out/add.npy --expect=mul=%t/out/mul.npy \
// RUN:   --expect=max=%t/out/max.npy --expect=min=%t/out/min.npy --expect=count=%t/out/count.npy --expect=list=%t/out/list.npy
// RUN: dchag-opt %s --mesh=tp=3 --emit=exe -o %t/three
// RUN: %t/three --comm threads --input x=%source/test/models/mae.x.npy --input ids=%source/test/models/mae.ids_restore.npy --output %t/out3
// RUN: python3 %S/Inputs/compare.py %t/out3/gather.npy %t/out/gather.npy
// RUN: python3 %S/Inputs/compare.py %t/out3/add.npy %t/out/add.npy
// RUN: python3 %S/Inputs/compare.py %t/out3/set.npy %t/out/set.npy

module attributes {dchag.model = "indices"} {
  func.func @step(%x: tensor<2x5x8x12xf32> {dchag.role = "input", dchag.name = "x"},
                  %ids: tensor<2x24xi64> {dchag.role = "input", dchag.name = "ids"})
      -> (tensor<2x5x24x4xf32> {dchag.name = "gather"}, tensor<2x5x5x4xf32> {dchag.name = "set"},
          tensor<2x5x5x4xf32> {dchag.name = "add"}, tensor<2x5x5x4xf32> {dchag.name = "mul"},
          tensor<2x5x5x4xf32> {dchag.name = "max"}, tensor<2x5x5x4xf32> {dchag.name = "min"},
          tensor<2x5xf32> {dchag.name = "count"}, tensor<3x5x8x12xf32> {dchag.name = "list"}) {
    // 0 .. 23 become -6 .. 5, twice each, in dimensions of 5.
    %one = arith.constant dense<1> : tensor<2x24xi64>
    %six = arith.constant dense<6> : tensor<2x24xi64>
    %half = arith.shrsi %ids, %one : tensor<2x24xi64>
    %i = arith.subi %half, %six : tensor<2x24xi64>
    %flat = tensor.collapse_shape %x [[0], [1], [2, 3]] : tensor<2x5x8x12xf32> into tensor<2x5x96xf32>
    %u = tensor.expand_shape %flat [[0], [1], [2, 3]] output_shape [2, 5, 24, 4] : tensor<2x5x96xf32> into tensor<2x5x24x4xf32>
    %t = tensor.extract_slice %u[0, 0, 3, 0] [2, 5, 5, 4] [1, 1, 1, 1] : tensor<2x5x24x4xf32> to tensor<2x5x5x4xf32>
    %gather = dchag.gather %t[%i] {batch = 1, dim = 2} : (tensor<2x5x5x4xf32>, tensor<2x24xi64>) -> tensor<2x5x24x4xf32>
    %set = dchag.scatter %t[%i], %u {batch = 1, dim = 2} : (tensor<2x5x5x4xf32>, tensor<2x24xi64>, tensor<2x5x24x4xf32>) -> tensor<2x5x5x4xf32>
    %add = dchag.scatter %t[%i], %u {batch = 1, dim = 2, kind = #dchag.scatter_kind<add>} : (tensor<2x5x5x4xf32>, tensor<2x24xi64>, tensor<2x5x24x4xf32>) -> tensor<2x5x5x4xf32>
    %mul = dchag.scatter %t[%i], %u {batch = 1, dim = 2, kind = #dchag.scatter_kind<mul>} : (tensor<2x5x5x4xf32>, tensor<2x24xi64>, tensor<2x5x24x4xf32>) -> tensor<2x5x5x4xf32>
    %max = dchag.scatter %t[%i], %u {batch = 1, dim = 2, kind = #dchag.scatter_kind<max>} : (tensor<2x5x5x4xf32>, tensor<2x24xi64>, tensor<2x5x24x4xf32>) -> tensor<2x5x5x4xf32>
    %min = dchag.scatter %t[%i], %u {batch = 1, dim = 2, kind = #dchag.scatter_kind<min>} : (tensor<2x5x5x4xf32>, tensor<2x24xi64>, tensor<2x5x24x4xf32>) -> tensor<2x5x5x4xf32>
    %none = arith.constant dense<0> : tensor<2x5xi64>
    %counts = dchag.scatter %none[%i], %one {batch = 1, dim = 1, kind = #dchag.scatter_kind<add>} : (tensor<2x5xi64>, tensor<2x24xi64>, tensor<2x24xi64>) -> tensor<2x5xi64>
    %count = arith.sitofp %counts : tensor<2x5xi64> to tensor<2x5xf32>
    // Without batches; the last of equal indices wins.
    %list = arith.constant dense<[2, 2]> : tensor<2xi64>
    %zero = arith.constant dense<0.5> : tensor<3x5x8x12xf32>
    %written = dchag.scatter %zero[%list], %x {dim = 0} : (tensor<3x5x8x12xf32>, tensor<2xi64>, tensor<2x5x8x12xf32>) -> tensor<3x5x8x12xf32>
    return %gather, %set, %add, %mul, %max, %min, %count, %written : tensor<2x5x24x4xf32>, tensor<2x5x5x4xf32>, tensor<2x5x5x4xf32>, tensor<2x5x5x4xf32>, tensor<2x5x5x4xf32>, tensor<2x5x5x4xf32>, tensor<2x5xf32>, tensor<3x5x8x12xf32>
  }
}
