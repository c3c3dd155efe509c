//===- SpmdEvaluable.td - ops that ask which rank they run on ------*- tablegen -*-===//
#ifndef DCHAG_INTERFACES_SPMDEVALUABLE
#define DCHAG_INTERFACES_SPMDEVALUABLE

include "mlir/IR/OpBase.td"

def SpmdEvaluableOpInterface : OpInterface<"SpmdEvaluableOpInterface"> {
  let cppNamespace = "::mlir::dchag";
  let description = [{
    The meaning of an op of a per-device program that depends on the rank but exchanges
    nothing with other ranks: a mask of padding, the index of the process. Only the SPMD
    interpreter executes such ops. An op that does not depend on the rank implements
    EvaluableOpInterface instead.
  }];
  let methods = [
    InterfaceMethod<[{Computes the results on the rank at `position`, by the rules of
      EvaluableOpInterface::evaluate.}],
      "::llvm::LogicalResult", "evaluateOnRank",
      (ins "const ::mlir::dchag::GridPosition &":$position,
           "::llvm::ArrayRef<::mlir::dchag::EvalTensor>":$operands,
           "::llvm::SmallVectorImpl<::mlir::dchag::EvalTensor> &":$results)>,
    InterfaceMethod<[{Numbers of the mesh axes along which the results may differ though the
      operands do not; nullopt: along any.}],
      "::std::optional<::llvm::SmallVector<int32_t>>", "getDependentAxes",
      (ins "::mlir::dchag::MeshAttr":$mesh), "", [{ return std::nullopt; }]>,
    InterfaceMethod<[{The symbol of the grid in which the op uses the position of the rank; null
      if it is the mesh of the program.}],
      "::mlir::FlatSymbolRefAttr", "getGridSymbol", (ins), "", [{ return {}; }]>
  ];
}

#endif // DCHAG_INTERFACES_SPMDEVALUABLE
