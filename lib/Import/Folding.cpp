//===- Folding.cpp - constant folding during the import --------------------*- C++ -*-===//

#include "Folding.h"
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// Integer constants of more elements than this are kept out of the printed ops.
constexpr int64_t inlineElements = 256;
/// Operands of an op that is executed at import.
constexpr int64_t maxOperandElements = int64_t(1) << 24;

/// Executes one op; null if it has no value. Diagnostics of the op are not shown to the user.
SmallVector<EvalTensor> execute(Operation *op, ArrayRef<EvalTensor> operands) {
  auto evaluable = dyn_cast<EvaluableOpInterface>(op);
  if (!evaluable)
    return {};
  ScopedDiagnosticHandler quiet(op->getContext(), [](Diagnostic &) { return success(); });
  SmallVector<EvalTensor> results;
  if (failed(evaluable.evaluate(operands, results)))
    return {};
  for (EvalTensor &result : results)
    result.roundToType();
  return results;
}

bool isSmall(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return true;
  auto count = countElements(tensor.getShape());
  bool isFloat = isa<FloatType>(tensor.getElementType());
  return count && *count <= (isFloat ? maxFloatConstant : maxIntConstant);
}

} // namespace

EvalTensor onnx::getElements(DenseElementsAttr attr) {
  EvalTensor result(attr.getType());
  if (result.isFloat()) {
    double *to = result.mutableFloats();
    for (const APFloat &value : attr.getValues<APFloat>()) {
      APFloat wide = value;
      bool losesInfo;
      wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
      *to++ = wide.convertToDouble();
    }
    return result;
  }
  bool isBool = attr.getElementType().isInteger(1);
  int64_t *to = result.mutableInts();
  for (const APInt &value : attr.getValues<APInt>())
    *to++ = isBool ? static_cast<int64_t>(value.getZExtValue()) : value.getSExtValue();
  return result;
}

Value onnx::makeConstant(OpBuilder &b, Location loc, const EvalTensor &value) {
  auto type = RankedTensorType::get(value.getShape(), value.getElementType());
  int64_t count = value.getNumElements();
  SmallVector<APInt> bits;
  bool isSplat = count > 0;
  for (int64_t i = 0; i < count; ++i) {
    if (auto floatType = dyn_cast<FloatType>(value.getElementType())) {
      APFloat number(value.floats()[i]);
      bool losesInfo;
      number.convert(floatType.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
      bits.push_back(number.bitcastToAPInt());
    } else {
      bits.push_back(APInt(value.getElementType().getIntOrFloatBitWidth(), value.ints()[i],
                           /*isSigned=*/true, /*implicitTrunc=*/true));
    }
    isSplat &= bits.back() == bits.front();
  }
  if (isSplat)
    bits.resize(1, bits.front());
  DenseElementsAttr attr;
  if (auto floatType = dyn_cast<FloatType>(value.getElementType())) {
    SmallVector<APFloat> numbers;
    for (const APInt &number : bits)
      numbers.push_back(APFloat(floatType.getFloatSemantics(), number));
    attr = DenseElementsAttr::get(type, numbers);
  } else {
    attr = DenseElementsAttr::get(type, bits);
  }
  return arith::ConstantOp::create(b, loc, attr);
}

EvalTensor ConstantFolder::evaluate(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return {};
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue())) {
      auto count = countElements(dense.getType().getShape());
      return count && *count <= maxOperandElements ? getElements(dense) : EvalTensor();
    }
    EvalTensor scalar(constant.getType());
    if (auto number = dyn_cast<FloatAttr>(constant.getValue()))
      scalar.mutableFloats()[0] = number.getValueAsDouble();
    else if (auto number = dyn_cast<IntegerAttr>(constant.getValue()))
      scalar.mutableInts()[0] = number.getInt();
    else
      return {};
    return scalar;
  }
  // Initial values of reductions stay ops.
  if (isa<tensor::EmptyOp>(op) && isSmall(value.getType()))
    return EvalTensor(value.getType());
  if (auto fill = dyn_cast<linalg::FillOp>(op); fill && isSmall(value.getType())) {
    EvalTensor scalar = evaluate(fill.getInputs()[0]), init = evaluate(fill.getOutputs()[0]);
    if (!scalar || !init)
      return {};
    for (int64_t i = 0; i < init.getNumElements(); ++i)
      init.copyElement(i, scalar, 0);
    return init;
  }
  return {};
}

std::optional<SmallVector<int64_t>> ConstantFolder::readInts(Value value) {
  EvalTensor known = evaluate(value);
  if (!known || known.isFloat())
    return std::nullopt;
  return SmallVector<int64_t>(known.ints(), known.ints() + known.getNumElements());
}

std::optional<SmallVector<double>> ConstantFolder::readFloats(Value value, bool orParameter) {
  EvalTensor known = evaluate(value);
  if (!known && orParameter)
    if (auto argument = dyn_cast<BlockArgument>(value))
      known = readParameter(argument);
  if (!known || !known.isFloat())
    return std::nullopt;
  return SmallVector<double>(known.floats(), known.floats() + known.getNumElements());
}

void ConstantFolder::fold(Block &block, Operation *last, OpBuilder &b,
                          MutableArrayRef<std::optional<ImportedValue>> outputs) {
  Block::iterator next = last ? std::next(Block::iterator(last)) : block.begin();
  while (next != block.end()) {
    Operation *op = &*next++;
    if (isa<arith::ConstantOp, tensor::EmptyOp, linalg::FillOp>(op) || op->getNumResults() == 0 ||
        op->getNumOperands() == 0 || !llvm::all_of(op->getResultTypes(), isSmall))
      continue;
    SmallVector<EvalTensor> operands;
    for (Value operand : op->getOperands())
      operands.push_back(evaluate(operand));
    if (!llvm::all_of(operands, [](const EvalTensor &t) { return static_cast<bool>(t); }))
      continue;
    SmallVector<EvalTensor> results = execute(op, operands);
    if (results.size() != op->getNumResults())
      continue;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(op);
    for (auto [result, value] : llvm::zip(op->getResults(), results)) {
      Value constant = makeConstant(b, op->getLoc(), value);
      result.replaceAllUsesWith(constant);
      for (std::optional<ImportedValue> &output : outputs)
        if (output && output->value == result)
          output->value = constant;
    }
    op->erase();
  }
}

/// The same integers as bytes of a resource, which printing and uniquing leave alone.
static ElementsAttr makeResource(DenseElementsAttr attr) {
  EvalTensor values = getElements(attr);
  unsigned width = std::max(attr.getElementType().getIntOrFloatBitWidth() / 8, 1u);
  SmallVector<char> bytes(values.getNumElements() * width);
  for (int64_t i = 0; i < values.getNumElements(); ++i)
    std::memcpy(&bytes[i * width], &values.ints()[i], width);
  auto blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, /*align=*/64);
  return DenseResourceElementsAttr::get(attr.getType(), "constant", std::move(blob));
}

void onnx::finishConstants(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
  for (auto constant : block.getOps<arith::ConstantOp>()) {
    auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
    if (dense && isa<IntegerType>(dense.getElementType()) && !dense.isSplat() &&
        dense.getNumElements() > inlineElements)
      constant.setValueAttr(makeResource(dense));
  }
}
