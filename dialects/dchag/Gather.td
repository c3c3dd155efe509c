//===- Gather.td - moves by run-time indices ------------------------*- tablegen -*-===//
#ifndef DCHAG_GATHER
#define DCHAG_GATHER

include "dialects/dchag/DchagDialect.td"

def Dchag_GatherOp : Dchag_ModelOp<"gather", [Dchag_Decomposable]> {
  let summary = "Takes slices of one dimension by index";
  let description = [{
        y[i.., j.., k..] = x[i.., indices[j..], k..]          with indices[j..] in dimension `dim`

    A negative index counts from the end; an index out of range yields 0 (NaN is never made
    up, memory outside `input` never read).
    - (C1) 0 <= `dim` < rank of `input`.
    - (C2) The shape of the result is that of `input` with dimension `dim` replaced by the shape of `indices`.
    - (C3) `input` and the result have the same element type.

    All dimensions but `dim`, and those of the indices, split freely.
    ```mlir
    %y = dchag.gather %x[%i] {dim = 1} : (tensor<2x5x3xf32>, tensor<4xi64>) -> tensor<2x4x3xf32>
    ```
  }];
  let arguments = (ins Dchag_Tensor:$input, Dchag_IntTensor:$indices,
      ConfinedAttr<I64Attr, [IntNonNegative]>:$dim);
  let results = (outs Dchag_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
  let assemblyFormat = "$input `[` $indices `]` attr-dict `:` functional-type(operands, results)";
}

def Dchag_ScatterOp : Dchag_ModelOp<"scatter", [Dchag_Decomposable]> {
  let summary = "Writes slices of one dimension by index";
  let description = [{
    The result is `input` with, for every j in order,

        y[i.., indices[j], k..] = updates[i.., j, k..]        with indices[j] in dimension `dim`

    A negative index counts from the end, an index out of range writes nothing; of equal
    indices the last one wins.
    - (C1) 0 <= `dim` < rank of `input`; `indices` has rank 1.
    - (C2) The shape of `updates` is that of `input` with dimension `dim` replaced by the size of `indices`.
    - (C3) `input`, `updates` and the result have one element type; the result has the type of `input`.

    All dimensions but `dim` split freely.
    ```mlir
    %y = dchag.scatter %x[%i], %u {dim = 1} : (tensor<2x5x3xf32>, tensor<4xi64>, tensor<2x4x3xf32>) -> tensor<2x5x3xf32>
    ```
  }];
  let arguments = (ins Dchag_Tensor:$input, Dchag_IntTensor:$indices, Dchag_Tensor:$updates,
      ConfinedAttr<I64Attr, [IntNonNegative]>:$dim);
  let results = (outs Dchag_Tensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = "$input `[` $indices `]` `,` $updates attr-dict `:` functional-type(operands, results)";
}

#endif // DCHAG_GATHER
