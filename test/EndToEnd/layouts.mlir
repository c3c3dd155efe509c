// Values that change their layout on the way: gathered, exchanged between dimensions and scattered,
// with five rows and seven columns over two and three ranks.
// RUN: rm -rf %t && mkdir %t
// RUN: python3 %S/Inputs/make_layouts.py %t
// RUN: dchag-opt %s --distribute=mesh=tp=2 | FileCheck %s
// RUN: for ranks in 2 3; do dchag-opt %s --mesh=tp=$ranks --emit=exe -o %t/p && %t/p --comm threads --input x=%t/x.npy --output %t/out && for name in whole moved rows columns; do python3 %S/Inputs/compare.py %t/out/$name.npy %t/$name.npy || exit 1; done || exit 1; done

// CHECK-DAG: shard.all_gather
// CHECK-DAG: shard.all_to_all
// CHECK-DAG: shard.reduce_scatter
module attributes {dchag.model = "layouts"} {
  func.func @step(%x: tensor<5x7xf32> {dchag.role = "input", dchag.name = "x", dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<5x7xf32> {dchag.name = "whole", dchag.sharding = #dchag.sharding<[[], []]>},
          tensor<5x7xf32> {dchag.name = "moved", dchag.sharding = #dchag.sharding<[[], ["tp"]]>},
          tensor<7xf32> {dchag.name = "columns", dchag.sharding = #dchag.sharding<[["tp"]]>},
          tensor<7xf32> {dchag.name = "rows", dchag.sharding = #dchag.sharding<[["tp"]]>}) {
    %zero = arith.constant 0.0 : f32
    %whole = arith.mulf %x, %x : tensor<5x7xf32>
    %moved = arith.negf %x : tensor<5x7xf32>
    %empty = tensor.empty() : tensor<7xf32>
    %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<7xf32>) -> tensor<7xf32>
    %columns = linalg.reduce {arith.addf} ins(%x : tensor<5x7xf32>) outs(%zeros : tensor<7xf32>) dimensions = [0]
    %row = tensor.extract_slice %whole[3, 0] [1, 7] [1, 1] : tensor<5x7xf32> to tensor<7xf32>
    %rows = math.exp %row : tensor<7xf32>
    return %whole, %moved, %columns, %rows : tensor<5x7xf32>, tensor<5x7xf32>, tensor<7xf32>, tensor<7xf32>
  }
}
