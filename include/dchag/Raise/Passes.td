//===- Passes.td - from decomposed graphs to ops of the domain -------*- tablegen -*-===//
#ifndef DCHAG_RAISE_PASSES
#define DCHAG_RAISE_PASSES

include "mlir/Pass/PassBase.td"

class RaisePass<string name> : Pass<name, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::mlir::dchag::DchagDialect"];
}

def AbsorbLayout : RaisePass<"absorb-layout"> {
  let summary = "Composes chains of views, and takes transposes into contractions";
  let description = [{
    Every chain of transposes, reshapes, slices and broadcasts becomes the shortest one that
    reads the same elements, a `tensor.concat` of consecutive slices becomes the value they
    are cut from, and a contraction reads operands that were transposed through its indexing
    maps, with more dimensions where a reshape lies behind the transpose.
    ```mlir
    %t = linalg.transpose ins(%w) permutation = [1, 0]      // before
    %y = linalg.contract [(i, j, k) -> (i, k), (i, j, k) -> (k, j), (i, j, k) -> (i, j)] ins(%x, %t)
    %y = linalg.contract [(i, j, k) -> (i, k), (i, j, k) -> (j, k), (i, j, k) -> (i, j)] ins(%x, %w)
    ```
    Moves elements only: values are the same bit for bit, up to the order of sums.
  }];
}

def RaiseLayerNorm : RaisePass<"raise-layer-norm"> {
  let summary = "Recognises layer normalisation written as means, a square and a root";
  let description = [{
    (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon), with optional products with a scale
    and sums with a bias that depend on the normalised dimensions alone, becomes
    `dchag.layer_norm`, behind a transpose where the normalised dimensions are not the last ones.
  }];
}

def RaiseGelu : RaisePass<"raise-gelu"> {
  let summary = "Recognises GELU written with erf or tanh";
  let description = [{
    x/2 (1 + erf(x / sqrt 2)) and x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), in any order of
    the factors, become `dchag.gelu`. Constants may differ from the exact ones by 1e-6 of
    their value, as far as exporters round them.
  }];
}

def RaiseTokenize : RaisePass<"raise-tokenize"> {
  let summary = "Turns convolutions that embed patches into one tokenization";
  let description = [{
    A convolution whose strides are its kernel's sizes, without padding or dilation, is a
    `dchag.tokenize` of as many units as it has groups. Tokenizations that are stacked or
    concatenated become one, whose weight is shared when all of them have the same; what is
    added to tokens and depends on parameters, unit and feature alone becomes their embedding.
    Where several forms are stacked, each run of one form becomes a tokenization. Images that the
    batch holds besides the first dimension of what it was made from, and the first dimension of
    space where patches are one pixel long, are units that share the weight. Every other
    convolution stays, with a remark.
  }];
}

def RaiseAggregate : RaisePass<"raise-aggregate"> {
  let summary = "Recognises cross-attention of a constant query, and linear aggregation";
  let description = [{
    Multi-head attention whose query depends on parameters alone and is the same at all
    positions, and whose keys and values are projections of the same tokens, becomes a
    `dchag.aggregate` with one group, whatever the layout of tokens, heads and packed weights, be it
    written out or a `dchag.attention`. Masks may differ between samples and units.
    The query is computed once instead of once a position. A contraction over the units of a
    tokenization or aggregation with a parameter becomes `dchag.aggregate_linear`. A softmax
    that was nearly matched stays, with a remark that says why.
  }];
}

def GroupAggregates : RaisePass<"group-aggregates"> {
  let summary = "Merges aggregations of slices of the same tokens into one with groups";
  let description = [{
    Aggregations with the same sizes, heads and scale over equally spaced, equally long runs of
    units of one value become one `dchag.aggregate` with a group for each.
  }];
}

def SplitTokenize : RaisePass<"split-tokenize"> {
  let summary = "Makes a tokenization for each part of the units that is used alone";
  let description = [{
    Where slices that have no unit in common are all that uses a tokenization, each of them
    becomes a tokenization of its own, of a slice of the image and of the weights: tokens are never
    put together to be cut again, and each part splits over ranks by itself. Leaves a
    tokenization alone that is used in another way.
    ```mlir
    %t = dchag.tokenize %x weight(%w) : (tensor<1x3x1x4x6xf32>, tensor<3x8x1x2x2xf32>) -> tensor<1x3x6x8xf32>    // before
    %a = tensor.extract_slice %t[0, 0, 0, 0] [1, 2, 6, 8] [1, 1, 1, 1] : tensor<1x3x6x8xf32> to tensor<1x2x6x8xf32>
    %xa = tensor.extract_slice %x[0, 0, 0, 0, 0] [1, 2, 1, 4, 6] [1, 1, 1, 1, 1] : ...
    %wa = tensor.extract_slice %w[0, 0, 0, 0, 0] [2, 8, 1, 2, 2] [1, 1, 1, 1, 1] : ...
    %a = dchag.tokenize %xa weight(%wa) : (tensor<1x2x1x4x6xf32>, tensor<2x8x1x2x2xf32>) -> tensor<1x2x6x8xf32>
    ```
    The same sums in the same order: equal bit for bit.
  }];
  let statistics = [Statistic<"numTokenizations", "num-tokenizations", "tokenizations made">];
}

def RaiseAttention : RaisePass<"raise-attention"> {
  let summary = "Recognises scaled dot-product attention";
  let description = [{
    softmax(scale q k^T + bias) v becomes `dchag.attention`, with the sum of all biases and the
    conjunction of all masks, which are scores of minus infinity. Projections of q, k and v become
    contractions of their own on their parts of a packed weight, with the heads as a dimension.
  }];
}

def RaisePatchify : RaisePass<"raise-patchify"> {
  let summary = "Recognises images that are cut into patches, and patches put together";
  let description = [{
    A chain of reshapes and transposes between an image and its flattened patches, in either
    order of channels and pixels, becomes `dchag.patchify` or `dchag.unpatchify`.
    ```mlir
    %0 = tensor.expand_shape %y [[0], [1, 2], [3, 4, 5]] ... into tensor<1x2x3x2x2x5xf32>      // before
    %1 = linalg.transpose ins(%0 : ...) permutation = [0, 5, 1, 3, 2, 4]
    %x = tensor.collapse_shape %1 [[0], [1], [2, 3], [4, 5]] : ... into tensor<1x5x4x6xf32>
    %x = dchag.unpatchify %y {patch = array<i64: 2, 2>} : (tensor<1x6x20xf32>) -> tensor<1x5x4x6xf32>
    ```
    Leaves a chain alone when there is one spatial dimension, or one that is a patch long or whose
    patches are one pixel: such a chain may as well split features into heads.
  }];
}

#endif // DCHAG_RAISE_PASSES
