//===- Compare.h - when two values are equal --------------------------------*- C++ -*-===//
#ifndef DCHAG_LIB_INTERPRETER_COMPARE_H
#define DCHAG_LIB_INTERPRETER_COMPARE_H

#include "dchag/Interpreter/Harness.h"

namespace mlir::dchag {

/// Emits an error for the first element that differs by more than `tolerance` times the
/// largest magnitude of `expected` (0: bit for bit, but -0 is 0). NaN equals NaN. Integers
/// must be equal. Returns the largest relative difference.
FailureOr<double> compareTensors(const EvalTensor &actual, const EvalTensor &expected,
                                 double tolerance, const Twine &what, Location loc);

/// Whether all that a module computes from small integers is exact whatever the order:
/// moves, sums, products, maxima and minima.
bool computesExactly(ModuleOp module);

/// Largest finite magnitude.
double getMaxMagnitude(const EvalTensor &tensor);

/// Bound for a comparison of programs: see CheckOptions::tolerance.
double getTolerance(const CheckOptions &options, InputKind kind, bool isExact,
                    const EvalTensor &expected);

/// Functions a check compares: @step, or each public function with a body.
SmallVector<func::FuncOp> getEntryFunctions(ModuleOp module);

/// Ports of an entry; with @prepare for @step.
FailureOr<ModulePorts> getEntryPorts(ModuleOp module, func::FuncOp function);

/// Short form of a number for messages.
std::string formatNumber(const EvalTensor &tensor, int64_t index);

/// "[1, 0, 2]" of a row-major index.
std::string formatIndex(ArrayRef<int64_t> shape, int64_t index);

} // namespace mlir::dchag

#endif // DCHAG_LIB_INTERPRETER_COMPARE_H
