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
  let methods = [InterfaceMethod<
    [{Computes the results on the rank at `position`, by the rules of
      EvaluableOpInterface::evaluate.}],
    "::llvm::LogicalResult", "evaluateOnRank",
    (ins "const ::mlir::dchag::GridPosition &":$position,
         "::llvm::ArrayRef<::mlir::dchag::EvalTensor>":$operands,
         "::llvm::SmallVectorImpl<::mlir::dchag::EvalTensor> &":$results)>];
}

#endif // DCHAG_INTERFACES_SPMDEVALUABLE
