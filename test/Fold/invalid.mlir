// RUN: dchag-opt %s --fold-aggregate=fold=full --split-input-file --verify-diagnostics
// RUN: dchag-opt %s --fold-aggregate=fold=auto --split-input-file -o - 2>&1 | FileCheck %s --check-prefix=AUTO
// RUN: not dchag-opt %s --fold-aggregate='mesh=tp=2 strategy=dp' --split-input-file 2>&1 | FileCheck %s --check-prefix=STRATEGY
// STRATEGY: error: strategy 'dp' needs the axis 'dp', which the mesh 'tp=2' does not have
// RUN: not dchag-opt %s --fold-aggregate=fold=more --split-input-file 2>&1 | FileCheck %s --check-prefix=MODE
// MODE: for the --fold option: Cannot find option named 'more'!

// What keeps an aggregation of tokens of an image from being folded is an error with fold=full, and in the remark of
// fold=auto, which keeps the tokens.

func.func @nonlinear(%x: tensor<2x5x1x4x6xf32>, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %s = dchag.gelu %t : tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  // expected-error @+2 {{cannot be folded into weights of pixels: its tokens are not affine in the pixels: they are made by 'dchag.gelu'; use --fold=keys, which keeps its tokens, or --fold=auto}}
  // AUTO: remark: {{.*}}pooled not possible (its tokens are not affine in the pixels: they are made by 'dchag.gelu'), keys and values not possible (its tokens are not affine in the pixels: they are made by 'dchag.gelu')
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// -----

func.func @everywhere(%x: tensor<2x5x1x4x6xf32>, %p: tensor<5x6x6xf32> {dchag.role = "param"}, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %pe = tensor.empty() : tensor<2x5x6x6xf32>
  %pb = linalg.broadcast ins(%p : tensor<5x6x6xf32>) outs(%pe : tensor<2x5x6x6xf32>) dimensions = [0]
  %s = arith.addf %t, %pb : tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  // expected-error @+2 {{cannot be folded into weights of pixels: an embedding differs between channels and between positions; use --fold=keys, which keeps its tokens, or --fold=auto}}
  // AUTO: remark: {{.*}}pooled not possible (an embedding differs between channels and between positions), keys and values not possible (an embedding differs between channels and between positions)
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// -----

func.func @twice(%x: tensor<2x5x1x4x6xf32>, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %n = dchag.layer_norm %t {dims = 1, epsilon = 1.0e-3} : (tensor<2x5x6x6xf32>) -> tensor<2x5x6x6xf32>
  %s = dchag.rms_norm %n {dims = 1, epsilon = 1.0e-3} : (tensor<2x5x6x6xf32>) -> tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  // expected-error @+2 {{cannot be folded into weights of pixels: its tokens are normalised twice; use --fold=keys, which keeps its tokens, or --fold=auto}}
  // AUTO: remark: {{.*}}pooled not possible (its tokens are normalised twice), keys and values not possible (its tokens are normalised twice)
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// -----

func.func @position_norm(%x: tensor<2x5x1x4x6xf32>, %p: tensor<6x6xf32> {dchag.role = "param"}, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %pe = tensor.empty() : tensor<2x5x6x6xf32>
  %pb = linalg.broadcast ins(%p : tensor<6x6xf32>) outs(%pe : tensor<2x5x6x6xf32>) dimensions = [0, 1]
  %n = arith.addf %t, %pb : tensor<2x5x6x6xf32>
  %s = dchag.layer_norm %n {dims = 1, epsilon = 1.0e-3} : (tensor<2x5x6x6xf32>) -> tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  // expected-error @+2 {{cannot be folded into weights of pixels: an embedding of positions is normalised with its tokens; use --fold=keys, which keeps its tokens, or --fold=auto}}
  // AUTO: remark: {{.*}}pooled not possible (an embedding of positions is normalised with its tokens), keys and values not possible (an embedding of positions is normalised with its tokens)
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// -----

func.func @both_norms(%x: tensor<2x5x1x4x6xf32>, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %s = dchag.layer_norm %t {dims = 1, epsilon = 1.0e-3} : (tensor<2x5x6x6xf32>) -> tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  // expected-error @+2 {{cannot be folded into weights of pixels: both its tokens and its keys are normalised; use --fold=keys, which keeps its tokens, or --fold=auto}}
  // AUTO: remark: {{.*}}pooled not possible (both its tokens and its keys are normalised), keys and values not possible (both its tokens and its keys are normalised)
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.0e-3>} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// -----

func.func @position_key_norm(%x: tensor<2x5x1x4x6xf32>, %p: tensor<6x6xf32> {dchag.role = "param"}, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %pe = tensor.empty() : tensor<2x5x6x6xf32>
  %pb = linalg.broadcast ins(%p : tensor<6x6xf32>) outs(%pe : tensor<2x5x6x6xf32>) dimensions = [0, 1]
  %s = arith.addf %t, %pb : tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  // expected-error @+2 {{cannot be folded into weights of pixels: positions are embedded before its keys are normalised; use --fold=keys, which keeps its tokens, or --fold=auto}}
  // AUTO: remark: {{.*}}pooled not possible (positions are embedded before its keys are normalised), keys and values not possible (positions are embedded before its keys are normalised)
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.0e-3>} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// -----

func.func @large_norm(%x: tensor<1x2x1x8x9xf32>, %e: tensor<2x4x1x8x9xf32> {dchag.role = "param"}, %q: tensor<1x1x4xf32> {dchag.role = "param"}) -> tensor<1x1x1x1x4xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<1x2x1x8x9xf32>, tensor<2x4x1x8x9xf32>) -> tensor<1x2x1x4xf32>
  %n = dchag.rms_norm %t {dims = 1, epsilon = 1.0} : (tensor<1x2x1x4xf32>) -> tensor<1x2x1x4xf32>
  %g = tensor.expand_shape %n [[0], [1, 2], [3], [4]] output_shape [1, 1, 2, 1, 4] : tensor<1x2x1x4xf32> into tensor<1x1x2x1x4xf32>
  // expected-error @+1 {{cannot be folded into weights of pixels: what is normalised are functions of 72 numbers, and variances are folded up to 64; use --fold=keys}}
  %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<1x1x2x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x1x1x4xf32>
  return %y : tensor<1x1x1x1x4xf32>
}
