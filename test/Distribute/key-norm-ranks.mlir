// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=replicate}' --check-ranks='distribute{mesh=tp=3 mode=replicate}' --check-ranks='distribute{mesh=tp=4 mode=replicate}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=gather}' --check-ranks='distribute{mesh=tp=3 mode=gather}' --check-ranks='distribute{mesh=tp=4 mode=gather}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=split-softmax}' --check-ranks='distribute{mesh=tp=3 mode=split-softmax}' --check-ranks='distribute{mesh=tp=4 mode=split-softmax}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=dp=2,tp=2 mode=split-softmax}' --check-ranks='distribute{mesh=sp=2,tp=2 mode=replicate}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --distribute='mesh=tp=2 mode=replicate' | FileCheck %s --check-prefix=HEADS
// RUN: dchag-opt %s --distribute='mesh=tp=2 mode=split-softmax' | FileCheck %s --check-prefix=PARTS

// Normalised keys of 5 channels and 3 heads, each uneven over 2 ranks and more. The heads of the first
// aggregation are normalised by themselves and split, with zeros in the padding; those of the second stay
// together.
// HEADS-DAG: dchag.aggregate {{.+}} keys({{.+}}) values({{.+}}) {heads = 2 : i64, key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.000000e-05>
// HEADS-DAG: dchag.aggregate {{.+}} keys({{.+}}) values({{.+}}) {heads = 3 : i64, key_norm = #dchag.key_norm<rms, all_heads, epsilon = 1.000000e-05>

// Parts of the softmax have the norm, too.
// PARTS-DAG: dchag.aggregate_partial {{.+}} key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.000000e-05>
// PARTS-DAG: dchag.aggregate_partial {{.+}} key_norm = #dchag.key_norm<rms, all_heads, epsilon = 1.000000e-05>
// PARTS-DAG: dchag.aggregate_partial {{.+}} key_norm = #dchag.key_norm<layer, all_heads, epsilon = 1.000000e-05>
// PARTS-DAG: dchag.aggregate_partial {{.+}} key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.000000e-05>

func.func @step(
    %x: tensor<2x5x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
    %e: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
    %eb: tensor<5x6xf32> {dchag.role = "param", dchag.name = "eb"},
    %q0: tensor<1x1x9xf32> {dchag.role = "param", dchag.name = "q0"},
    %k0: tensor<1x9x6xf32> {dchag.role = "param", dchag.name = "k0"},
    %b0: tensor<1x9xf32> {dchag.role = "param", dchag.name = "b0"},
    %v0: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "v0"},
    %o0: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "o0"},
    %c0: tensor<1x6xf32> {dchag.role = "param", dchag.name = "c0"},
    %q1: tensor<1x1x9xf32> {dchag.role = "param", dchag.name = "q1"},
    %k1: tensor<1x9x6xf32> {dchag.role = "param", dchag.name = "k1"},
    %v1: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "v1"},
    %o1: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "o1"},
    %q2: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q2"},
    %q3: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q3"},
    %o3: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "o3"}) -> (tensor<2x1x1x4x6xf32> {dchag.name = "y"}) {
  %t = dchag.tokenize %x weight(%e) embedding(%eb) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>, tensor<5x6xf32>) -> tensor<2x5x4x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y0 = dchag.aggregate %g, %q0 keys(%k0, %b0) values(%v0) output(%o0, %c0) {heads = 3, scale = 0.5, key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.0e-5>}
    : (tensor<2x1x5x4x6xf32>, tensor<1x1x9xf32>, tensor<1x9x6xf32>, tensor<1x9xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>, tensor<1x6xf32>) -> tensor<2x1x1x4x6xf32>
  %y1 = dchag.aggregate %g, %q1 keys(%k1) values(%v1) output(%o1) {heads = 3, scale = 0.5, key_norm = #dchag.key_norm<rms, all_heads, epsilon = 1.0e-5>}
    : (tensor<2x1x5x4x6xf32>, tensor<1x1x9xf32>, tensor<1x9x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x4x6xf32>
  %y2 = dchag.aggregate %g, %q2 {heads = 3, scale = 0.5, key_norm = #dchag.key_norm<layer, all_heads, epsilon = 1.0e-5>}
    : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>) -> tensor<2x1x1x4x6xf32>
  %y3 = dchag.aggregate %g, %q3 output(%o3) {heads = 3, scale = 0.5, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.0e-5>}
    : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x4x6xf32>
  %a = arith.addf %y0, %y1 : tensor<2x1x1x4x6xf32>
  %b = arith.addf %y2, %y3 : tensor<2x1x1x4x6xf32>
  %y = arith.addf %a, %b : tensor<2x1x1x4x6xf32>
  return %y : tensor<2x1x1x4x6xf32>
}
