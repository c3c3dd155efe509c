// Channels of concatenated tokens are dealt to the ranks, each source by itself: an aggregation does
// not see their order. Tokens are neither computed twice nor moved; a source with fewer channels than
// ranks is whole on each.
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=split-softmax}' \
// RUN:   --check-ranks='distribute{mesh=tp=3 mode=split-softmax}' --check-ranks='distribute{mesh=tp=4 mode=split-softmax}' \
// RUN:   --check-ranks='distribute{mesh=dp=2,tp=2 mode=split-softmax}' \
// RUN:   --check-ranks='distribute{mesh=a=2,b=2 strategy=split-softmax=a+b}' --inputs=integers,normal | FileCheck %s
// CHECK-COUNT-10: 1 output equal on {{[234]}} ranks
// RUN: dchag-opt %s --distribute='mesh=tp=2 mode=split-softmax' | FileCheck %s --check-prefix=LOCAL

// Of 4, 3 and 1 channels a rank has 2, 2 and 1, the second with one of padding on the last rank.
// LOCAL-LABEL: func.func @three(
// LOCAL-NOT:   shard.all_gather
// LOCAL-DAG:   dchag.tokenize {{.+}} -> tensor<2x2x6x8xf32>
// LOCAL-DAG:   dchag.tokenize {{.+}} -> tensor<2x2x6x8xf32>
// LOCAL-DAG:   dchag.tokenize {{.+}} -> tensor<2x1x6x8xf32>
// LOCAL:       arith.constant dense<{{\[\[\[}}true, true, true, true, true, true, true, true, false, false]]]> : tensor<1x1x10xi1>
// LOCAL:       dchag.aggregate_partial {{.+}} : (tensor<2x1x5x6x8xf32>
// LOCAL-NOT:   shard.all_gather
// LOCAL:       return
func.func @three(%x: tensor<2x4x1x4x6xf32> {dchag.role = "input", dchag.name = "x"}, %z: tensor<2x3x1x8x12xf32> {dchag.role = "input", dchag.name = "z"},
    %u: tensor<2x1x1x4x6xf32> {dchag.role = "input", dchag.name = "u"},
    %wx: tensor<4x8x1x2x2xf32> {dchag.role = "param", dchag.name = "wx"}, %wz: tensor<3x8x1x4x4xf32> {dchag.role = "param", dchag.name = "wz"},
    %wu: tensor<1x8x1x2x2xf32> {dchag.role = "param", dchag.name = "wu"}, %e: tensor<8x8xf32> {dchag.role = "param", dchag.name = "e"},
    %s: tensor<6x8xf32> {dchag.role = "param", dchag.name = "s"}, %q: tensor<1x1x8xf32> {dchag.role = "param", dchag.name = "q"}) -> (tensor<2x1x1x6x8xf32> {dchag.name = "y"}) {
  %tx = dchag.tokenize %x weight(%wx) : (tensor<2x4x1x4x6xf32>, tensor<4x8x1x2x2xf32>) -> tensor<2x4x6x8xf32>
  %tz = dchag.tokenize %z weight(%wz) : (tensor<2x3x1x8x12xf32>, tensor<3x8x1x4x4xf32>) -> tensor<2x3x6x8xf32>
  %tu = dchag.tokenize %u weight(%wu) : (tensor<2x1x1x4x6xf32>, tensor<1x8x1x2x2xf32>) -> tensor<2x1x6x8xf32>
  %c = tensor.concat dim(1) %tx, %tu, %tz : (tensor<2x4x6x8xf32>, tensor<2x1x6x8xf32>, tensor<2x3x6x8xf32>) -> tensor<2x8x6x8xf32>
  %empty = tensor.empty() : tensor<2x8x6x8xf32>
  %embedding = linalg.broadcast ins(%e : tensor<8x8xf32>) outs(%empty : tensor<2x8x6x8xf32>) dimensions = [0, 2]
  %a = arith.addf %embedding, %c : tensor<2x8x6x8xf32>
  %positions = linalg.broadcast ins(%s : tensor<6x8xf32>) outs(%empty : tensor<2x8x6x8xf32>) dimensions = [0, 1]
  %b = arith.addf %a, %positions : tensor<2x8x6x8xf32>
  %t = tensor.expand_shape %b [[0], [1, 2], [3], [4]] output_shape [2, 1, 8, 6, 8] : tensor<2x8x6x8xf32> into tensor<2x1x8x6x8xf32>
  %y = dchag.aggregate %t, %q {heads = 2, scale = 0.5} : (tensor<2x1x8x6x8xf32>, tensor<1x1x8xf32>) -> tensor<2x1x1x6x8xf32>
  return %y : tensor<2x1x1x6x8xf32>
}

// A mask of the samples is dealt too, and keeps out what is padded; the other factor of the tokens
// is no parameter.
// LOCAL-LABEL: func.func @masked(
// LOCAL-NOT:   shard.all_gather
// LOCAL:       return
func.func @masked(%x: tensor<2x5x1x4x6xf32> {dchag.role = "input", dchag.name = "x"}, %z: tensor<2x4x1x4x6xf32> {dchag.role = "input", dchag.name = "z"},
    %m: tensor<2x1x9xi1> {dchag.role = "input", dchag.name = "m"}, %f: tensor<2x9x6x8xf32> {dchag.role = "input", dchag.name = "f"},
    %wx: tensor<1x8x1x2x2xf32> {dchag.role = "param", dchag.name = "wx"}, %wz: tensor<4x8x1x2x2xf32> {dchag.role = "param", dchag.name = "wz"},
    %q: tensor<1x1x8xf32> {dchag.role = "param", dchag.name = "q"}) -> (tensor<2x1x1x6x8xf32> {dchag.name = "y"}) {
  %tx = dchag.tokenize %x weight(%wx) : (tensor<2x5x1x4x6xf32>, tensor<1x8x1x2x2xf32>) -> tensor<2x5x6x8xf32>
  %tz = dchag.tokenize %z weight(%wz) : (tensor<2x4x1x4x6xf32>, tensor<4x8x1x2x2xf32>) -> tensor<2x4x6x8xf32>
  %c = tensor.concat dim(1) %tx, %tz : (tensor<2x5x6x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x9x6x8xf32>
  %a = arith.mulf %c, %f : tensor<2x9x6x8xf32>
  %t = tensor.expand_shape %a [[0], [1, 2], [3], [4]] output_shape [2, 1, 9, 6, 8] : tensor<2x9x6x8xf32> into tensor<2x1x9x6x8xf32>
  %y = dchag.aggregate %t, %q mask(%m) {heads = 2, scale = 0.5} : (tensor<2x1x9x6x8xf32>, tensor<1x1x8xf32>, tensor<2x1x9xi1>) -> tensor<2x1x1x6x8xf32>
  return %y : tensor<2x1x1x6x8xf32>
}
