// More ranks than elements along several axes: a dimension made of two, of which the first has fewer
// elements than ranks, keeps whole elements of the first on each rank.
// RUN: dchag-opt %s --check-ranks='distribute{mesh=a=2,b=2 strategy=dp=a+b}' --inputs=integers,normal | FileCheck %s
// RUN: dchag-opt %s --check-ranks='distribute{mesh=a=2,b=3 strategy=dp=a+b}' --inputs=integers,normal | FileCheck %s
// RUN: dchag-opt %s --check-ranks='distribute{mesh=a=3,b=2 strategy=dp=a+b}' --inputs=integers,normal | FileCheck %s
// RUN: dchag-opt %s --distribute='mesh=a=2,b=2 strategy=dp=a+b' | FileCheck %s --check-prefix=LOCAL
// CHECK: check-ranks: @step: 1 output equal on {{[46]}} ranks

// LOCAL: tensor.collapse_shape %{{.+}} {{\[}}[0, 1], [2]] : tensor<1x6x3xf32> into tensor<6x3xf32>
func.func @step(%x: tensor<2x6x3xf32> {dchag.role = "input", dchag.name = "x"}) -> (tensor<12x3xf32> {dchag.name = "y"}) {
  %e = math.exp %x : tensor<2x6x3xf32>
  %y = tensor.collapse_shape %e [[0, 1], [2]] : tensor<2x6x3xf32> into tensor<12x3xf32>
  return %y : tensor<12x3xf32>
}
