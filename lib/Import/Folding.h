//===- Folding.h - constant folding during the import ----------------------*- C++ -*-===//
//
// Shapes, axes and bounds are computed by nodes of the graph. Each node is imported like any other;
// if all operands of an emitted op are constant, the op is executed at once by its
// EvaluableOpInterface, as in the reference interpreter, and replaced by a constant.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_IMPORT_FOLDING_H
#define DCHAG_IMPORT_FOLDING_H

#include "NodeBuilder.h"
#include "dialects/interfaces/EvalTensor.h"

namespace mlir::dchag::onnx {

/// Maximum number of elements of a float constant that folding creates; larger ones stay computed,
/// and `prepare` moves them out of the step.
constexpr int64_t maxFloatConstant = 1024;
/// Maximum number of elements of an integer or Boolean constant that folding creates.
constexpr int64_t maxIntConstant = int64_t(1) << 20;

class ConstantFolder : public ConstantReader {
public:
  /// Reads parameters whose elements an operator needs at import; null for others.
  using ParameterReader = std::function<EvalTensor(BlockArgument)>;
  explicit ConstantFolder(ParameterReader readParameter)
      : readParameter(std::move(readParameter)) {}

  std::optional<SmallVector<int64_t>> readInts(Value value) override;
  std::optional<SmallVector<double>> readFloats(Value value, bool orParameter) override;

  /// Executes the ops of `block` after `last` (null: all) whose operands are constant, and puts
  /// their constants into `outputs` as well.
  void fold(Block &block, Operation *last, OpBuilder &b,
            MutableArrayRef<std::optional<ImportedValue>> outputs);

private:
  /// The value, if it is constant: a constant op, or an op on constants that folding keeps.
  EvalTensor evaluate(Value value);

  ParameterReader readParameter;
};

/// A constant op for a value.
Value makeConstant(OpBuilder &b, Location loc, const EvalTensor &value);
/// The elements of a dense attribute.
EvalTensor getElements(DenseElementsAttr attr);

/// Erases ops without a use, and moves large integer constants into resources of the module.
void finishConstants(Block &block);

} // namespace mlir::dchag::onnx

#endif // DCHAG_IMPORT_FOLDING_H
