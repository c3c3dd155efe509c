//===- Collectives.td - communication between ranks ----------------*- tablegen -*-===//
#ifndef DCHAG_RT_COLLECTIVES
#define DCHAG_RT_COLLECTIVES

include "dialects/dchag_rt/RuntimeDialect.td"

def Runtime_Reduction : I32EnumAttr<"Reduction", "how the parts of the ranks combine", [
    I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Max", 1, "max">,
    I32EnumAttrCase<"Min", 2, "min">]> {
  let cppNamespace = "::mlir::dchag::rt";
  let genSpecializedAttr = 0;
}
def Runtime_ReductionAttr : EnumAttr<Runtime_Dialect, Runtime_Reduction, "reduction"> {
  let assemblyFormat = "`<` $value `>`";
}

def Runtime_AllGatherOp : Runtime_CollectiveOp<"all_gather"> {
  let summary = "Joins the parts of all ranks of a group along one dimension";
  let description = [{
    `axes` are the axes of the mesh along which the ranks of a group differ, first slowest; `site`
    numbers the collective in the table of texts for messages (module attribute `dchag_rt.sites`).

    - (G1) `dim` is a dimension; `init` has the shape of `source` with dimension `dim` a multiple.
    - (G2) One element type.  (G3) The op stands directly in the body of a function: a rank that
      does not reach a collective would stop all others.
    ```mlir
    %y = dchag_rt.all_gather %x outs(%e) {axes = array<i32: 0>, dim = 1 : i64, site = 0 : i32} : (tensor<2x3xf32>, tensor<2x6xf32>) -> tensor<2x6xf32>
    ```
  }];
  let arguments = (ins Runtime_Shaped:$source, Runtime_Shaped:$init, DenseI32ArrayAttr:$axes,
      I32Attr:$site, ConfinedAttr<I64Attr, [IntNonNegative]>:$dim);
  let assemblyFormat = "$source `outs` `(` $init `)` attr-dict `:` functional-type(operands, results)";
}

def Runtime_ReduceScatterOp : Runtime_CollectiveOp<"reduce_scatter"> {
  let summary = "Combines the parts of all ranks, each keeps its part of one dimension";
  let description = [{
    - (G1) `dim` is a dimension; `source` has the shape of `init` with dimension `dim` a multiple.
    - (G2), (G3) as for `dchag_rt.all_gather`.
  }];
  let arguments = (ins Runtime_Shaped:$source, Runtime_Shaped:$init, DenseI32ArrayAttr:$axes,
      I32Attr:$site, ConfinedAttr<I64Attr, [IntNonNegative]>:$dim,
      DefaultValuedAttr<Runtime_ReductionAttr, "::mlir::dchag::rt::Reduction::Sum">:$reduction);
  let assemblyFormat = "$source `outs` `(` $init `)` attr-dict `:` functional-type(operands, results)";
}

def Runtime_AllReduceOp : Runtime_CollectiveOp<"all_reduce"> {
  let summary = "Combines the parts of all ranks";
  let description = [{
    `init` is read and replaced by the combination of all ranks' `init`s.

    - (G2), (G3) as for `dchag_rt.all_gather`.
  }];
  let arguments = (ins Runtime_Shaped:$init, DenseI32ArrayAttr:$axes, I32Attr:$site,
      DefaultValuedAttr<Runtime_ReductionAttr, "::mlir::dchag::rt::Reduction::Sum">:$reduction);
  let assemblyFormat = "`outs` `(` $init `)` attr-dict `:` functional-type(operands, results)";
}

def Runtime_AllToAllOp : Runtime_CollectiveOp<"all_to_all"> {
  let summary = "Splits one dimension over the ranks and joins another";
  let description = [{
    - (G1) `split` and `concat` are different dimensions; dimension `split` of `source` is n times
      that of `init`, dimension `concat` of `init` n times that of `source` for n ranks, all others agree.
    - (G2), (G3) as for `dchag_rt.all_gather`.
  }];
  let arguments = (ins Runtime_Shaped:$source, Runtime_Shaped:$init, DenseI32ArrayAttr:$axes,
      I32Attr:$site, ConfinedAttr<I64Attr, [IntNonNegative]>:$split,
      ConfinedAttr<I64Attr, [IntNonNegative]>:$concat);
  let assemblyFormat = "$source `outs` `(` $init `)` attr-dict `:` functional-type(operands, results)";
}

def Runtime_AxisIndexOp : Runtime_Op<"axis_index", [Pure]> {
  let summary = "Position of this rank along one axis of the mesh";
  let description = [{
    `axis` is the number of the axis in the mesh of the program; the result is at least 0 and less than the
    size of that axis, and does not change while a program runs.

    Made by `collectives-to-runtime` from `shard.process_multi_index` and for the offset of
    `shard.all_slice`; a call of `dchag_rt_axis_index` in the end.
    ```mlir
    %i = dchag_rt.axis_index 0
    ```
  }];
  let arguments = (ins ConfinedAttr<I32Attr, [IntNonNegative]>:$axis);
  let results = (outs Index:$result);
  let assemblyFormat = "$axis attr-dict";
}

#endif // DCHAG_RT_COLLECTIVES
