// RUN: dchag-opt %s --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,replicate},distribute{mesh=tp=2 strategy=tp,replicate}' --check-ranks='fold-aggregate{fold=full mesh=tp=3 strategy=tp,gather},distribute{mesh=tp=3 strategy=tp,gather}' --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,split-softmax},distribute{mesh=tp=2 strategy=tp,split-softmax}' --check-ranks='fold-aggregate{fold=full mesh=tp=3 strategy=tp,split-softmax},distribute{mesh=tp=3 strategy=tp,split-softmax}' --check-ranks='fold-aggregate{fold=full mesh=dp=2,tp=4 strategy=dp,tp,split-softmax},distribute{mesh=dp=2,tp=4 strategy=dp,tp,split-softmax}' --check-ranks='fold-aggregate{fold=full mesh=tp=2,sp=2 strategy=tp,sp,split-softmax},distribute{mesh=tp=2,sp=2 strategy=tp,sp,split-softmax}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='fold-aggregate{fold=keys mesh=tp=2 strategy=tp,replicate},distribute{mesh=tp=2 strategy=tp,replicate}' --check-ranks='fold-aggregate{fold=keys mesh=tp=3 strategy=tp,gather},distribute{mesh=tp=3 strategy=tp,gather}' --check-ranks='fold-aggregate{fold=keys mesh=tp=2 strategy=tp,split-softmax},distribute{mesh=tp=2 strategy=tp,split-softmax}' --check-ranks='fold-aggregate{fold=keys mesh=tp=3 strategy=tp,split-softmax},distribute{mesh=tp=3 strategy=tp,split-softmax}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,replicate},prepare,extract-reads,distribute{mesh=tp=2 strategy=tp,replicate}' --check-ranks='fold-aggregate{fold=full mesh=tp=3 strategy=tp,gather},prepare,extract-reads,distribute{mesh=tp=3 strategy=tp,gather}' --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,split-softmax},prepare,extract-reads,distribute{mesh=tp=2 strategy=tp,split-softmax}' --check-ranks='fold-aggregate{fold=full mesh=tp=3 strategy=tp,split-softmax},prepare,extract-reads,distribute{mesh=tp=3 strategy=tp,split-softmax}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --fold-aggregate='fold=full mesh=tp=2 strategy=tp,split-softmax' --prepare --extract-reads --distribute='mesh=tp=2 strategy=tp,split-softmax' | FileCheck %s

// Folded aggregations of five channels over ranks that do not divide them, in all modes that split one group: own and
// shared tokenizers, a mask of each sample, positions embedded before, normalised tokens and keys, tokenizations of two
// patch sizes. A rank reads and patches only its channels.
// CHECK:     func.func @step(%{{.+}}: tensor<2x3x1x4x4xf32> {dchag.global = tensor<2x5x1x4x4xf32>, dchag.name = "x"
// CHECK:     dchag.channel_patches %{{.+}} : (tensor<2x3x1x4x4xf32>) -> tensor<2x3x4x4xf32>
// CHECK-NOT: tensor<2x5x1x4x4xf32>) ->
func.func @step(
    %x: tensor<2x5x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
    %z: tensor<2x3x1x8x8xf32> {dchag.role = "input", dchag.name = "z"},
    %m: tensor<2x1x5xi1> {dchag.role = "input", dchag.name = "m"},
    %f: tensor<2x5x6xf32> {dchag.role = "input", dchag.name = "f"},
    %e0: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e0"},
    %c0: tensor<5x6xf32> {dchag.role = "param", dchag.name = "c0"},
    %q0: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q0"},
    %k0: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "k0"},
    %kb0: tensor<1x6xf32> {dchag.role = "param", dchag.name = "kb0"},
    %v0: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "v0"},
    %vb0: tensor<1x6xf32> {dchag.role = "param", dchag.name = "vb0"},
    %o0: tensor<1x7x6xf32> {dchag.role = "param", dchag.name = "o0"},
    %ob0: tensor<1x7xf32> {dchag.role = "param", dchag.name = "ob0"},
    %e1: tensor<1x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e1"},
    %c1: tensor<5x6xf32> {dchag.role = "param", dchag.name = "c1"},
    %q1: tensor<1x2x6xf32> {dchag.role = "param", dchag.name = "q1"},
    %k1: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "k1"},
    %v1: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "v1"},
    %e2: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e2"},
    %p2: tensor<4x6xf32> {dchag.role = "param", dchag.name = "p2"},
    %q2: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q2"},
    %k2: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "k2"},
    %v2: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "v2"},
    %e3: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e3"},
    %c3: tensor<5x6xf32> {dchag.role = "param", dchag.name = "c3"},
    %sc3: tensor<6xf32> {dchag.role = "param", dchag.name = "sc3"},
    %bi3: tensor<6xf32> {dchag.role = "param", dchag.name = "bi3"},
    %q3: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q3"},
    %k3: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "k3"},
    %v3: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "v3"},
    %vb3: tensor<1x6xf32> {dchag.role = "param", dchag.name = "vb3"},
    %e4: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e4"},
    %q4: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q4"},
    %k4: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "k4"},
    %kb4: tensor<1x6xf32> {dchag.role = "param", dchag.name = "kb4"},
    %v4: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "v4"},
    %e5: tensor<1x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e5"},
    %c5: tensor<5x6xf32> {dchag.role = "param", dchag.name = "c5"},
    %q5: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q5"},
    %k5: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "k5"},
    %e6: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e6"},
    %c6: tensor<5x6xf32> {dchag.role = "param", dchag.name = "c6"},
    %e7: tensor<1x6x1x4x4xf32> {dchag.role = "param", dchag.name = "e7"},
    %c7: tensor<3x6xf32> {dchag.role = "param", dchag.name = "c7"},
    %q6: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q6"},
    %k6: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "k6"},
    %v6: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "v6"}) -> (tensor<2x1x1x4x7xf32> {dchag.name = "y0"}, tensor<2x1x2x4x6xf32> {dchag.name = "y1"}, tensor<2x1x1x4x6xf32> {dchag.name = "y2"}, tensor<2x1x1x4x6xf32> {dchag.name = "y3"}, tensor<2x1x1x4x6xf32> {dchag.name = "y4"}, tensor<2x1x1x4x6xf32> {dchag.name = "y5"}, tensor<2x1x1x4x6xf32> {dchag.name = "y6"}) {
  %t0 = dchag.tokenize %x weight(%e0) embedding(%c0) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>, tensor<5x6xf32>) -> tensor<2x5x4x6xf32>
  %g0 = tensor.expand_shape %t0 [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y0 = dchag.aggregate %g0, %q0 keys(%k0, %kb0) values(%v0, %vb0) output(%o0, %ob0) {heads = 3, scale = 0.5, nan_when_empty} : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6xf32>, tensor<1x6x6xf32>, tensor<1x6xf32>, tensor<1x7x6xf32>, tensor<1x7xf32>) -> tensor<2x1x1x4x7xf32>
  %t1 = dchag.tokenize %x weight(%e1) embedding(%c1) : (tensor<2x5x1x4x4xf32>, tensor<1x6x1x2x2xf32>, tensor<5x6xf32>) -> tensor<2x5x4x6xf32>
  %g1 = tensor.expand_shape %t1 [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y1 = dchag.aggregate %g1, %q1 keys(%k1) values(%v1) mask(%m) {heads = 3, scale = 0.5} : (tensor<2x1x5x4x6xf32>, tensor<1x2x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>, tensor<2x1x5xi1>) -> tensor<2x1x2x4x6xf32>
  %t2 = dchag.tokenize %x weight(%e2) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x4x6xf32>
  %pe2 = tensor.empty() : tensor<2x5x4x6xf32>
  %pb2 = linalg.broadcast ins(%p2 : tensor<4x6xf32>) outs(%pe2 : tensor<2x5x4x6xf32>) dimensions = [0, 1]
  %s2 = arith.addf %t2, %pb2 : tensor<2x5x4x6xf32>
  %g2 = tensor.expand_shape %s2 [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y2 = dchag.aggregate %g2, %q2 keys(%k2) values(%v2) mask(%m) {heads = 3, scale = 0.5} : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>, tensor<2x1x5xi1>) -> tensor<2x1x1x4x6xf32>
  %t3 = dchag.tokenize %x weight(%e3) embedding(%c3) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>, tensor<5x6xf32>) -> tensor<2x5x4x6xf32>
  %n3 = dchag.layer_norm %t3 scale(%sc3) bias(%bi3) {dims = 1, epsilon = 1.0e-3} : (tensor<2x5x4x6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<2x5x4x6xf32>
  %g3 = tensor.expand_shape %n3 [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y3 = dchag.aggregate %g3, %q3 keys(%k3) values(%v3, %vb3) {heads = 3, scale = 0.5, nan_when_empty} : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>, tensor<1x6xf32>) -> tensor<2x1x1x4x6xf32>
  %t4 = dchag.tokenize %x weight(%e4) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x4x6xf32>
  %fe4 = tensor.empty() : tensor<2x5x4x6xf32>
  %fb4 = linalg.broadcast ins(%f : tensor<2x5x6xf32>) outs(%fe4 : tensor<2x5x4x6xf32>) dimensions = [2]
  %s4 = arith.addf %t4, %fb4 : tensor<2x5x4x6xf32>
  %g4 = tensor.expand_shape %s4 [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y4 = dchag.aggregate %g4, %q4 keys(%k4, %kb4) values(%v4) {heads = 3, scale = 0.5, nan_when_empty, key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.0e-3>} : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x4x6xf32>
  %t5 = dchag.tokenize %x weight(%e5) embedding(%c5) : (tensor<2x5x1x4x4xf32>, tensor<1x6x1x2x2xf32>, tensor<5x6xf32>) -> tensor<2x5x4x6xf32>
  %g5 = tensor.expand_shape %t5 [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y5 = dchag.aggregate %g5, %q5 keys(%k5) {heads = 3, scale = 0.5, nan_when_empty, key_norm = #dchag.key_norm<rms, all_heads, epsilon = 1.0e-3>} : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x4x6xf32>
  %t6 = dchag.tokenize %x weight(%e6) embedding(%c6) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>, tensor<5x6xf32>) -> tensor<2x5x4x6xf32>
  %t7 = dchag.tokenize %z weight(%e7) embedding(%c7) : (tensor<2x3x1x8x8xf32>, tensor<1x6x1x4x4xf32>, tensor<3x6xf32>) -> tensor<2x3x4x6xf32>
  %j6 = tensor.concat dim(1) %t6, %t7 : (tensor<2x5x4x6xf32>, tensor<2x3x4x6xf32>) -> tensor<2x8x4x6xf32>
  %g6 = tensor.expand_shape %j6 [[0], [1, 2], [3], [4]] output_shape [2, 1, 8, 4, 6] : tensor<2x8x4x6xf32> into tensor<2x1x8x4x6xf32>
  %y6 = dchag.aggregate %g6, %q6 keys(%k6) values(%v6) {heads = 3, scale = 0.5, nan_when_empty} : (tensor<2x1x8x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x4x6xf32>
  return %y0, %y1, %y2, %y3, %y4, %y5, %y6 : tensor<2x1x1x4x7xf32>, tensor<2x1x2x4x6xf32>, tensor<2x1x1x4x6xf32>, tensor<2x1x1x4x6xf32>, tensor<2x1x1x4x6xf32>, tensor<2x1x1x4x6xf32>, tensor<2x1x1x4x6xf32>
}
