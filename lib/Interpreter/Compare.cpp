//===- Compare.cpp - when two values are equal ------------------------------*- C++ -*-===//

#include "Compare.h"
#include "Execution.h"
#include "dialects/dchag/Program.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

double mlir::dchag::getMaxMagnitude(const EvalTensor &tensor) {
  double result = 0;
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    double value = std::fabs(tensor.getAsDouble(i));
    if (std::isfinite(value))
      result = std::max(result, value);
  }
  return result;
}

std::string mlir::dchag::formatNumber(const EvalTensor &tensor, int64_t index) {
  if (!tensor.isFloat())
    return std::to_string(tensor.ints()[index]);
  double value = tensor.floats()[index];
  // The sign of a NaN says nothing and depends on the machine.
  if (std::isnan(value))
    return "nan";
  std::string text;
  llvm::raw_string_ostream os(text);
  // All digits only where six do not tell the number.
  std::string brief;
  llvm::raw_string_ostream(brief) << llvm::format("%.6g", value);
  double parsed;
  if (!StringRef(brief).getAsDouble(parsed) && parsed == value)
    return brief;
  os << llvm::format("%.17g", value);
  return text;
}

std::string mlir::dchag::formatIndex(ArrayRef<int64_t> shape, int64_t index) {
  SmallVector<int64_t> indices(shape.size());
  for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0; --d) {
    indices[d] = index % shape[d];
    index /= shape[d];
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "[";
  llvm::interleaveComma(indices, os);
  os << "]";
  return text;
}

/// Relative difference of two elements; infinite where no bound makes them equal.
static double getDifference(double actual, double expected, double scale) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected)))
    return 0;
  double difference = std::fabs(actual - expected) / scale;
  return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
}

FailureOr<double> mlir::dchag::compareTensors(const EvalTensor &actual, const EvalTensor &expected,
                                              double tolerance, const Twine &what, Location loc) {
  if (actual.getShape() != expected.getShape() || actual.isFloat() != expected.isFloat())
    return emitError(loc) << what << " is a " << describe(actual) << ", wanted a "
                          << describe(expected);
  double scale = getMaxMagnitude(expected), largest = 0;
  if (scale == 0)
    scale = 1;
  int64_t first = -1, numWrong = 0, count = actual.getNumElements();
  for (int64_t i = 0; i < count; ++i) {
    double difference;
    if (actual.isFloat())
      difference = getDifference(actual.floats()[i], expected.floats()[i], scale);
    else
      difference =
          actual.ints()[i] == expected.ints()[i] ? 0 : std::numeric_limits<double>::infinity();
    largest = std::max(largest, difference);
    if (difference > tolerance && numWrong++ == 0)
      first = i;
  }
  if (numWrong == 0)
    return largest;
  std::string bound, error;
  llvm::raw_string_ostream(bound) << llvm::format("%.3g", tolerance);
  llvm::raw_string_ostream(error) << llvm::format("%.3g", largest);
  InFlightDiagnostic diagnostic = emitError(loc);
  diagnostic << what << " differs at " << formatIndex(actual.getShape(), first) << ": got "
             << formatNumber(actual, first) << ", wanted " << formatNumber(expected, first) << " ("
             << numWrong << " of " << count << " elements differ";
  if (actual.isFloat())
    diagnostic << ", max relative error " << error << ", allowed " << bound << " by --tolerance";
  diagnostic << ")";
  return diagnostic;
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

static bool computesExactly(Operation *op) {
  // Functions, modules and grids hold ops; terminators pass values on.
  if (op->hasTrait<OpTrait::SymbolTable>() || isa<SymbolOpInterface>(op) ||
      op->hasTrait<OpTrait::IsTerminator>())
    return true;
  auto exact = dyn_cast<ExactOpInterface>(op);
  return exact && exact.isExactOnIntegers();
}

bool mlir::dchag::computesExactly(ModuleOp module) {
  return !module
              .walk([](Operation *op) {
                return ::computesExactly(op) ? WalkResult::advance() : WalkResult::interrupt();
              })
              .wasInterrupted();
}

double mlir::dchag::getTolerance(const CheckOptions &options, InputKind kind, bool isExact,
                                 const EvalTensor &expected) {
  if (options.tolerance)
    return *options.tolerance;
  auto type = dyn_cast<FloatType>(expected.getElementType());
  if (options.mode == ExecMode::Typed && type && !type.isF64())
    // A few hundred roundings to the type's precision.
    return std::ldexp(256.0, -static_cast<int>(type.getFPMantissaWidth()));
  // Sums of integers are exact while they and their parts have less than 53 bits.
  if (isExact && kind == InputKind::Integers && getMaxMagnitude(expected) < std::ldexp(1.0, 40))
    return 0;
  return 1e-12;
}

SmallVector<func::FuncOp> mlir::dchag::getEntryFunctions(ModuleOp module) {
  if (func::FuncOp step = Program(module).getStep())
    return {step};
  return llvm::filter_to_vector(module.getOps<func::FuncOp>(), [](func::FuncOp function) {
    return function.isPublic() && !function.isExternal();
  });
}

FailureOr<ModulePorts> mlir::dchag::getEntryPorts(ModuleOp module, func::FuncOp function) {
  return Program(module).getStep() ? getModulePorts(module, function) : getFunctionPorts(function);
}
