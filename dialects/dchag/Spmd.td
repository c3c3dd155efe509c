//===- Spmd.td - ops of distributed programs ------------------------*- tablegen -*-===//
#ifndef DCHAG_SPMD
#define DCHAG_SPMD

include "dialects/dchag/DchagDialect.td"
include "dialects/dchag/DchagSharding.td"
include "dialects/interfaces/SpmdEvaluable.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

def Dchag_ReshardOp : Dchag_Op<"reshard"> {
  let summary = "Lays a value out over the ranks in another way";
  let description = [{
    Changes the sharding of a value of the global type `global` from `from` to `to`.
    Created by `insert-reshards` with global types, which `partition` replaces by local
    types; consumed by `reshards-to-collectives`.

    - (C1) `from` and `to` fit `global` and the mesh; `to` is partial only along axes along which
      `from` is.
    - (C2) Operand and result both have the type `global`, or both their local types.
    - (C3) `maximum` is given if and only if partial results of an online softmax are combined: the maximum
      that they are relative to. Its dimensions divide those of `input`.

    ```mlir
    %y = dchag.reshard %x from <[["tp"], []]> to <[[], []]> global tensor<5x3xf32> : tensor<3x3xf32> -> tensor<5x3xf32>
    ```
  }];
  let arguments = (ins Dchag_Tensor:$input, Optional<Dchag_FloatTensor>:$maximum,
      Dchag_ShardingAttr:$from, Dchag_ShardingAttr:$to, TypeAttr:$global);
  let results = (outs Dchag_Tensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = [{
    $input (`relative` `(` $maximum^ `:` type($maximum) `)`)? `from` $from `to` $to
    `global` $global attr-dict `:` type($input) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// Whether partial results of an online softmax are combined.
    bool combinesSoftmax();
  }];
}

def Dchag_RescaleOp : Dchag_Op<"rescale", [Dchag_Decomposable,
    AllTypesMatch<["input", "result"]>, AllTypesMatch<["from", "to"]>]> {
  let summary = "Makes parts of an online softmax relative to another maximum";
  let description = [{
    The online-softmax merge (docs/math.md, section 3) of partial results of several ranks is

        y = sum_r x[r] exp(from[r] - to)      with to = max_r from[r]

    and this op is one term of it. Element i of a dimension of `input` belongs to element
    i / (n / m) of `from` and `to`, n and m being the sizes of the dimension in both: the values
    of a head share its maximum. Created by `reshards-to-collectives`.

    - (C1) `from` and `to` have one type and the rank of `input`; their dimensions divide those of
      `input`.  (C2) One floating-point element type; the result has the type of `input`.

    ```mlir
    %y = dchag.rescale %x from %m to %t : (tensor<2x6xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$input, Dchag_FloatTensor:$from, Dchag_FloatTensor:$to);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = "$input `from` $from `to` $to attr-dict `:` functional-type(operands, results)";
}

def Dchag_MaskShardOp : Dchag_Op<"mask_shard",
    [SameOperandsAndResultType, Dchag_Decomposable,
     DeclareOpInterfaceMethods<ExactOpInterface, ["isExactOnIntegers"]>,
     DeclareOpInterfaceMethods<SpmdEvaluableOpInterface, ["evaluateOnRank", "getDependentAxes"]>]> {
  let summary = "Overwrites the padding of a rank's part by a value";
  let description = [{
    The rank at position i along `axes` (first slowest) holds the elements from i L on of a
    dimension of `size` elements, L being the size of dimension `dim` of `input`. Elements
    from index `size` on become `value`.

    - (C1) 0 <= `dim` < rank, `size` is positive.  (C2) The mesh has the `axes`.
    - (C3) `value` has the element type of `input`; the result has the type of `input`.

    ```mlir
    %y = dchag.mask_shard %x {dim = 1, axes = ["tp"], size = 5, value = 0.0 : f32} : tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Dchag_Tensor:$input, ConfinedAttr<I64Attr, [IntNonNegative]>:$dim,
      StrArrayAttr:$axes, ConfinedAttr<I64Attr, [IntPositive]>:$size, TypedAttrInterface:$value);
  let results = (outs Dchag_Tensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = "$input attr-dict `:` type($result)";
  let extraClassDeclaration = [{
    /// Number of elements of dimension `dim` that `rank` keeps.
    int64_t getKept(int64_t rank, MeshAttr mesh);
  }];
}

#endif // DCHAG_SPMD
