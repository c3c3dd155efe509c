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

LogicalResult mlir::dchag::verifySameElementType(Operation *op, StringRef label,
                                                 ValueRange wideOperands) {
  Type wanted = tensorType(op->getOperand(0)).getElementType();
  bool isNarrow = isa<FloatType>(wanted) && wanted.getIntOrFloatBitWidth() < 32;
  auto check = [&](Value value, StringRef kind, unsigned index) -> LogicalResult {
    Type type = tensorType(value).getElementType();
    if (type == wanted || (type.isInteger(1) && isa<FloatType>(wanted)))
      return success();
    // A sum in f32 may stay unrounded: partial sums may still be added to it.
    bool mayBeWide = isNarrow && (kind == "result" || llvm::is_contained(wideOperands, value));
    if (mayBeWide && type.isF32())
      return success();
    return op->emitOpError("(") << label << ") " << kind << " " << index
                                << " must have the element type of operand 0: got " << type
                                << ", wanted " << wanted << (mayBeWide ? " or 'f32'" : "");
  };
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    if (failed(check(operand, "operand", index)))
      return failure();
  for (auto [index, result] : llvm::enumerate(op->getResults()))
    if (failed(check(result, "result", index)))
      return failure();
  return success();
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
