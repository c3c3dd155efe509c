//===- Gather.td - moves by run-time indices ------------------------*- tablegen -*-===//
#ifndef DCHAG_GATHER
#define DCHAG_GATHER

include "dialects/dchag/DchagDialect.td"

def Dchag_GatherOp : Dchag_ModelOp<"gather", [Dchag_Decomposable, ExactOpInterface]> {
  let summary = "Takes slices of one dimension by index";
  let description = [{
        y[b.., i.., j.., k..] = x[b.., i.., indices[b.., j..], k..]

    with the taken element in dimension `dim` and b.. the first `batch` dimensions of `input`
    and `indices`: each of their elements has separate indices. A negative index counts from
    the end; an index out of range yields 0 (never NaN; memory outside `input` is never
    read).
    - (C1) 0 <= `dim` < rank of `input`.
    - (C2) The shape of the result is that of `input` with dimension `dim` replaced by the shape
      of `indices` after its batch dimensions.
    - (C3) `input` and the result have the same element type.
    - (C4) `batch` is at most `dim` and the rank of `indices`, whose first dimensions are those
      of `input`.

    All dimensions but `dim`, and those of the indices, split freely.
    ```mlir
    %y = dchag.gather %x[%i] {batch = 1, dim = 1} : (tensor<2x5x3xf32>, tensor<2x4xi64>) -> tensor<2x4x3xf32>
    ```
  }];
  let arguments = (ins Dchag_Tensor:$input, Dchag_IntTensor:$indices,
      ConfinedAttr<I64Attr, [IntNonNegative]>:$dim,
      DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">:$batch);
  let results = (outs Dchag_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
  let assemblyFormat = "$input `[` $indices `]` attr-dict `:` functional-type(operands, results)";
}

def Dchag_ScatterKind : I32EnumAttr<"ScatterKind", "how an update is combined with the old element", [
    I32EnumAttrCase<"Set", 0, "set">,
    I32EnumAttrCase<"Add", 1, "add">,
    I32EnumAttrCase<"Mul", 2, "mul">,
    I32EnumAttrCase<"Max", 3, "max">,
    I32EnumAttrCase<"Min", 4, "min">]> {
  let cppNamespace = "::mlir::dchag";
  let genSpecializedAttr = 0;
}
def Dchag_ScatterKindAttr : EnumAttr<Dchag_Dialect, Dchag_ScatterKind, "scatter_kind"> {
  let assemblyFormat = "`<` $value `>`";
}

def Dchag_ScatterOp : Dchag_ModelOp<"scatter", [Dchag_Decomposable, ExactOpInterface]> {
  let summary = "Writes slices of one dimension by index";
  let description = [{
    The result is `input` with, for every j in order,

        y[b.., i.., indices[b.., j], k..] = updates[b.., i.., j, k..]

    with the written element in dimension `dim` and b.. the first `batch` dimensions of `input`
    and `indices`. Other kinds than `set` combine the old element with the update instead: `add`,
    `mul`, `max` and `min` (NaN if either is NaN; integers are signed). A negative index
    counts from the end, an index out of range writes nothing; of equal indices `set` lets the last
    one win.
    - (C1) 0 <= `dim` < rank of `input`; `indices` has rank `batch` + 1.
    - (C2) The shape of `updates` is that of `input` with dimension `dim` replaced by the last size of `indices`.
    - (C3) `input`, `updates` and the result have one element type; the result has the type of `input`.
    - (C4) `batch` is at most `dim`, and the first dimensions of `indices` are those of `input`.
    - (C5) Booleans are `set` only.

    All dimensions but `dim` split freely.
    ```mlir
    %y = dchag.scatter %x[%i], %u {batch = 1, dim = 1, kind = #dchag.scatter_kind<add>} : (tensor<2x5x3xf32>, tensor<2x4xi64>, tensor<2x4x3xf32>) -> tensor<2x5x3xf32>
    ```
  }];
  let arguments = (ins Dchag_Tensor:$input, Dchag_IntTensor:$indices, Dchag_Tensor:$updates,
      ConfinedAttr<I64Attr, [IntNonNegative]>:$dim,
      DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">:$batch,
      DefaultValuedAttr<Dchag_ScatterKindAttr, "::mlir::dchag::ScatterKind::Set">:$kind);
  let results = (outs Dchag_Tensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = "$input `[` $indices `]` `,` $updates attr-dict `:` functional-type(operands, results)";
}

#endif // DCHAG_GATHER
