//===- Passes.td - in which types a program computes ----------------*- tablegen -*-===//
#ifndef DCHAG_PRECISION_PASSES
#define DCHAG_PRECISION_PASSES

include "mlir/Pass/PassBase.td"

def AccumulateInF32 : Pass<"accumulate-in-f32", "::mlir::ModuleOp"> {
  let summary = "Takes sums of f16 and bf16 in f32 and rounds them once";
  let description = [{
    A sum kept in f16 or bf16 loses addends once it is large: the sum of 1024 ones is 256 in bf16, and
    65520 is infinity in f16. An op that may be split over ranks into parts of a sum, a product or a
    softmax gets results of f32, which are rounded after it: the parts of several ranks are then
    added up in f32, too.
    ```mlir
    %c = linalg.contract ... ins(%a, %b : tensor<2x3xbf16>, tensor<3x5xbf16>)              // before
             outs(%zero : tensor<2x5xbf16>) -> tensor<2x5xbf16>
    %s = linalg.contract ... ins(%a, %b : tensor<2x3xbf16>, tensor<3x5xbf16>)              // after
             outs(%zero_1 : tensor<2x5xf32>) -> tensor<2x5xf32>
    %c = arith.truncf %s : tensor<2x5xf32> to tensor<2x5xbf16>
    ```
    Operands stay narrow if the op supports that, as a contraction does; others
    (`linalg.reduce`, ops of plugins whose results have the type of their operands) take them
    in f32. Maxima and minima are exact in any type and stay. Runs on the global program, before
    parameters are split off and before distribution, so that both count the bytes that are moved.
    Sums inside of an op are up to its decomposition; `verify-accumulators` checks both.
  }];
  let dependentDialects = ["::mlir::dchag::DchagDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
      "::mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numWidened", "num-widened", "ops whose sums are now taken in f32">];
}

#endif // DCHAG_PRECISION_PASSES
