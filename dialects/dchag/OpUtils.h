//===- OpUtils.h - what the ops of the dialect share -----------------------*- C++ -*-===//
//
// Checks with messages of one form, "(C2) what must hold: got ..., wanted ...".
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_OPUTILS_H
#define DCHAG_OPUTILS_H

#include "dialects/dchag/DchagAttrs.h"
#include "dialects/dchag/TensorBuilder.h"
#include "dialects/interfaces/Tokens.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::dchag {

/// A size in a wanted shape that may have any value.
constexpr int64_t kAnySize = ShapedType::kDynamic;

/// A number in an attribute, without its type.
ParseResult parseNumber(AsmParser &parser, FloatAttr &result);
void printNumber(AsmPrinter &printer, FloatAttr value);

/// Product of sizes; wraps around instead of overflowing on absurd types.
int64_t productOf(ArrayRef<int64_t> sizes);

/// "2x3x?" or "a scalar".
std::string shapeText(ArrayRef<int64_t> shape);

/// Whether `divisor` is positive and divides `size`.
inline bool divides(int64_t divisor, int64_t size) { return divisor > 0 && size % divisor == 0; }

/// Checks that `value` (nothing to do if null) has the wanted shape; `symbols` is it in letters.
LogicalResult verifyShape(Operation *op, StringRef label, StringRef name, Value value,
                          StringRef symbols, ArrayRef<int64_t> wanted);

/// Checks the rank only.
LogicalResult verifyRank(Operation *op, StringRef label, StringRef name, Value value,
                         StringRef symbols, int64_t rank);

/// Checks that all operands and results have the element type of operand 0, except masks of ops on
/// floats; results may be of f32 where that is narrower.
LogicalResult verifySameElementType(Operation *op, StringRef label);
/// The same, where each operand may be of f32, too, if others are narrower.
LogicalResult verifyMixedElementTypes(Operation *op, StringRef label);

/// What the dimensions of an image run over: B x C x anything.
SmallVector<TokenDim> getImageDims(Value image);

/// What the dimensions of an operand or result of an aggregation run over: tokens are
/// B x G x K x N x D, results B x G x Q x N x D or heads.
SmallVector<TokenDim> getAggregationDims(Operation *op, Value value);

/// Whether `value` is a constant whose elements all are this number; false for null.
bool isSplatOf(Value value, double number);

/// Removes the operand in `range` if it is a constant whose elements all are this number.
LogicalResult dropSplatOperand(MutableOperandRange range, double number, PatternRewriter &rewriter);

/// `Sum` if the op adds nothing after the sum, `Whole` otherwise: a bias must be added once, not by
/// each rank.
inline FactorKind sumUnless(bool addsMore) {
  return addsMore ? FactorKind::Whole : FactorKind::Sum;
}

} // namespace mlir::dchag

#endif // DCHAG_OPUTILS_H
