//===- Evaluable.td - ops the interpreters can execute -----------*- tablegen -*-===//
#ifndef DCHAG_INTERFACES_EVALUABLE
#define DCHAG_INTERFACES_EVALUABLE

include "mlir/IR/OpBase.td"

def EvaluableOpInterface : OpInterface<"EvaluableOpInterface"> {
  let cppNamespace = "::mlir::dchag";
  let description = [{
    The meaning of an op as a function from the values of its operands to the values of
    its results. The interpreters use nothing else, so what an op computes
    here is what every pass and every generated kernel is compared with.
  }];
  let methods = [InterfaceMethod<
    [{Computes the results and appends them to `results`, which is empty before, each with
      the static shape and the element type of the op's result; floating-point arithmetic is done in float64
      whatever the type says, and the interpreter rounds the results to the type
      afterwards when it runs in typed mode. Emits an error at the op and fails when the
      op has no value (an unsupported feature).}],
    "::llvm::LogicalResult", "evaluate",
    (ins "::llvm::ArrayRef<::mlir::dchag::EvalTensor>":$operands,
         "::llvm::SmallVectorImpl<::mlir::dchag::EvalTensor> &":$results),
    "", [{ return $_op->emitOpError("has no evaluation: implement EvaluableOpInterface"); }]>];
}

#endif // DCHAG_INTERFACES_EVALUABLE
