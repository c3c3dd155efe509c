//===- Convolution.td - convolution of any spatial rank -------------*- tablegen -*-===//
#ifndef DCHAG_CONVOLUTION
#define DCHAG_CONVOLUTION

include "dialects/dchag/DchagDialect.td"

def Dchag_ConvolutionOp : Dchag_ModelOp<"convolution", [Dchag_Decomposable, ExactOpInterface],
    ["getShardingRule", "cloneLocal"]> {
  let summary = "Convolution with strides, padding, dilation and groups";
  let description = [{
    Sizes: B batch, C channels, F features, g `groups`, S1..Sk space, k1..kk kernel, T1..Tk output
    space (the cross-correlation of ONNX Conv), feature f in group f g / F:

        y[b,f,t] = bias[f] + sum_{c,r} weight[f,c,r] x[b, group(f) C/g + c, t strides + r dilations - low]

    with zeros outside of the image; `low` and `high` are the padding before and after.
    - (C1) `input` is B x C x S1 x .. x Sk, `weight` F x C/g x k1 x .. x kk, the result B x F x T1 x .. x Tk.
    - (C2) `strides`, `dilations`, `low`, `high` have k entries, the first two positive, the others not
      negative, all below 2^31.
    - (C3) g divides C and F.
    - (C4) Ti = (Si + low + high - dilation (ki - 1) - 1) / stride + 1, rounded down, and 0 where the
      kernel does not fit; every ki is at least 1.
    - (C5) `bias` has F elements.  (C6) One floating-point element type; the result may be of f32 if
      that is narrower.

    B and the groups split freely; with one group F splits freely and C leaves a partial sum, except
    with a bias, which must be added once. Space stays whole: its shards would need elements of
    their neighbours.
    ```mlir
    %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2}
      : (tensor<2x4x5x7xf32>, tensor<6x2x2x3xf32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$input, Dchag_FloatTensor:$weight,
      Optional<Dchag_FloatTensor>:$bias, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
      DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
      ConfinedAttr<I64Attr, [IntPositive]>:$groups);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = [{
    $input `weight` `(` $weight `)` (`bias` `(` $bias^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

#endif // DCHAG_CONVOLUTION
