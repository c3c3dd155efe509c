//===- Attention.td - attention over positions ---------------------*- tablegen -*-===//
#ifndef DCHAG_ATTENTION
#define DCHAG_ATTENTION

include "dialects/dchag/DchagDialect.td"

def Dchag_AttentionOp : Dchag_ModelOp<"attention",
    [Dchag_Decomposable, Dchag_OnTokens, AttrSizedOperandSegments]> {
  let summary = "Scaled dot-product attention of every head";
  let description = [{
    Sizes: B batch, h heads, hk heads of keys and values, N queries, M keys, d width of queries
    and keys, e width of the values (arXiv 1706.03762):

        y[b,j,n,:] = sum_m softmax_m(scale <q[b,j,n], k[b,j',m]> + bias[b,j,n,m]) v[b,j',m,:]

    with j' = j hk / h (grouped queries). Keys are masked for a query where `mask` is false
    and where `bias` is minus infinity: their weight is 0, whatever their score is. A query for
    which all keys are masked yields 0; so does a query whose scores are all
    minus infinity. Values of masked keys must be finite (0 times NaN is NaN), but
    if `mask` masks a key for all queries of a head, its value may be anything.

    With `nan_when_empty` the op has the softmax of ONNX: a bias is only added, a score that `mask`
    masks is minus infinity, and a query without a key yields NaN. Without bias and mask
    there is no difference: NaN can only come from the operands.

    Projections are separate ops.

    - (C1) `query` is B x h x N x d, `key` B x hk x M x d, `value` B x hk x M x e, the result
      B x h x N x e.  (C2) hk divides h.
    - (C3) `bias` and `mask` are (B or 1) x (h or 1) x (N or 1) x (M or 1).
    - (C4) All operands except the mask, and the result, have one floating-point element type; the
      result may be of f32 if that is narrower.

    B, hk (with the h / hk queries of each), N and e split freely; so does h when hk = 1.
    ```mlir
    %y = dchag.attention %q, %k, %v mask(%m) {scale = 0.5} : (tensor<2x4x3x5xf32>, tensor<2x2x7x5xf32>, tensor<2x2x7x6xf32>, tensor<2x1x3x7xi1>) -> tensor<2x4x3x6xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$query, Dchag_FloatTensor:$key, Dchag_FloatTensor:$value,
      Optional<Dchag_FloatTensor>:$bias, Optional<Dchag_BoolTensor>:$mask, F64Attr:$scale,
      UnitAttr:$nan_when_empty);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let extraClassDeclaration = [{
    /// Whether queries without a key are possible and yield 0.
    bool zerosEmptyQueries();
  }];
  let assemblyFormat = [{
    $query `,` $key `,` $value (`bias` `(` $bias^ `)`)? (`mask` `(` $mask^ `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
}

#endif // DCHAG_ATTENTION
