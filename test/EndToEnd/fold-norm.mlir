// Folded norms of tokens and of keys lose no more digits than tokens do where pixels have much in common: here an error
// of 1e-4 in tokens, and of more than 1 in a variance that were a quadratic form in the pixels.
// RUN: rm -rf %t && mkdir %t
// RUN: python3 %S/Inputs/make_fold_norm.py %t
// RUN: dchag-opt %s --emit=run --exec-mode=exact --weights=%t/w.safetensors --input=x=%t/x.npy --output=%t/exact > %t/log
// RUN: for fold in off full; do dchag-opt %s --fold=$fold --emit=exe -o %t/p && \
// RUN:   %t/p --weights %t/w.safetensors --input x=%t/x.npy --output %t/out && \
// RUN:   python3 %S/Inputs/compare.py %t/out/y.npy %t/exact/y.npy 2e-3 && \
// RUN:   python3 %S/Inputs/compare.py %t/out/z.npy %t/exact/z.npy 2e-3 || exit 1; done

func.func @step(%x: tensor<1x5x1x4x6xf32> {dchag.role = "input", dchag.name = "x"}, %e: tensor<5x8x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
                %q: tensor<1x1x8xf32> {dchag.role = "param", dchag.name = "q"}, %w: tensor<1x8x8xf32> {dchag.role = "param", dchag.name = "w"})
    -> (tensor<1x1x1x6x8xf32> {dchag.name = "y"}, tensor<1x1x1x6x8xf32> {dchag.name = "z"}) {
  %t = dchag.tokenize %x weight(%e) : (tensor<1x5x1x4x6xf32>, tensor<5x8x1x2x2xf32>) -> tensor<1x5x6x8xf32>
  %n = dchag.layer_norm %t {dims = 1, epsilon = 1.0e-5} : (tensor<1x5x6x8xf32>) -> tensor<1x5x6x8xf32>
  %gn = tensor.expand_shape %n [[0], [1, 2], [3], [4]] output_shape [1, 1, 5, 6, 8] : tensor<1x5x6x8xf32> into tensor<1x1x5x6x8xf32>
  %gt = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [1, 1, 5, 6, 8] : tensor<1x5x6x8xf32> into tensor<1x1x5x6x8xf32>
  %y = dchag.aggregate %gn, %q values(%w) {heads = 2, scale = 0.5} : (tensor<1x1x5x6x8xf32>, tensor<1x1x8xf32>, tensor<1x8x8xf32>) -> tensor<1x1x1x6x8xf32>
  %z = dchag.aggregate %gt, %q keys(%w) {heads = 2, scale = 0.5, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.0e-5>} : (tensor<1x1x5x6x8xf32>, tensor<1x1x8xf32>, tensor<1x8x8xf32>) -> tensor<1x1x1x6x8xf32>
  return %y, %z : tensor<1x1x1x6x8xf32>, tensor<1x1x1x6x8xf32>
}
