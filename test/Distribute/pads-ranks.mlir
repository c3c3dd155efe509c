// Padding: at the end of a dimension it splits, in parts of the result, of which each rank pads its
// own; in front a dimension stays whole. What is padded with need not be inside of the op.
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2}' --check-ranks='distribute{mesh=tp=3}' --inputs=integers,normal | FileCheck %s
// RUN: dchag-opt %s --distribute='mesh=tp=3' | FileCheck %s --check-prefix=LOCAL
// CHECK-COUNT-4: 1 output equal on 2 ranks
// CHECK-COUNT-4: 1 output equal on 3 ranks

// Parts of 4 elements, of which the second has one of padding and the last nothing else: nothing is moved.
// LOCAL-LABEL: func.func @at_end(
// LOCAL-SAME: tensor<2x4xf32>
// LOCAL-NOT:  shard.
// LOCAL:      dchag.mask_shard %{{.+}} {axes = ["tp"], dim = 1 : i64, size = 7 : i64, value = 2.000000e+00 : f32} : tensor<2x4xf32>
// LOCAL:      tensor.pad %{{.+}} low[0, 0] high[0, 0]
// LOCAL:      return
func.func @at_end(%x: tensor<2x7xf32>) -> (tensor<2x10xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) {
  %c = arith.constant 2.0 : f32
  %e = math.exp %x : tensor<2x7xf32>
  %y = tensor.pad %e low[0, 0] high[0, 3] {
  ^bb0(%i: index, %j: index):
    tensor.yield %c : f32
  } : tensor<2x7xf32> to tensor<2x10xf32>
  return %y : tensor<2x10xf32>
}

// Other dimensions split; the sum does not have the padding of a rank's own.
func.func @around(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) -> tensor<5xf32> {
  %c = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %y = tensor.pad %x low[0, 2] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %c : f32
  } : tensor<5x7xf32> to tensor<5x10xf32>
  %empty = tensor.empty() : tensor<5xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<5xf32>) -> tensor<5xf32>
  %sum = linalg.reduce {arith.addf} ins(%y : tensor<5x10xf32>) outs(%zeros : tensor<5xf32>) dimensions = [1]
  return %sum : tensor<5xf32>
}

// One element is that of all ranks, though the result splits.
func.func @one(%x: tensor<1x3xf32>) -> (tensor<4x3xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
  %c = arith.constant 0.0 : f32
  %y = tensor.pad %x low[0, 0] high[3, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %c : f32
  } : tensor<1x3xf32> to tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}

// A sum over what is padded.
func.func @summed(%x: tensor<7xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>}) -> tensor<f32> {
  %c = arith.constant 3.0 : f32
  %zero = arith.constant 0.0 : f32
  %y = tensor.pad %x low[0] high[2] {
  ^bb0(%i: index):
    tensor.yield %c : f32
  } : tensor<7xf32> to tensor<9xf32>
  %empty = tensor.empty() : tensor<f32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
  %sum = linalg.reduce {arith.addf} ins(%y : tensor<9xf32>) outs(%zeros : tensor<f32>) dimensions = [0]
  return %sum : tensor<f32>
}
