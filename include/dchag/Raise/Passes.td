//===- Passes.td - from decomposed graphs to ops of the domain -------*- tablegen -*-===//
#ifndef DCHAG_RAISE_PASSES
#define DCHAG_RAISE_PASSES

include "mlir/Pass/PassBase.td"

class RaisePass<string name> : Pass<name, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::mlir::dchag::DchagDialect"];
}

def AbsorbLayout : RaisePass<"absorb-layout"> {
  let summary = "Composes chains of views, and folds transposes into contractions";
  let description = [{
    Every chain of transposes, reshapes, slices and broadcasts becomes the shortest one that
    reads the same elements, a `tensor.concat` of consecutive slices becomes the value they
    are sliced from, and a contraction reads transposed operands through its indexing
    maps, with more dimensions if a reshape precedes the transpose.
    ```mlir
    %t = linalg.transpose ins(%w) permutation = [1, 0]      // before
    %y = linalg.contract [(i, j, k) -> (i, k), (i, j, k) -> (k, j), (i, j, k) -> (i, j)] ins(%x, %t)
    %y = linalg.contract [(i, j, k) -> (i, k), (i, j, k) -> (j, k), (i, j, k) -> (i, j)] ins(%x, %w)
    ```
    Only moves elements: results are equal bit for bit, up to the order of sums.
  }];
}

def RaiseLayerNorm : RaisePass<"raise-layer-norm"> {
  let summary = "Recognises layer and RMS normalisation written as means, a square and a root";
  let description = [{
    (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon), with optional products with a scale
    and sums with a bias that depend on the normalised dimensions alone, becomes
    `dchag.layer_norm`, after a transpose if the normalised dimensions are not the last ones; without
    the mean and the bias `dchag.rms_norm`.
    ```mlir
    %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x5xf64>) outs(%zeros : tensor<2xf64>) dimensions = [1]  // before
    %mean = arith.divf %sum, %five : tensor<2xf64>
    %means = linalg.broadcast ins(%mean : tensor<2xf64>) ... dimensions = [1]
    %d = arith.subf %x, %means : tensor<2x5xf64>
    ...                                              // %roots: the roots of the means of %d * %d, plus 1e-5
    %n = arith.divf %d, %roots : tensor<2x5xf64>
    %m = arith.mulf %n, %scales : tensor<2x5xf64>    // %scales, %biases: %s and %b, broadcast along dimension 0
    %y = arith.addf %m, %biases : tensor<2x5xf64>

    %y = dchag.layer_norm %x scale(%s) bias(%b) {dims = 1 : i64, epsilon = 1.000000e-05 : f64} : ...    // after
    ```
    Leaves a norm alone if its mean and variance run over different dimensions, or if a divisor is not
    the number of elements.
  }];
}

def RaiseGelu : RaisePass<"raise-gelu"> {
  let summary = "Recognises GELU written with erf or tanh";
  let description = [{
    x/2 (1 + erf(x / sqrt 2)) and x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), in any order of
    the factors, become `dchag.gelu`. Constants may differ from the exact ones by a relative 1e-6,
    because exporters round them.
    ```mlir
    %0 = arith.mulf %root, %x : tensor<2x3xf64>      // before: %root is dense<0.70710677>, %one dense<1.0>, %half dense<0.5>
    %1 = math.erf %0 : tensor<2x3xf64>
    %2 = arith.addf %one, %1 : tensor<2x3xf64>
    %3 = arith.mulf %half, %x : tensor<2x3xf64>
    %y = arith.mulf %3, %2 : tensor<2x3xf64>

    %y = dchag.gelu %x : tensor<2x3xf64>             // after
    ```
  }];
}

def RaiseTokenize : RaisePass<"raise-tokenize"> {
  let summary = "Turns convolutions that embed patches into one tokenization";
  let description = [{
    A convolution whose strides are its kernel's sizes, without padding or dilation, is a
    `dchag.tokenize` of as many channels as it has groups. Tokenizations that are stacked or
    concatenated become one, with a shared weight if all of them have the same; a value that is
    added to tokens and depends only on parameters, channel and feature becomes their embedding.
    ```mlir
    %y = dchag.convolution %x weight(%w) {strides = array<i64: 2, 3>, ..., groups = 1 : i64}          // before
      : (tensor<2x3x4x6xf64>, tensor<5x3x2x3xf64>) -> tensor<2x5x2x2xf64>

    %image = tensor.expand_shape %x ... : tensor<2x3x4x6xf64> into tensor<2x1x3x4x6xf64>              // after
    %weight = tensor.expand_shape %w ... : tensor<5x3x2x3xf64> into tensor<1x5x3x2x3xf64>
    %t = dchag.tokenize %image weight(%weight) : (tensor<2x1x3x4x6xf64>, tensor<1x5x3x2x3xf64>) -> tensor<2x1x4x5xf64>
    ...                                                           // a transpose and reshapes make 2x5x2x2 of 2x1x4x5
    ```
    Where several forms are stacked, each run of one form becomes a tokenization. Images that were
    folded into the batch (all of it except the first dimension before the reshape), and the first
    dimension of space if patches are one pixel long in it, become channels that share the weight.
    Every other convolution stays, with a remark.
  }];
}

def RaiseAggregate : RaisePass<"raise-aggregate"> {
  let summary = "Recognises cross-attention of a constant query, and linear aggregation";
  let description = [{
    Multi-head attention whose query depends only on parameters and is the same at all
    positions, and whose keys and values are projections of the same tokens, becomes a
    `dchag.aggregate` with one group, whatever the layout of tokens, heads and packed weights, whether
    decomposed or a `dchag.attention`. Masks may differ between samples and channels, and keys may be
    normalised, each head by itself or all heads together.
    The query is computed once instead of once for each position. A contraction over the channels of a
    tokenization or aggregation with a parameter becomes `dchag.aggregate_linear`.
    ```mlir
    %s = linalg.contract indexing_maps = [(n, i, c, d) -> (i, d), (n, i, c, d) -> (c, n, d), ...]  // before: 3 queries,
      ins(%q, %t : tensor<3x7xf64>, tensor<5x4x7xf64>) ... -> tensor<4x3x5xf64>      // 5 channels, 4 positions
    %a = dchag.softmax %s {dim = 2} : tensor<4x3x5xf64>
    %y = linalg.contract indexing_maps = [(n, i, d, c) -> (n, i, c), (n, i, d, c) -> (c, n, d), ...]
      ins(%a, %t : tensor<4x3x5xf64>, tensor<5x4x7xf64>) ... -> tensor<4x3x7xf64>

    %tokens = tensor.expand_shape %t ... into tensor<1x1x5x4x7xf64>                                   // after
    %query = tensor.expand_shape %q ... into tensor<1x3x7xf64>
    %y = dchag.aggregate %tokens, %query {heads = 1 : i64, scale = 1.000000e+00 : f64}
      : (tensor<1x1x5x4x7xf64>, tensor<1x3x7xf64>) -> tensor<1x1x3x4x7xf64>
    ...                                                           // a reshape and a transpose make 4x3x7 of 1x1x3x4x7
    ```
    A softmax of a constant query that does not match stays, with a remark that says why.
  }];
}

def GroupAggregates : RaisePass<"group-aggregates"> {
  let summary = "Merges aggregations of slices of the same tokens into one with groups";
  let description = [{
    Aggregations with the same sizes, heads, scale and norm of keys over equally spaced, equally long
    runs of channels of one value become one `dchag.aggregate` with a group for each. Others stay as they are.
    ```mlir
    %a = tensor.extract_slice %t[0, 0, 0, 0] [2, 3, 4, 5] ... : tensor<2x6x4x5xf64> to tensor<2x3x4x5xf64>  // before
    %a1 = tensor.expand_shape %a ... into tensor<2x1x3x4x5xf64>
    %y0 = dchag.aggregate %a1, %q0 {heads = 1, scale = 0.5} : ... -> tensor<2x1x1x4x5xf64>
    ...                                              // %y1: channels 3 to 5 with %q1

    %tokens = tensor.concat dim(1) %a1, %b1 : ... -> tensor<2x2x3x4x5xf64>                              // after
    %query = tensor.concat dim(0) %q0, %q1 : ... -> tensor<2x1x5xf64>
    %y = dchag.aggregate %tokens, %query {heads = 1 : i64, scale = 5.000000e-01 : f64} : ... -> tensor<2x2x1x4x5xf64>
    %y0 = tensor.extract_slice %y[0, 0, 0, 0, 0] [2, 1, 1, 4, 5] ... to tensor<2x1x1x4x5xf64>
    %y1 = tensor.extract_slice %y[0, 1, 0, 0, 0] [2, 1, 1, 4, 5] ... to tensor<2x1x1x4x5xf64>
    ```
    A later `absorb-layout` turns the concatenated slices into a reshape of `%t`.
  }];
}

def SplitTokenize : RaisePass<"split-tokenize"> {
  let summary = "Splits a tokenization whose channels are used in separate slices";
  let description = [{
    If all uses of a tokenization are slices that have no channel in common, each of them
    becomes a separate tokenization, of a slice of the image and of the weights: tokens are not
    joined only to be sliced again, and each part splits over ranks separately. Leaves a
    tokenization alone that has other uses.
    ```mlir
    %t = dchag.tokenize %x weight(%w) : (tensor<1x3x1x4x6xf32>, tensor<3x8x1x2x2xf32>) -> tensor<1x3x6x8xf32>  // before
    %a = tensor.extract_slice %t[0, 0, 0, 0] [1, 2, 6, 8] [1, 1, 1, 1] : tensor<1x3x6x8xf32> to tensor<1x2x6x8xf32>
    %xa = tensor.extract_slice %x[0, 0, 0, 0, 0] [1, 2, 1, 4, 6] [1, 1, 1, 1, 1] : ...
    %wa = tensor.extract_slice %w[0, 0, 0, 0, 0] [2, 8, 1, 2, 2] [1, 1, 1, 1, 1] : ...
    %a = dchag.tokenize %xa weight(%wa) : (tensor<1x2x1x4x6xf32>, tensor<2x8x1x2x2xf32>) -> tensor<1x2x6x8xf32>
    ```
    The same sums in the same order: equal bit for bit.
  }];
  let statistics = [Statistic<"numTokenizations", "num-tokenizations", "tokenizations created">];
}

def RaiseAttention : RaisePass<"raise-attention"> {
  let summary = "Recognises scaled dot-product attention";
  let description = [{
    softmax(scale q k^T + bias) v becomes `dchag.attention`, with the sum of all biases and the
    conjunction of all masks, which are scores of minus infinity. Projections of q, k and v become
    separate contractions with their parts of a packed weight, with the heads as a dimension.
    ```mlir
    %scores = linalg.contract ... ins(%q, %k : ...) ... -> tensor<2x3x5x5xf64>  // before
    %biases = linalg.broadcast ins(%m : tensor<5x5xf64>) ... dimensions = [0, 1]
    %masked = arith.addf %scores, %biases : tensor<2x3x5x5xf64>
    %a = dchag.softmax %masked {dim = 3} : tensor<2x3x5x5xf64>
    %y = linalg.contract ... ins(%a, %v : tensor<2x3x5x5xf64>, tensor<2x3x5x2xf64>) ... -> tensor<2x3x5x2xf64>

    %bias = tensor.expand_shape %m ... into tensor<1x1x5x5xf64>                                         // after
    %y = dchag.attention %q, %k, %v bias(%bias) {nan_when_empty, scale = 1.000000e+00 : f64} : ... -> tensor<2x3x5x2xf64>
    ```
    Leaves a softmax alone that does not run over the keys.
  }];
}

def RaisePatchify : RaisePass<"raise-patchify"> {
  let summary = "Recognises images that are split into patches, and patches that are joined";
  let description = [{
    A chain of reshapes and transposes between an image and its flattened patches, in either
    order of channels and pixels, becomes `dchag.patchify` or `dchag.unpatchify`.
    ```mlir
    %0 = tensor.expand_shape %y [[0], [1, 2], [3, 4, 5]] ... into tensor<1x2x3x2x2x5xf32>      // before
    %1 = linalg.transpose ins(%0 : ...) permutation = [0, 5, 1, 3, 2, 4]
    %x = tensor.collapse_shape %1 [[0], [1], [2, 3], [4, 5]] : ... into tensor<1x5x4x6xf32>
    %x = dchag.unpatchify %y {patch = array<i64: 2, 2>} : (tensor<1x6x20xf32>) -> tensor<1x5x4x6xf32>
    ```
    Leaves a chain alone if there is one spatial dimension only, or one that is a single patch or whose
    patches are one pixel: such a chain may also be a split of features into heads.
  }];
}

#endif // DCHAG_RAISE_PASSES
