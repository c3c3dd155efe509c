//===- Exact.td - ops without rounding on integers -----------------*- tablegen -*-===//
#ifndef DCHAG_INTERFACES_EXACT
#define DCHAG_INTERFACES_EXACT

include "mlir/IR/OpBase.td"

def ExactOpInterface : OpInterface<"ExactOpInterface"> {
  let cppNamespace = "::mlir::dchag";
  let description = [{
    An op whose results on small integers are exact in float64 in whatever order they are
    computed: it moves, compares, adds and multiplies. Programs of such ops alone are compared bit
    for bit on integers (`--check-equal`, `--check-ranks`), all others within a tolerance.
  }];
  let methods = [InterfaceMethod<
    [{Whether results are exact for operands that are small integers, or fractions with few bits.}],
    "bool", "isExactOnIntegers", (ins), "", [{ return true; }]>];
}

#endif // DCHAG_INTERFACES_EXACT
