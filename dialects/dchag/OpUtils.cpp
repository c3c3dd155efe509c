//===- OpUtils.cpp - what the ops of the dialect share ---------------------*- C++ -*-===//

#include "dialects/dchag/OpUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::dchag;

ParseResult mlir::dchag::parseNumber(AsmParser &parser, FloatAttr &result) {
  double value;
  if (parser.parseFloat(value))
    return failure();
  result = FloatAttr::get(Float64Type::get(parser.getContext()), value);
  return success();
}

void mlir::dchag::printNumber(AsmPrinter &printer, FloatAttr value) {
  printer.printFloat(value.getValue());
}

int64_t mlir::dchag::productOf(ArrayRef<int64_t> sizes) {
  uint64_t result = 1;
  for (int64_t size : sizes)
    result *= static_cast<uint64_t>(size);
  return static_cast<int64_t>(result);
}

std::string mlir::dchag::shapeText(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "a scalar";
  std::string text;
  for (auto [d, size] : llvm::enumerate(shape)) {
    if (d > 0)
      text += "x";
    text += size == kAnySize ? "?" : std::to_string(size);
  }
  return text;
}

LogicalResult mlir::dchag::verifyShape(Operation *op, StringRef label, StringRef name, Value value,
                                       StringRef symbols, ArrayRef<int64_t> wanted) {
  if (!value)
    return success();
  ArrayRef<int64_t> shape = shapeOf(value);
  bool same = shape.size() == wanted.size();
  for (size_t d = 0; same && d < wanted.size(); ++d)
    same = wanted[d] == kAnySize || wanted[d] == shape[d];
  if (same)
    return success();
  return op->emitOpError("(") << label << ") " << name << " must be " << symbols << ": got "
                              << shapeText(shape) << ", wanted " << shapeText(wanted);
}

LogicalResult mlir::dchag::verifyRank(Operation *op, StringRef label, StringRef name, Value value,
                                      StringRef symbols, int64_t rank) {
  return verifyShape(op, label, name, value, symbols, SmallVector<int64_t>(rank, kAnySize));
}

/// Checks that all operands and results but masks are of `wanted`; results of narrow floats may be
/// of f32, and so may operands if `mixes`.
static LogicalResult verifyElementTypes(Operation *op, StringRef label, Type wanted, bool mixes,
                                        StringRef from) {
  bool isNarrow = isNarrowFloat(wanted);
  auto check = [&](Value value, StringRef kind, unsigned index, bool mayBeWide) -> LogicalResult {
    Type type = elementTypeOf(value);
    if (type == wanted || (type.isInteger(1) && isa<FloatType>(wanted)) ||
        (mayBeWide && type.isF32()))
      return success();
    return op->emitOpError("(") << label << ") " << kind << " " << index
                                << " must have the element type of " << from << ": got " << type
                                << ", wanted " << wanted << (mayBeWide ? " or 'f32'" : "");
  };
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    if (failed(check(operand, "operand", index, isNarrow && mixes)))
      return failure();
  // A sum in f32 may stay unrounded: partial sums may still be added to it.
  for (auto [index, result] : llvm::enumerate(op->getResults()))
    if (failed(check(result, "result", index, isNarrow)))
      return failure();
  return success();
}

LogicalResult mlir::dchag::verifySameElementType(Operation *op, StringRef label) {
  return verifyElementTypes(op, label, elementTypeOf(op->getOperand(0)), /*mixes=*/false,
                            "operand 0");
}

LogicalResult mlir::dchag::verifyMixedElementTypes(Operation *op, StringRef label) {
  auto narrow = llvm::find_if(op->getOperands(),
                              [](Value value) { return isNarrowFloat(elementTypeOf(value)); });
  if (narrow == op->operand_end())
    return verifySameElementType(op, label);
  std::string from = "operand " + std::to_string(narrow.getIndex());
  return verifyElementTypes(op, label, elementTypeOf(*narrow), /*mixes=*/true, from);
}

SmallVector<TokenDim> mlir::dchag::getImageDims(Value image) {
  SmallVector<TokenDim> dims(shapeOf(image).size(), TokenDim::Other);
  dims[0] = TokenDim::Batch;
  dims[1] = TokenDim::Channel;
  return dims;
}

SmallVector<TokenDim> mlir::dchag::getAggregationDims(Operation *op, Value value) {
  bool isTokens = value == op->getOperand(0);
  if (!isTokens && value.getDefiningOp() != op)
    return {};
  return {TokenDim::Batch, TokenDim::Group, isTokens ? TokenDim::Channel : TokenDim::Other,
          TokenDim::Position, TokenDim::Feature};
}

bool mlir::dchag::isSplatOf(Value value, double number) {
  DenseElementsAttr attr;
  if (!value || !matchPattern(value, m_Constant(&attr)) || !attr.isSplat())
    return false;
  if (isa<FloatType>(attr.getElementType()))
    return attr.getSplatValue<APFloat>().convertToDouble() == number;
  return attr.getElementType().isInteger(1) && attr.getSplatValue<bool>() == (number != 0);
}

LogicalResult mlir::dchag::dropSplatOperand(MutableOperandRange range, double number,
                                            PatternRewriter &rewriter) {
  if (range.empty() || !isSplatOf(range[0].get(), number))
    return failure();
  rewriter.modifyOpInPlace(range[0].getOwner(), [&] { range.clear(); });
  return success();
}
