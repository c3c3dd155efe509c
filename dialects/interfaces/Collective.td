//===- Collective.td - ops that ranks execute together -------------*- tablegen -*-===//
#ifndef DCHAG_INTERFACES_COLLECTIVE
#define DCHAG_INTERFACES_COLLECTIVE

include "mlir/IR/OpBase.td"

def CollectiveOpInterface : OpInterface<"CollectiveOpInterface"> {
  let cppNamespace = "::mlir::dchag";
  let description = [{
    An op of a per-device program that depends on the position of a rank in its group: the ranks that
    differ along some axes of the mesh only. All except slices exchange values, which a rank waits
    for. Passes on collectives, the communication report, and the SPMD interpreter handle
    collectives through this interface, those of the `shard` dialect and those of the runtime alike.

    A kind other than `Other` determines completely what the op does with its input: a pass may replace
    the op by another one of the same kind, mesh axes and dimensions.
  }];
  let methods = [
    InterfaceMethod<"What the ranks of a group do together.",
      "::mlir::dchag::CollectiveKind", "getCollectiveKind">,
    InterfaceMethod<[{Numbers of the mesh axes along which the ranks of a group differ, first
      slowest; if empty, each rank is a separate group.}],
      "::llvm::SmallVector<int32_t>", "getMeshAxes">,
    InterfaceMethod<[{The symbol of the grid whose axes these are; null where it is the mesh of
      the program.}],
      "::mlir::FlatSymbolRefAttr", "getGridSymbol", (ins), "", [{ return {}; }]>,
    InterfaceMethod<"The data of this rank: a tensor or a buffer.",
      "::mlir::Value", "getInput", (ins), "", [{ return $_op->getOperand(0); }]>,
    InterfaceMethod<"What this rank receives: the result, or the buffer that is written.",
      "::mlir::Value", "getOutput", (ins), "", [{ return $_op->getResult(0); }]>,
    InterfaceMethod<[{The dimension of the output along which the parts of the ranks are
      concatenated, in the order of the group; nullopt if they are not.}],
      "::std::optional<unsigned>", "getJoinedDim", (ins), "", [{ return std::nullopt; }]>,
    InterfaceMethod<[{The dimension of the input that is split into equal parts, one for each rank, in
      the order of the group; nullopt if none is.}],
      "::std::optional<unsigned>", "getCutDim", (ins), "", [{ return std::nullopt; }]>,
    InterfaceMethod<"How elements of different ranks are combined; nullopt if they are not.",
      "::std::optional<::mlir::shard::ReductionKind>", "getReductionKind", (ins), "",
      [{ return std::nullopt; }]>,
    InterfaceMethod<[{Whether all ranks of a group receive the same; if not, what they receive may
      differ even if their inputs are equal.}],
      "bool", "isOutputReplicated", (ins), "", [{
        auto kind = ::llvm::cast<::mlir::dchag::CollectiveOpInterface>($_op.getOperation())
                        .getCollectiveKind();
        return kind == ::mlir::dchag::CollectiveKind::AllGather ||
               kind == ::mlir::dchag::CollectiveKind::AllReduce;
      }]>,
    InterfaceMethod<"Whether the output is the input, which is read and replaced.",
      "bool", "isInPlace", (ins), "", [{ return false; }]>,
    InterfaceMethod<[{Its index in the table of texts by which the runtime names collectives
      in messages; nullopt before that table exists.}],
      "::std::optional<int32_t>", "getSiteIndex", (ins), "", [{ return std::nullopt; }]>,
    InterfaceMethod<[{Bytes that a rank sends in a group of `ranks` by a bandwidth-optimal
      algorithm; of kind `Other` those of the input.}],
      "double", "getBytesSent", (ins "int64_t":$ranks), "",
      [{
        auto self = ::llvm::cast<::mlir::dchag::CollectiveOpInterface>($_op.getOperation());
        return ::mlir::dchag::getBytesSentByKind(
            self.getCollectiveKind(), ::mlir::dchag::getTensorBytes(self.getInput().getType()), ranks);
      }]>,
    InterfaceMethod<"Number of messages in sequence in a group of `ranks` ranks.",
      "unsigned", "getNumRounds", (ins "int64_t":$ranks), "",
      [{
        auto self = ::llvm::cast<::mlir::dchag::CollectiveOpInterface>($_op.getOperation());
        return ::mlir::dchag::getRoundsByKind(self.getCollectiveKind(), ranks);
      }]>,
    InterfaceMethod<[{Computes what each rank of a group receives, appended to `outputs` in the order
      of the group, from the operands of each rank; `groupShape` has the number of ranks along
      each mesh axis. By the rules of EvaluableOpInterface::evaluate. Not called for slices, which
      exchange nothing: they implement SpmdEvaluableOpInterface.}],
      "::llvm::LogicalResult", "evaluateOnGroup",
      (ins "::llvm::ArrayRef<int64_t>":$groupShape,
           "::llvm::ArrayRef<::llvm::SmallVector<::mlir::dchag::EvalTensor>>":$operands,
           "::llvm::SmallVectorImpl<::mlir::dchag::EvalTensor> &":$outputs), "",
      [{ return $_op->emitOpError("has no evaluation: implement CollectiveOpInterface::evaluateOnGroup"); }]>
  ];
  let extraSharedClassDeclaration = [{
    /// Whether ranks exchange values, so that each waits for the others of its group.
    bool exchanges() {
      return $_op.getCollectiveKind() != ::mlir::dchag::CollectiveKind::AllSlice;
    }
  }];
}

#endif // DCHAG_INTERFACES_COLLECTIVE
