// An op that needs a dimension whole splits another one over its axis where exchanging what is split
// takes less time than gathering: a class token in front of positions over four ranks, not over two.
// On the machine of these runs bytes alone count: of values as small as these latency would.
// RUN: dchag-opt %s --check-ranks='set-machine{file=%S/../../bench/machines/bytes.machine},distribute{mesh=tp=4}' --check-ranks='distribute{mesh=tp=2}' --check-ranks='distribute{mesh=tp=3}' --inputs=integers,normal | FileCheck %s
// CHECK-COUNT-6: 1 output equal on {{[234]}} ranks
// RUN: dchag-opt %s --set-machine=file=%S/../../bench/machines/bytes.machine --distribute=mesh=tp=4 | FileCheck %s --check-prefix=FOUR
// RUN: dchag-opt %s --set-machine=file=%S/../../bench/machines/bytes.machine --distribute=mesh=tp=2 | FileCheck %s --check-prefix=TWO

// FOUR-LABEL: func.func @token(
// FOUR:       shard.all_to_all {{.+}} : tensor<1x4x8xf32> -> tensor<1x16x2xf32>
// FOUR:       tensor.concat dim(1) {{.+}} : (tensor<1x1x2xf32>, tensor<1x14x2xf32>) -> tensor<1x15x2xf32>
// FOUR:       shard.all_to_all {{.+}} : tensor<1x16x2xf32> -> tensor<1x4x8xf32>
// TWO-LABEL:  func.func @token(
// TWO:        shard.all_gather {{.+}} : tensor<1x7x8xf32> -> tensor<1x14x8xf32>
// TWO:        tensor.concat dim(1) {{.+}} -> tensor<1x15x8xf32>
func.func @token(%x: tensor<1x14x8xf32> {dchag.role = "input", dchag.name = "x", dchag.sharding = #dchag.sharding<[[], ["tp"], []]>}, %c: tensor<1x1x8xf32> {dchag.role = "param", dchag.name = "c"})
    -> (tensor<1x15x8xf32> {dchag.name = "y", dchag.sharding = #dchag.sharding<[[], ["tp"], []]>}) {
  %y = tensor.concat dim(1) %c, %x : (tensor<1x1x8xf32>, tensor<1x14x8xf32>) -> tensor<1x15x8xf32>
  return %y : tensor<1x15x8xf32>
}

// The norm of each channel over all positions.
// FOUR-LABEL: func.func @norm(
// FOUR:       shard.all_to_all
// FOUR:       dchag.layer_norm {{.+}} -> tensor<2x2x10xf32>
// FOUR:       shard.all_to_all
func.func @norm(%x: tensor<2x8x10xf32> {dchag.role = "input", dchag.name = "x", dchag.sharding = #dchag.sharding<[[], [], ["tp"]]>})
    -> (tensor<2x8x10xf32> {dchag.name = "y", dchag.sharding = #dchag.sharding<[[], [], ["tp"]]>}) {
  %y = dchag.layer_norm %x {dims = 1, epsilon = 1.0e-5} : (tensor<2x8x10xf32>) -> tensor<2x8x10xf32>
  return %y : tensor<2x8x10xf32>
}
