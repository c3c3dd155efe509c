// Tokens that a product of patches makes, not a tokenizer: channels are split all the same, uneven over 3 ranks, as
// written and folded. There is no tokenizer for mode gather to split.
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=split-softmax}' --check-ranks='distribute{mesh=tp=3 mode=split-softmax}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,split-softmax},prepare,extract-reads,distribute{mesh=tp=2 strategy=tp,split-softmax}' --check-ranks='fold-aggregate{fold=full mesh=tp=3 strategy=tp,split-softmax},prepare,extract-reads,distribute{mesh=tp=3 strategy=tp,split-softmax}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --distribute='mesh=tp=2 mode=split-softmax' | FileCheck %s
// RUN: not dchag-opt %s --distribute='mesh=tp=2 mode=gather' 2>&1 | FileCheck %s --check-prefix=GATHER
// RUN: not dchag-opt %s --distribute='mesh=tp=2 mode=hierarchical' 2>&1 | FileCheck %s --check-prefix=GROUPS

// CHECK: func.func @step(%{{.*}}: tensor<2x2x4x3xf32> {dchag.global = tensor<2x4x4x3xf32>
// CHECK: shard.all_reduce
// GATHER: error: 'dchag.aggregate' op takes tokens that no tokenizer makes, so mode gather has nothing to split: use mode split-softmax or hierarchical
// GROUPS: error: 'dchag.aggregate' op has one group, so mode hierarchical has nothing to split
#x = affine_map<(b, c, n, p, d) -> (b, c, n, p)>
#e = affine_map<(b, c, n, p, d) -> (c, p, d)>
#t = affine_map<(b, c, n, p, d) -> (b, c, n, d)>
func.func @step(
    %x: tensor<2x4x4x3xf32> {dchag.role = "input", dchag.name = "x"},
    %e: tensor<4x3x6xf32> {dchag.role = "param", dchag.name = "e"},
    %q: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q"}) -> (tensor<2x1x1x4x6xf32> {dchag.name = "y"}) {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<2x4x4x6xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e0 : tensor<2x4x4x6xf32>) -> tensor<2x4x4x6xf32>
  %t = linalg.contract indexing_maps = [#x, #e, #t] ins(%x, %e : tensor<2x4x4x3xf32>, tensor<4x3x6xf32>) outs(%z : tensor<2x4x4x6xf32>) -> tensor<2x4x4x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 4, 4, 6] : tensor<2x4x4x6xf32> into tensor<2x1x4x4x6xf32>
  %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x1x4x4x6xf32>, tensor<1x1x6xf32>) -> tensor<2x1x1x4x6xf32>
  return %y : tensor<2x1x1x4x6xf32>
}
