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

def Runtime_AllGatherOp : Runtime_CollectiveOp<"all_gather", "AllGather", [{
    ::std::optional<unsigned> getJoinedDim() { return 0; }
  }]> {
  let summary = "Joins the parts of all ranks of a group";
  let description = [{
    Communicators move contiguous data, so that parts are joined along a leading dimension; if they
    are to be joined along another one, `collectives-to-runtime` adds a transposition after it.

    `axes` are the axes of the mesh along which the ranks of a group differ, first slowest; `site`
    is the index of the collective in the table of texts for messages (module attribute
    `dchag_rt.sites`); `queue` is the queue of the device whose earlier work it follows.

    - (G1) `init` has the shape of `source` after a leading dimension, the number of ranks.
    - (G2) One element type.  (G3) The op is directly in the body of a function: a rank that
      does not reach a collective would stop all others.
    ```mlir
    %y = dchag_rt.all_gather %x outs(%e) {axes = array<i32: 0>, site = 0 : i32} : (tensor<3x5xf32>, tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
    ```
  }];
  let arguments = (ins Runtime_Shaped:$source, Runtime_Shaped:$init, DenseI32ArrayAttr:$axes,
      I32Attr:$site, DefaultValuedAttr<Runtime_Queue, "0">:$queue);
  let assemblyFormat = "$source `outs` `(` $init `)` attr-dict `:` functional-type(operands, results)";
}

def Runtime_ReduceScatterOp : Runtime_CollectiveOp<"reduce_scatter", "ReduceScatter", [{
    ::std::optional<unsigned> getCutDim() { return 0; }
    ::std::optional<::mlir::shard::ReductionKind> getReductionKind() {
      return convertReduction(getReduction());
    }
  }]> {
  let summary = "Combines the data of all ranks; each rank keeps one part";
  let description = [{
    - (G1) `source` has the shape of `init` after a leading dimension, the number of ranks.
    - (G2), (G3) as for `dchag_rt.all_gather`.
    ```mlir
    %y = dchag_rt.reduce_scatter %x outs(%e) {axes = array<i32: 0>, site = 0 : i32} : (tensor<2x3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    ```
  }];
  let arguments = (ins Runtime_Shaped:$source, Runtime_Shaped:$init, DenseI32ArrayAttr:$axes,
      I32Attr:$site,
      DefaultValuedAttr<Runtime_ReductionAttr, "::mlir::dchag::rt::Reduction::Sum">:$reduction,
      DefaultValuedAttr<Runtime_Queue, "0">:$queue);
  let assemblyFormat = "$source `outs` `(` $init `)` attr-dict `:` functional-type(operands, results)";
}

def Runtime_AllReduceOp : Runtime_CollectiveOp<"all_reduce", "AllReduce", [{
    bool isInPlace() { return true; }
    ::std::optional<::mlir::shard::ReductionKind> getReductionKind() {
      return convertReduction(getReduction());
    }
  }]> {
  let summary = "Combines the parts of all ranks";
  let description = [{
    `init` is read and replaced by the combination of all ranks' `init`s.

    - (G2), (G3) as for `dchag_rt.all_gather`.
    ```mlir
    %y = dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 0 : i32} : (tensor<3x5xf32>) -> tensor<3x5xf32>
    ```
  }];
  let arguments = (ins Runtime_Shaped:$init, DenseI32ArrayAttr:$axes, I32Attr:$site,
      DefaultValuedAttr<Runtime_ReductionAttr, "::mlir::dchag::rt::Reduction::Sum">:$reduction,
      DefaultValuedAttr<Runtime_Queue, "0">:$queue);
  let assemblyFormat = "`outs` `(` $init `)` attr-dict `:` functional-type(operands, results)";
}

def Runtime_AllToAllOp : Runtime_CollectiveOp<"all_to_all", "AllToAll", [{
    ::std::optional<unsigned> getCutDim() { return 0; }
    ::std::optional<unsigned> getJoinedDim() { return 0; }
  }]> {
  let summary = "Sends a part to each rank, and joins the parts received";
  let description = [{
    Part i of `source` goes to rank i of the group; part i of `init` comes from it.

    - (G1) `source` and `init` have one shape, whose leading dimension is the number of ranks.
    - (G2), (G3) as for `dchag_rt.all_gather`.
    ```mlir
    %y = dchag_rt.all_to_all %x outs(%e) {axes = array<i32: 0>, site = 0 : i32} : (tensor<2x3x5xf32>, tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
    ```
  }];
  let arguments = (ins Runtime_Shaped:$source, Runtime_Shaped:$init, DenseI32ArrayAttr:$axes,
      I32Attr:$site, DefaultValuedAttr<Runtime_Queue, "0">:$queue);
  let assemblyFormat = "$source `outs` `(` $init `)` attr-dict `:` functional-type(operands, results)";
}

def Runtime_AxisIndexOp : Runtime_Op<"axis_index", [Pure]> {
  let summary = "Position of this rank along one axis of the mesh";
  let description = [{
    `axis` is the number of the axis in the mesh of the program; the result is at least 0 and less
    than the size of that axis, and does not change while a program runs.

    Created by `collectives-to-runtime` from `shard.process_multi_index` and for the offset of
    `shard.all_slice`; lowered to a call of `dchag_rt_axis_index`.
    ```mlir
    %i = dchag_rt.axis_index 0
    ```
  }];
  let arguments = (ins ConfinedAttr<I32Attr, [IntNonNegative]>:$axis);
  let results = (outs Index:$result);
  let assemblyFormat = "$axis attr-dict";
}

#endif // DCHAG_RT_COLLECTIVES
