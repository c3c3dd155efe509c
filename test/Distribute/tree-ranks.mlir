// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=hierarchical}' --check-ranks='distribute{mesh=tp=3 mode=hierarchical}' --check-ranks='distribute{mesh=tp=4 mode=hierarchical}' --check-ranks='distribute{mesh=tp=8 mode=hierarchical}' --check-ranks='distribute{mesh=dp=2,tp=4 mode=hierarchical}' --tolerance=1e-12
// RUN: dchag-opt %s --distribute='mesh=tp=2 mode=hierarchical' | python3 %S/Inputs/collectives.py | FileCheck %s --check-prefix=TWO
// RUN: dchag-opt %s --distribute='mesh=tp=4 mode=hierarchical' | python3 %S/Inputs/collectives.py | FileCheck %s --check-prefix=FOUR
// RUN: dchag-opt %s --distribute='mesh=tp=8 mode=hierarchical' | python3 %S/Inputs/collectives.py | FileCheck %s --check-prefix=EIGHT

// A tree of three levels: 8 channels in 4 groups by cross-attention, 2 linear aggregations of 2 groups,
// and one over both. As long as a level has groups for all ranks its tokens stay where they are: over
// two ranks one token each is gathered in front of the last level, over four in front of the
// second. With fewer groups than ranks a group is split itself, as a softmax over its two ranks.
// TWO: @step: 1 all_gather{{(, [0-9]+ all_slice)?$}}
// TWO-NEXT: 1 all_gather tensor<2x1x3x6xf32> -> tensor<2x2x3x6xf32>
// FOUR: @step: 1 all_gather{{(, [0-9]+ all_slice)?$}}
// FOUR-NEXT: 1 all_gather tensor<2x1x3x6xf32> -> tensor<2x4x3x6xf32>
// EIGHT: @step: 1 all_gather, 3 all_reduce
func.func @step(%x: tensor<2x8x1x3x2xf32> {dchag.role = "input", dchag.name = "x"},
                %e: tensor<8x6x1x1x2xf32> {dchag.role = "param", dchag.name = "e"},
                %q: tensor<4x1x6xf32> {dchag.role = "param", dchag.name = "q"},
                %w: tensor<2x1x2xf32> {dchag.role = "param", dchag.name = "w"},
                %b: tensor<2x1xf32> {dchag.role = "param", dchag.name = "b"},
                %r: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "r"}) -> (tensor<2x1x1x3x6xf32> {dchag.name = "y"}) {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x8x1x3x2xf32>, tensor<8x6x1x1x2xf32>) -> tensor<2x8x3x6xf32>
  %t1 = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 4, 2, 3, 6] : tensor<2x8x3x6xf32> into tensor<2x4x2x3x6xf32>
  %a1 = dchag.aggregate %t1, %q {heads = 2, scale = 0.5} : (tensor<2x4x2x3x6xf32>, tensor<4x1x6xf32>) -> tensor<2x4x1x3x6xf32>
  %c1 = tensor.collapse_shape %a1 [[0], [1, 2], [3], [4]] : tensor<2x4x1x3x6xf32> into tensor<2x4x3x6xf32>
  %t2 = tensor.expand_shape %c1 [[0], [1, 2], [3], [4]] output_shape [2, 2, 2, 3, 6] : tensor<2x4x3x6xf32> into tensor<2x2x2x3x6xf32>
  %a2 = dchag.aggregate_linear %t2 weight(%w) bias(%b) : (tensor<2x2x2x3x6xf32>, tensor<2x1x2xf32>, tensor<2x1xf32>) -> tensor<2x2x1x3x6xf32>
  %c2 = tensor.collapse_shape %a2 [[0], [1, 2], [3], [4]] : tensor<2x2x1x3x6xf32> into tensor<2x2x3x6xf32>
  %t3 = tensor.expand_shape %c2 [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 3, 6] : tensor<2x2x3x6xf32> into tensor<2x1x2x3x6xf32>
  %y = dchag.aggregate %t3, %r {heads = 2, scale = 0.5} : (tensor<2x1x2x3x6xf32>, tensor<1x1x6xf32>) -> tensor<2x1x1x3x6xf32>
  return %y : tensor<2x1x1x3x6xf32>
}
