// Weights that a step computes, here from an embedding that is an input and gathered tokens: padded channels, which hold NaN
// here, are masked, but their pixels are multiplied by these weights, which must be finite.
// RUN: dchag-opt %s --inputs=normal --tolerance=1e-6 --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,split-softmax},cse,prepare,extract-reads,set-mesh{mesh=tp=2},split-projections,annotate-aggregations{axis=tp mode=split-softmax},split-aggregates,propagate,insert-reshards,verify-shardings,partition{poison-padding},verify-partition,reshards-to-collectives,cse,verify-partition,decompose{evaluable}'
// RUN: dchag-opt %s --fold-aggregate='fold=full mesh=tp=2 strategy=tp,split-softmax' --distribute='mesh=tp=2 strategy=tp,split-softmax' | FileCheck %s

// CHECK-LABEL: func.func @step(
// CHECK-DAG:     %[[W:.+]] = dchag.mask_shard {{.+}} value = 0.000000e+00
// CHECK:         dchag.folded_aggregate_partial
func.func @step(%x: tensor<1x3x1x2x2xf32> {dchag.role = "input", dchag.name = "x"}, %f: tensor<1x3x4xf32> {dchag.role = "input", dchag.name = "f"}, %i: tensor<1xi64> {dchag.role = "input", dchag.name = "i", dchag.range = array<i64: -2, 1>},
    %e: tensor<3x4x1x2x2xf32> {dchag.role = "param", dchag.name = "e"}, %q: tensor<1x1x4xf32> {dchag.role = "param", dchag.name = "q"}, %wk: tensor<1x4x4xf32> {dchag.role = "param", dchag.name = "wk"}) -> tensor<1x1x1x1x4xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<1x3x1x2x2xf32>, tensor<3x4x1x2x2xf32>) -> tensor<1x3x1x4xf32>
  %fe = tensor.empty() : tensor<1x3x1x4xf32>
  %fb = linalg.broadcast ins(%f : tensor<1x3x4xf32>) outs(%fe : tensor<1x3x1x4xf32>) dimensions = [2]
  %s = arith.addf %t, %fb : tensor<1x3x1x4xf32>
  %o = dchag.gather %s[%i] {batch = 0, dim = 2} : (tensor<1x3x1x4xf32>, tensor<1xi64>) -> tensor<1x3x1x4xf32>
  %g = tensor.expand_shape %o [[0], [1, 2], [3], [4]] output_shape [1, 1, 3, 1, 4] : tensor<1x3x1x4xf32> into tensor<1x1x3x1x4xf32>
  %c = arith.constant dense<[true, false, true]> : tensor<3xi1>
  %m = tensor.expand_shape %c [[0, 1, 2]] output_shape [1, 1, 3] : tensor<3xi1> into tensor<1x1x3xi1>
  %y = dchag.aggregate %g, %q keys(%wk) mask(%m) {heads = 2, scale = 0.25} : (tensor<1x1x3x1x4xf32>, tensor<1x1x4xf32>, tensor<1x4x4xf32>, tensor<1x1x3xi1>) -> tensor<1x1x1x1x4xf32>
  return %y : tensor<1x1x1x1x4xf32>
}
