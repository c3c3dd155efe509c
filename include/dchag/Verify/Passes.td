//===- Passes.td - checks between phases ----------------------------*- tablegen -*-===//
#ifndef DCHAG_VERIFY_PASSES
#define DCHAG_VERIFY_PASSES

include "mlir/Pass/PassBase.td"

def VerifyGlobal : Pass<"verify-global", "::mlir::ModuleOp"> {
  let summary = "Checks that a module is at the global level: the closed set of ops, static shapes";
  let description = [{
    Fails at each op that is not of the closed set that every later pass, the interpreters and
    the derivatives know completely: `linalg.contract`, `reduce` (one combiner), `broadcast`,
    `transpose`, `fill`; element-wise `arith` and `math` on equal static shapes; `tensor.empty`,
    `expand_shape`, `collapse_shape`, `extract_slice`, `insert_slice`, `concat`, `pad`; ops of any
    dialect that implement `EvaluableOpInterface`. Also checks that every init of a reduction or
    contraction is `tensor.empty` filled with the neutral element of the combiner: a partial sum
    would add anything else once a rank. Changes nothing.
  }];
}

#endif // DCHAG_VERIFY_PASSES
