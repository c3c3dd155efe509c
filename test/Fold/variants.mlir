// RUN: dchag-opt %s --fold-aggregate=fold=full | FileCheck %s
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=keys}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=full}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=full},decompose{evaluable}' --inputs=integers,normal --tolerance=1e-6

// Positions embedded before the aggregation: the same for all channels, they leave the scores and are
// projected and added once.
// CHECK-LABEL: func.func @position(
// CHECK:         %[[Y:.+]] = dchag.folded_aggregate %{{.+}} scores(%{{.+}}) values(%{{.+}}) {heads = 2 : i64, nan_when_empty}
// CHECK:         arith.addf %[[Y]], %{{.+}} : tensor<2x1x1x6x6xf32>
func.func @position(%x: tensor<2x5x1x4x6xf32>, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %p: tensor<6x6xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"},
    %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %pe = tensor.empty() : tensor<2x5x6x6xf32>
  %pb = linalg.broadcast ins(%p : tensor<6x6xf32>) outs(%pe : tensor<2x5x6x6xf32>) dimensions = [0, 1]
  %s = arith.addf %t, %pb : tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// The same where a mask may leave a sample without channels, whose result is 0: as parts of a softmax,
// in which what is added counts once for each channel.
// CHECK-LABEL: func.func @position_masked(
// CHECK:         dchag.folded_aggregate_partial {{.+}} mask(%{{.+}})
// CHECK:         dchag.merge_partials
func.func @position_masked(%x: tensor<2x5x1x4x6xf32>, %m: tensor<2x1x5xi1>, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %p: tensor<6x6xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"},
    %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %pe = tensor.empty() : tensor<2x5x6x6xf32>
  %pb = linalg.broadcast ins(%p : tensor<6x6xf32>) outs(%pe : tensor<2x5x6x6xf32>) dimensions = [0, 1]
  %s = arith.addf %t, %pb : tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) mask(%m) {heads = 2, scale = 0.5} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>, tensor<2x1x5xi1>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// An embedding of each channel and sample: part of the scores and of the values of each sample.
// CHECK-LABEL: func.func @samples(
// CHECK:         dchag.folded_aggregate {{.+}} : (tensor<2x1x5x6x4xf32>, tensor<1x1x2x5x4xf32>, tensor<2x1x5x1x2xf32>, tensor<1x6x5x4xf32>, tensor<2x1x5x6xf32>)
func.func @samples(%x: tensor<2x5x1x4x6xf32>, %f: tensor<2x5x6xf32>, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %b: tensor<5x6xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"},
    %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}, %bv: tensor<1x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) bias(%b) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>, tensor<5x6xf32>) -> tensor<2x5x6x6xf32>
  %fe = tensor.empty() : tensor<2x5x6x6xf32>
  %fb = linalg.broadcast ins(%f : tensor<2x5x6xf32>) outs(%fe : tensor<2x5x6x6xf32>) dimensions = [2]
  %s = arith.addf %fb, %t : tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv, %bv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>, tensor<1x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// Normalised tokens, with a channel embedding after the norm: variances are sums of squares of as many numbers as there are pixels.
// CHECK-LABEL: func.func @token_norm(
// CHECK:         %{{.+}}, %[[N:.+]] = dchag.fold_norm %{{.+}} {centered, parts = 1 : i64} : (tensor<1x5x6x4xf32>) -> (tensor<1x5x1x6x4xf32>, tensor<1x5x1x4x4xf32>)
// CHECK:         dchag.folded_aggregate %{{.+}} scores(%{{.+}}) score_offset(%{{.+}}) score_bias(%{{.+}}) values(%{{.+}}) value_offset(%{{.+}}) value_bias(%{{.+}}) norm_factor(%[[N]]) norm_linear(%{{.+}}) norm_constant(%{{.+}}) {epsilon = 1.000000e-03 : f64, heads = 2 : i64, nan_when_empty, norm_values}
func.func @token_norm(%x: tensor<2x5x1x4x6xf32>, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %b: tensor<5x6xf32> {dchag.role = "param"}, %sc: tensor<6xf32> {dchag.role = "param"}, %bi: tensor<6xf32> {dchag.role = "param"}, %c: tensor<5x6xf32> {dchag.role = "param"},
    %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}, %bv: tensor<1x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) bias(%b) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>, tensor<5x6xf32>) -> tensor<2x5x6x6xf32>
  %n = dchag.layer_norm %t scale(%sc) bias(%bi) {dims = 1, epsilon = 1.0e-3} : (tensor<2x5x6x6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<2x5x6x6xf32>
  %ce = tensor.empty() : tensor<2x5x6x6xf32>
  %cb = linalg.broadcast ins(%c : tensor<5x6xf32>) outs(%ce : tensor<2x5x6x6xf32>) dimensions = [0, 2]
  %s = arith.addf %n, %cb : tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv, %bv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>, tensor<1x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// An RMS norm without scale of tokens of a shared tokenizer, and no projections.
// CHECK-LABEL: func.func @token_rms(
// CHECK:         dchag.fold_norm %{{.+}} {parts = 1 : i64} : (tensor<1x1x6x4xf32>) -> (tensor<1x1x1x6x4xf32>, tensor<1x1x1x4x4xf32>)
// CHECK:         dchag.folded_aggregate {{.+}} : (tensor<2x1x5x6x4xf32>, tensor<1x1x2x1x4xf32>, tensor<1x6x1x4xf32>, tensor<1x1x1x4x4xf32>)
func.func @token_rms(%x: tensor<2x5x1x4x6xf32>, %e: tensor<1x6x1x2x2xf32> {dchag.role = "param"}, %sc: tensor<6xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<1x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %n = dchag.rms_norm %t scale(%sc) {dims = 1, epsilon = 1.0e-3} : (tensor<2x5x6x6xf32>, tensor<6xf32>) -> tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %n [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// Normalised keys of each head: a variance of each head, and the bias of the keys no longer drops out.
// CHECK-LABEL: func.func @key_norm(
// CHECK:         %{{.+}}, %[[N:.+]] = dchag.fold_norm %{{.+}} {centered, parts = 2 : i64} : (tensor<2x2x6x4xf32>) -> (tensor<2x2x2x3x4xf32>, tensor<2x2x2x4x4xf32>)
// CHECK:         dchag.folded_aggregate %{{.+}} scores(%{{.+}}) score_offset(%{{.+}}) values(%{{.+}}) value_bias(%{{.+}}) norm_factor(%[[N]]) norm_linear(%{{.+}}) norm_constant(%{{.+}}) {epsilon = 1.000000e-03 : f64, heads = 2 : i64, nan_when_empty}
func.func @key_norm(%x: tensor<2x4x1x4x6xf32>, %e: tensor<4x6x1x2x2xf32> {dchag.role = "param"}, %c: tensor<4x6xf32> {dchag.role = "param"},
    %q: tensor<2x1x6xf32> {dchag.role = "param"}, %wk: tensor<2x6x6xf32> {dchag.role = "param"}, %bk: tensor<2x6xf32> {dchag.role = "param"}, %wv: tensor<2x6x6xf32> {dchag.role = "param"}) -> tensor<2x2x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) embedding(%c) : (tensor<2x4x1x4x6xf32>, tensor<4x6x1x2x2xf32>, tensor<4x6xf32>) -> tensor<2x4x6x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 2, 2, 6, 6] : tensor<2x4x6x6xf32> into tensor<2x2x2x6x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk, %bk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty, key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.0e-3>}
    : (tensor<2x2x2x6x6xf32>, tensor<2x1x6xf32>, tensor<2x6x6xf32>, tensor<2x6xf32>, tensor<2x6x6xf32>) -> tensor<2x2x1x6x6xf32>
  return %y : tensor<2x2x1x6x6xf32>
}

// Normalised keys over all heads without a projection, of one tokenizer.
// CHECK-LABEL: func.func @key_rms(
// CHECK:         dchag.fold_norm %{{.+}} {parts = 1 : i64} : (tensor<1x1x6x4xf32>) -> (tensor<1x1x1x6x4xf32>, tensor<1x1x1x4x4xf32>)
func.func @key_rms(%x: tensor<2x5x1x4x6xf32>, %e: tensor<1x6x1x2x2xf32> {dchag.role = "param"}, %q: tensor<1x3x6xf32> {dchag.role = "param"}, %wv: tensor<1x4x6xf32> {dchag.role = "param"}) -> tensor<2x1x3x6x4xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<1x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  %y = dchag.aggregate %g, %q values(%wv) {heads = 2, scale = 0.5, nan_when_empty, key_norm = #dchag.key_norm<rms, all_heads, epsilon = 1.0e-3>}
    : (tensor<2x1x5x6x6xf32>, tensor<1x3x6xf32>, tensor<1x4x6xf32>) -> tensor<2x1x3x6x4xf32>
  return %y : tensor<2x1x3x6x4xf32>
}

// Tokenizations with patches of two sizes are parts of one softmax.
// CHECK-LABEL: func.func @sources(
// CHECK-DAG:     dchag.folded_aggregate_partial {{.+}} : (tensor<1x1x5x6x4xf32>
// CHECK-DAG:     dchag.folded_aggregate_partial {{.+}} : (tensor<1x1x4x6x16xf32>
// CHECK:         dchag.merge_partials {{.+}} : (tensor<2x1x1x1x6x2xf32>
func.func @sources(%x: tensor<1x5x1x4x6xf32>, %z: tensor<1x4x1x8x12xf32>, %m: tensor<1x1x9xi1>, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %f: tensor<1x6x1x4x4xf32> {dchag.role = "param"}, %c: tensor<9x6xf32> {dchag.role = "param"},
    %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<1x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<1x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>) -> tensor<1x5x6x6xf32>
  %u = dchag.tokenize %z weight(%f) : (tensor<1x4x1x8x12xf32>, tensor<1x6x1x4x4xf32>) -> tensor<1x4x6x6xf32>
  %j = tensor.concat dim(1) %t, %u : (tensor<1x5x6x6xf32>, tensor<1x4x6x6xf32>) -> tensor<1x9x6x6xf32>
  %ce = tensor.empty() : tensor<1x9x6x6xf32>
  %cb = linalg.broadcast ins(%c : tensor<9x6xf32>) outs(%ce : tensor<1x9x6x6xf32>) dimensions = [0, 2]
  %s = arith.addf %j, %cb : tensor<1x9x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [1, 1, 9, 6, 6] : tensor<1x9x6x6xf32> into tensor<1x1x9x6x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) mask(%m) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<1x1x9x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>, tensor<1x1x9xi1>) -> tensor<1x1x1x6x6xf32>
  return %y : tensor<1x1x1x6x6xf32>
}

// Two tokenizations of every channel that are added: one of the pixels of both.
// CHECK-LABEL: func.func @joined_features(
// CHECK:         dchag.folded_aggregate {{.+}} : (tensor<1x1x5x6x20xf32>, tensor<1x1x2x5x20xf32>,
func.func @joined_features(%x: tensor<1x5x1x4x6xf32>, %z: tensor<1x5x1x8x12xf32>, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %b: tensor<5x6xf32> {dchag.role = "param"}, %f: tensor<1x6x1x4x4xf32> {dchag.role = "param"}, %c: tensor<5x6xf32> {dchag.role = "param"},
    %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<1x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) bias(%b) : (tensor<1x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>, tensor<5x6xf32>) -> tensor<1x5x6x6xf32>
  %u = dchag.tokenize %z weight(%f) embedding(%c) : (tensor<1x5x1x8x12xf32>, tensor<1x6x1x4x4xf32>, tensor<5x6xf32>) -> tensor<1x5x6x6xf32>
  %s = arith.addf %t, %u : tensor<1x5x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [1, 1, 5, 6, 6] : tensor<1x5x6x6xf32> into tensor<1x1x5x6x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<1x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<1x1x1x6x6xf32>
  return %y : tensor<1x1x1x6x6xf32>
}

// Patches that a linear layer embeds, one of each channel, which are joined to one product again, with a norm before and
// after it; two of these channels have no bias.
// CHECK-LABEL: func.func @linear_layers(
// CHECK:         dchag.folded_aggregate {{.+}} norm_values} : (tensor<2x1x3x6x4xf32>, tensor<1x1x2x3x4xf32>,
#product = affine_map<(b, n, p, d) -> (b, n, p)>
#matrix = affine_map<(b, n, p, d) -> (d, p)>
#tokens = affine_map<(b, n, p, d) -> (b, n, d)>
func.func @linear_layers(%x: tensor<2x3x6x4xf32>, %e: tensor<3x6x4xf32> {dchag.role = "param"}, %b: tensor<6xf32> {dchag.role = "param"}, %sc: tensor<3x6xf32> {dchag.role = "param"},
    %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %n = dchag.layer_norm %x {dims = 1, epsilon = 1.0e-2} : (tensor<2x3x6x4xf32>) -> tensor<2x3x6x4xf32>
  %z = arith.constant dense<0.0> : tensor<2x6x6xf32>
  %x0 = tensor.extract_slice %n[0, 0, 0, 0] [2, 1, 6, 4] [1, 1, 1, 1] : tensor<2x3x6x4xf32> to tensor<2x6x4xf32>
  %x1 = tensor.extract_slice %n[0, 1, 0, 0] [2, 1, 6, 4] [1, 1, 1, 1] : tensor<2x3x6x4xf32> to tensor<2x6x4xf32>
  %x2 = tensor.extract_slice %n[0, 2, 0, 0] [2, 1, 6, 4] [1, 1, 1, 1] : tensor<2x3x6x4xf32> to tensor<2x6x4xf32>
  %e0 = tensor.extract_slice %e[0, 0, 0] [1, 6, 4] [1, 1, 1] : tensor<3x6x4xf32> to tensor<6x4xf32>
  %e1 = tensor.extract_slice %e[1, 0, 0] [1, 6, 4] [1, 1, 1] : tensor<3x6x4xf32> to tensor<6x4xf32>
  %e2 = tensor.extract_slice %e[2, 0, 0] [1, 6, 4] [1, 1, 1] : tensor<3x6x4xf32> to tensor<6x4xf32>
  %s0 = tensor.extract_slice %sc[0, 0] [1, 6] [1, 1] : tensor<3x6xf32> to tensor<6xf32>
  %s2 = tensor.extract_slice %sc[2, 0] [1, 6] [1, 1] : tensor<3x6xf32> to tensor<6xf32>
  %p0 = linalg.contract indexing_maps = [#product, #matrix, #tokens] ins(%x0, %e0 : tensor<2x6x4xf32>, tensor<6x4xf32>) outs(%z : tensor<2x6x6xf32>) -> tensor<2x6x6xf32>
  %p1 = linalg.contract indexing_maps = [#product, #matrix, #tokens] ins(%x1, %e1 : tensor<2x6x4xf32>, tensor<6x4xf32>) outs(%z : tensor<2x6x6xf32>) -> tensor<2x6x6xf32>
  %p2 = linalg.contract indexing_maps = [#product, #matrix, #tokens] ins(%x2, %e2 : tensor<2x6x4xf32>, tensor<6x4xf32>) outs(%z : tensor<2x6x6xf32>) -> tensor<2x6x6xf32>
  %be = tensor.empty() : tensor<2x6x6xf32>
  %bb = linalg.broadcast ins(%b : tensor<6xf32>) outs(%be : tensor<2x6x6xf32>) dimensions = [0, 1]
  %t1 = arith.addf %p1, %bb : tensor<2x6x6xf32>
  %n0 = dchag.layer_norm %p0 scale(%s0) {dims = 1, epsilon = 1.0e-3} : (tensor<2x6x6xf32>, tensor<6xf32>) -> tensor<2x6x6xf32>
  %n1 = dchag.layer_norm %t1 bias(%b) {dims = 1, epsilon = 1.0e-3} : (tensor<2x6x6xf32>, tensor<6xf32>) -> tensor<2x6x6xf32>
  %n2 = dchag.layer_norm %p2 scale(%s2) bias(%b) {dims = 1, epsilon = 1.0e-3} : (tensor<2x6x6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<2x6x6xf32>
  %c0 = tensor.expand_shape %n0 [[0], [1, 2], [3]] output_shape [2, 1, 6, 6] : tensor<2x6x6xf32> into tensor<2x1x6x6xf32>
  %c1 = tensor.expand_shape %n1 [[0], [1, 2], [3]] output_shape [2, 1, 6, 6] : tensor<2x6x6xf32> into tensor<2x1x6x6xf32>
  %c2 = tensor.expand_shape %n2 [[0], [1, 2], [3]] output_shape [2, 1, 6, 6] : tensor<2x6x6xf32> into tensor<2x1x6x6xf32>
  %j = tensor.concat dim(1) %c0, %c1, %c2 : (tensor<2x1x6x6xf32>, tensor<2x1x6x6xf32>, tensor<2x1x6x6xf32>) -> tensor<2x3x6x6xf32>
  %g = tensor.expand_shape %j [[0], [1, 2], [3], [4]] output_shape [2, 1, 3, 6, 6] : tensor<2x3x6x6xf32> into tensor<2x1x3x6x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x3x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// Tokens of some positions, of indices of each sample, one of which is out of range: such a token is 0, and what is
// embedded before is not added to it. What is embedded afterwards is.
// CHECK-LABEL: func.func @gathered(
// CHECK:         dchag.gather {{.+}} : (tensor<2x6x25xf32>, tensor<2x3xi64>) -> tensor<2x3x25xf32>
// CHECK:         dchag.folded_aggregate {{.+}} : (tensor<2x1x5x3x5xf32>, tensor<1x1x2x5x5xf32>,
func.func @gathered(%x: tensor<2x5x1x4x6xf32>, %i: tensor<2x3xi64> {dchag.range = array<i64: -8, 7>}, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %b: tensor<5x6xf32> {dchag.role = "param"}, %p: tensor<6x6xf32> {dchag.role = "param"}, %c: tensor<5x6xf32> {dchag.role = "param"},
    %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x3x6xf32> {
  %t = dchag.tokenize %x weight(%e) bias(%b) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>, tensor<5x6xf32>) -> tensor<2x5x6x6xf32>
  %pe = tensor.empty() : tensor<2x5x6x6xf32>
  %pb = linalg.broadcast ins(%p : tensor<6x6xf32>) outs(%pe : tensor<2x5x6x6xf32>) dimensions = [0, 1]
  %s = arith.addf %t, %pb : tensor<2x5x6x6xf32>
  %me = tensor.empty() : tensor<2x6x5x6xf32>
  %m = linalg.transpose ins(%s : tensor<2x5x6x6xf32>) outs(%me : tensor<2x6x5x6xf32>) permutation = [0, 2, 1, 3]
  %o = dchag.gather %m[%i] {batch = 1, dim = 1} : (tensor<2x6x5x6xf32>, tensor<2x3xi64>) -> tensor<2x3x5x6xf32>
  %ce = tensor.empty() : tensor<2x3x5x6xf32>
  %cb = linalg.broadcast ins(%c : tensor<5x6xf32>) outs(%ce : tensor<2x3x5x6xf32>) dimensions = [0, 1]
  %u = arith.addf %o, %cb : tensor<2x3x5x6xf32>
  %ge = tensor.empty() : tensor<2x5x3x6xf32>
  %k = linalg.transpose ins(%u : tensor<2x3x5x6xf32>) outs(%ge : tensor<2x5x3x6xf32>) permutation = [0, 2, 1, 3]
  %g = tensor.expand_shape %k [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 3, 6] : tensor<2x5x3x6xf32> into tensor<2x1x5x3x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x5x3x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x3x6xf32>
  return %y : tensor<2x1x1x3x6xf32>
}

// Samples are taken after positions were embedded: an index out of range yields tokens of 0, so the embedding is gathered, too.
// CHECK-LABEL: func.func @gathered_samples(
// CHECK-COUNT-2: dchag.gather
// CHECK-NOT:     dchag.tokenize
// CHECK:         dchag.folded_aggregate
func.func @gathered_samples(%x: tensor<2x2x1x2x4xf32>, %i: tensor<2xi64> {dchag.range = array<i64: -3, 2>}, %e: tensor<2x2x1x2x2xf32> {dchag.role = "param"}, %p: tensor<2x2xf32> {dchag.role = "param"}, %q: tensor<1x1x2xf32> {dchag.role = "param"}) -> tensor<2x1x1x2x2xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x2x1x2x4xf32>, tensor<2x2x1x2x2xf32>) -> tensor<2x2x2x2xf32>
  %pe = tensor.empty() : tensor<2x2x2x2xf32>
  %pb = linalg.broadcast ins(%p : tensor<2x2xf32>) outs(%pe : tensor<2x2x2x2xf32>) dimensions = [0, 1]
  %s = arith.addf %t, %pb : tensor<2x2x2x2xf32>
  %o = dchag.gather %s[%i] {batch = 0, dim = 0} : (tensor<2x2x2x2xf32>, tensor<2xi64>) -> tensor<2x2x2x2xf32>
  %g = tensor.expand_shape %o [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 2, 2] : tensor<2x2x2x2xf32> into tensor<2x1x2x2x2xf32>
  %y = dchag.aggregate %g, %q {heads = 1, scale = 0.5, nan_when_empty} : (tensor<2x1x2x2x2xf32>, tensor<1x1x2xf32>) -> tensor<2x1x1x2x2xf32>
  return %y : tensor<2x1x1x2x2xf32>
}

// Variances are folded for up to 64 pixels.
// CHECK-LABEL: func.func @small_norm(
// CHECK:         dchag.fold_norm {{.+}} -> (tensor<1x1x1x4x64xf32>, tensor<1x1x1x64x64xf32>)
func.func @small_norm(%x: tensor<1x2x1x8x8xf32>, %e: tensor<1x4x1x8x8xf32> {dchag.role = "param"}, %q: tensor<1x1x4xf32> {dchag.role = "param"}) -> tensor<1x1x1x1x4xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<1x2x1x8x8xf32>, tensor<1x4x1x8x8xf32>) -> tensor<1x2x1x4xf32>
  %n = dchag.rms_norm %t {dims = 1, epsilon = 1.0} : (tensor<1x2x1x4xf32>) -> tensor<1x2x1x4xf32>
  %g = tensor.expand_shape %n [[0], [1, 2], [3], [4]] output_shape [1, 1, 2, 1, 4] : tensor<1x2x1x4xf32> into tensor<1x1x2x1x4xf32>
  %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<1x1x2x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x1x1x4xf32>
  return %y : tensor<1x1x1x1x4xf32>
}
