// RUN: dchag-opt %s --annotate-positions --verify-diagnostics | FileCheck %s --implicit-check-not=dchag.marks
// RUN: dchag-opt %s --inputs=integers,normal --tolerance=1e-12 \
// RUN:   --check-ranks='annotate-positions,propagate,insert-reshards,verify-shardings,partition{poison-padding},verify-partition,reshards-to-collectives' | FileCheck %s --check-prefix=RANKS
// RANKS-COUNT-4: equal on 2 ranks

module attributes {dchag.mesh = #dchag.mesh<["sp" = 2]>} {
  shard.grid @mesh(shape = 2)

  // What is normalised in front of an attention splits by positions, 5 over 2 ranks: on its way in and
  // out, never the features.
  // CHECK-LABEL: func.func @attention(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x5x6xf32> {dchag.marks = [#dchag.mark<<{{\[\[}}], ["sp"], []]>, axes = ["sp"], activations, by "positions">]
  // CHECK:         dchag.rms_norm %[[X]] {{.*}}{dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], ["sp"], []]>, axes = ["sp"], activations, by "positions">]]
  func.func @attention(%x: tensor<2x5x6xf32> {dchag.role = "input", dchag.name = "x"}, %s: tensor<6xf32> {dchag.role = "param", dchag.name = "s"}) -> (tensor<2x3x5x2xf32> {dchag.name = "y"}) {
    %n = dchag.rms_norm %x scale(%s) {dims = 1, epsilon = 1.0e-5} : (tensor<2x5x6xf32>, tensor<6xf32>) -> tensor<2x5x6xf32>
    %h = tensor.expand_shape %n [[0], [1], [2, 3]] output_shape [2, 5, 3, 2] : tensor<2x5x6xf32> into tensor<2x5x3x2xf32>
    %e = tensor.empty() : tensor<2x3x5x2xf32>
    %q = linalg.transpose ins(%h : tensor<2x5x3x2xf32>) outs(%e : tensor<2x3x5x2xf32>) permutation = [0, 2, 1, 3]
    %y = dchag.attention %q, %q, %q {scale = 0.5} : (tensor<2x3x5x2xf32>, tensor<2x3x5x2xf32>, tensor<2x3x5x2xf32>) -> tensor<2x3x5x2xf32>
    return %y : tensor<2x3x5x2xf32>
  }

  // Positions become an image of 3 x 4 pixels: they split by its rows, of 4 positions each.
  // CHECK-LABEL: func.func @rows(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x12x6xf32> {dchag.marks = [#dchag.mark<<{{\[\[}}], ["sp"] block 4, []]>,
  // CHECK:         dchag.rms_norm %[[X]] {{.*}}{dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], ["sp"] block 4, []]>,
  func.func @rows(%x: tensor<2x12x6xf32> {dchag.role = "input", dchag.name = "x"}, %s: tensor<6xf32> {dchag.role = "param", dchag.name = "s"}) -> (tensor<2x6x3x4xf32> {dchag.name = "y"}, tensor<2x3x12x2xf32> {dchag.name = "z"}) {
    %n = dchag.rms_norm %x scale(%s) {dims = 1, epsilon = 1.0e-5} : (tensor<2x12x6xf32>, tensor<6xf32>) -> tensor<2x12x6xf32>
    %y = dchag.unpatchify %n {patch = array<i64: 1, 1>} : (tensor<2x12x6xf32>) -> tensor<2x6x3x4xf32>
    %h = tensor.expand_shape %n [[0], [1], [2, 3]] output_shape [2, 12, 3, 2] : tensor<2x12x6xf32> into tensor<2x12x3x2xf32>
    %e = tensor.empty() : tensor<2x3x12x2xf32>
    %q = linalg.transpose ins(%h : tensor<2x12x3x2xf32>) outs(%e : tensor<2x3x12x2xf32>) permutation = [0, 2, 1, 3]
    %z = dchag.attention %q, %q, %q {scale = 0.5} : (tensor<2x3x12x2xf32>, tensor<2x3x12x2xf32>, tensor<2x3x12x2xf32>) -> tensor<2x3x12x2xf32>
    return %y, %z : tensor<2x6x3x4xf32>, tensor<2x3x12x2xf32>
  }

  // Nothing says which dimension is that of the positions: there is no attention.
  // CHECK-LABEL: func.func @features(
  // CHECK:         return
  // expected-warning @+1 {{'features' has no normalised tokens whose positions are those of all attentions, and no windows with one sample a rank, so nothing is split over 'sp': all ranks along it compute the same}}
  func.func @features(%x: tensor<2x5x6xf32> {dchag.role = "input", dchag.name = "x"}) -> (tensor<2x5x6xf32> {dchag.name = "y"}) {
    %n = dchag.rms_norm %x {dims = 1, epsilon = 1.0e-5} : (tensor<2x5x6xf32>) -> tensor<2x5x6xf32>
    return %n : tensor<2x5x6xf32>
  }

  // Attention inside of windows of 2 positions, in an image of 4 rows of 3 patches: windows and rows stay
  // whole in parts of 6 positions.
  // CHECK-LABEL: func.func @windows(
  // CHECK:         tensor.collapse_shape %{{.+}} {dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], ["sp"] block 6, []]>,
  // CHECK:         dchag.rms_norm {{.*}}{dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], ["sp"] block 6, []]>,
  func.func @windows(%x: tensor<1x1x2x8x6xf32> {dchag.role = "input", dchag.name = "x"}, %w: tensor<1x6x2x2x2xf32> {dchag.role = "param", dchag.name = "w"}) -> (tensor<6x1x2x6xf32> {dchag.name = "y"}) {
    %t = dchag.tokenize %x weight(%w) : (tensor<1x1x2x8x6xf32>, tensor<1x6x2x2x2xf32>) -> tensor<1x1x12x6xf32>
    %c = tensor.collapse_shape %t [[0, 1], [2], [3]] : tensor<1x1x12x6xf32> into tensor<1x12x6xf32>
    %n = dchag.rms_norm %c {dims = 1, epsilon = 1.0e-5} : (tensor<1x12x6xf32>) -> tensor<1x12x6xf32>
    %v = tensor.expand_shape %n [[0], [1, 2], [3]] output_shape [1, 6, 2, 6] : tensor<1x12x6xf32> into tensor<1x6x2x6xf32>
    %q = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<1x6x2x6xf32> into tensor<6x2x6xf32>
    %q1 = tensor.expand_shape %q [[0], [1, 2], [3]] output_shape [6, 1, 2, 6] : tensor<6x2x6xf32> into tensor<6x1x2x6xf32>
    %y = dchag.attention %q1, %q1, %q1 {scale = 0.5} : (tensor<6x1x2x6xf32>, tensor<6x1x2x6xf32>, tensor<6x1x2x6xf32>) -> tensor<6x1x2x6xf32>
    return %y : tensor<6x1x2x6xf32>
  }
}
