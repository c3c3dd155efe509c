//===- Attention.td - attention over positions ---------------------*- tablegen -*-===//
#ifndef DCHAG_ATTENTION
#define DCHAG_ATTENTION

include "dialects/dchag/DchagDialect.td"

def Dchag_AttentionOp : Dchag_ModelOp<"attention", [Dchag_Decomposable, AttrSizedOperandSegments]> {
  let summary = "Scaled dot-product attention of every head";
  let description = [{
    Sizes: B batch, h heads, hk heads of keys and values, N queries, M keys, d width of queries
    and keys, e width of the values (arXiv 1706.03762):

        y[b,j,n,:] = sum_m softmax_m(scale <q[b,j,n], k[b,j',m]> + bias[b,j,n,m]) v[b,j',m,:]

    with j' = j hk / h (grouped queries), over the m where `mask[b,j,n,m]` holds; a query
    without a key yields 0. Projections are ops of their own.

    - (C1) `query` is B x h x N x d, `key` B x hk x M x d, `value` B x hk x M x e, the result
      B x h x N x e.  (C2) hk divides h.
    - (C3) `bias` and `mask` are (B or 1) x (h or 1) x (N or 1) x (M or 1).
    - (C4) All operands but the mask and the result have one floating-point element type.

    B, hk (with the h / hk queries of each), N and e split freely; so does h when hk = 1.
    ```mlir
    %y = dchag.attention %q, %k, %v mask(%m) {scale = 0.5} : (tensor<2x4x3x5xf32>, tensor<2x2x7x5xf32>, tensor<2x2x7x6xf32>, tensor<2x1x3x7xi1>) -> tensor<2x4x3x6xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$query, Dchag_FloatTensor:$key, Dchag_FloatTensor:$value,
      Optional<Dchag_FloatTensor>:$bias, Optional<Dchag_BoolTensor>:$mask, F64Attr:$scale);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let assemblyFormat = [{
    $query `,` $key `,` $value (`bias` `(` $bias^ `)`)? (`mask` `(` $mask^ `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
}

#endif // DCHAG_ATTENTION
