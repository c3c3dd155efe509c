// RUN: dchag-opt %s --fold-aggregate -o /dev/null 2>&1 | FileCheck %s --check-prefix=ONE
// RUN: dchag-opt %s --fold-aggregate='mesh=tp=8 strategy=tp,split-softmax' -o /dev/null 2>&1 | FileCheck %s --check-prefix=CHANNELS
// RUN: dchag-opt %s --fold-aggregate='mesh=dp=2 strategy=dp' -o /dev/null 2>&1 | FileCheck %s --check-prefix=SAMPLES
// RUN: dchag-opt %s --fold-aggregate='mesh=tp=2 strategy=tp,replicate' -o /dev/null 2>&1 | FileCheck %s --check-prefix=HEADS
// RUN: dchag-opt %s --check-equal=fold-aggregate --check-equal='fold-aggregate{mesh=tp=8 strategy=tp,split-softmax}' --inputs=normal --tolerance=1e-12

// A machine of one operation a second, whose memory takes no time: the seconds are the operations. 2 samples, 8 channels
// of 4 pixels, one position, tokens of width 8, keys of width 8, values of width 32, 2 heads. What depends on parameters alone is not counted.
//
// Keys and values: scores 2*8*2*(2*4+5), pixels times weights 2*8*2*4 and their products 2*2*32*8*4, and a division of
// each of 2*32 values: 416 + 128 + 4096 + 64.
// Keys only: tokens 2*2*8*8*4, scores 416, sums of tokens 2*2*8*2*8, their projection 2*2*32*8, divisions 64.
// As written: tokens 1024, keys and values 2*2*8*(8+32)*8, scores and sums 2*8*(2*(8+32)+5*2), divisions 64.
// ONE: 'dchag.aggregate' is computed in the form 'keys only'; a step takes a rank: pooled not possible (each channel has its own tokenizer), keys and values 4.70e+03 s, keys only 3.04e+03 s, as written 1.28e+04 s

// One channel of 8 a rank, whose weights count as shared: 52 + 32 + 512 + 64, and 128 + 52 + 64 + 1024 + 64. The projection
// after the sum is not split.
// CHANNELS: is computed in the form 'keys and values'; {{.+}} keys and values 6.60e+02 s, keys only 1.33e+03 s

// One sample: half of everything.
// SAMPLES: is computed in the form 'keys only'; {{.+}} keys and values 2.35e+03 s, keys only 1.52e+03 s

// One head: half of everything but the tokens.
// HEADS: is computed in the form 'keys only'; {{.+}} keys and values 2.35e+03 s, keys only 2.03e+03 s

module attributes {dchag.machine = #dchag.machine<"count", cores = 1, flops = [f32 = 1.0], memory = 1.0e+30, network = [<"node", ranks = 8, bandwidth = 1.0, latency = 1.0>]>} {
  func.func @step(%x: tensor<2x8x1x2x2xf32> {dchag.role = "input", dchag.name = "x"}, %e: tensor<8x8x1x2x2xf32> {dchag.role = "param", dchag.name = "e"}, %q: tensor<1x1x8xf32> {dchag.role = "param", dchag.name = "q"},
      %wk: tensor<1x8x8xf32> {dchag.role = "param", dchag.name = "wk"}, %wv: tensor<1x32x8xf32> {dchag.role = "param", dchag.name = "wv"}) -> (tensor<2x1x1x1x32xf32> {dchag.name = "y"}) {
    %t = dchag.tokenize %x weight(%e) : (tensor<2x8x1x2x2xf32>, tensor<8x8x1x2x2xf32>) -> tensor<2x8x1x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 8, 1, 8] : tensor<2x8x1x8xf32> into tensor<2x1x8x1x8xf32>
    %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x8x1x8xf32>, tensor<1x1x8xf32>, tensor<1x8x8xf32>, tensor<1x32x8xf32>) -> tensor<2x1x1x1x32xf32>
    return %y : tensor<2x1x1x1x32xf32>
  }
}
