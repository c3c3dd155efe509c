//===- Cost.td - ops with a cost -----------------------------------*- tablegen -*-===//
#ifndef DCHAG_INTERFACES_COST
#define DCHAG_INTERFACES_COST

include "mlir/IR/OpBase.td"

def CostOpInterface : OpInterface<"CostOpInterface"> {
  let cppNamespace = "::mlir::dchag";
  let description = [{
    Work of one execution of the op: floating-point operations (a multiply-add counts two,
    an exponential, error function, quotient or root one) and bytes of operands and results, each
    counted once. Communication is described by CollectiveOpInterface.
    dialects/interfaces/CostModel.h converts both to seconds.
  }];
  let methods = [
    InterfaceMethod<"Floating-point operations of one execution.", "double", "getFlops", (ins),
      "", [{ return 0.0; }]>,
    InterfaceMethod<"Bytes read and written by one execution when nothing stays in caches.",
      "double", "getBytes", (ins),
      "", [{ return ::mlir::dchag::bytesOfOperandsAndResults($_op.getOperation()); }]>
  ];
}

#endif // DCHAG_INTERFACES_COST
