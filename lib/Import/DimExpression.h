//===- DimExpression.h - dimensions named by an expression -----------------*- C++ -*-===//
#ifndef DCHAG_IMPORT_DIMEXPRESSION_H
#define DCHAG_IMPORT_DIMEXPRESSION_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::dchag::onnx {

/// The size of an open dimension according to its name. Exporters write expressions of symbols
/// there ("2*batch", "s0//16 + 1", "Max(1, batch)"); any other text is a symbol itself.
class DimExpression {
public:
  /// Every text is valid: what is not an expression of +, -, *, /, //, %, **, Max, Min, floor,
  /// ceiling and parentheses is one symbol.
  explicit DimExpression(StringRef text);

  /// Whether the text is a single symbol, whose size an option may give.
  bool isSymbol() const { return code.size() == 1 && code.front().kind == Kind::Symbol; }
  /// Each symbol once.
  ArrayRef<std::string> getSymbols() const { return symbols; }
  /// The value, if `getSize` has all symbols. nullopt if it does not, and for a quotient that is
  /// not an integer, a division by zero or a number beyond any size.
  std::optional<int64_t>
  evaluate(llvm::function_ref<std::optional<int64_t>(StringRef)> getSize) const;

private:
  friend class DimParser;
  enum class Kind {
    Symbol,
    Number,
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    CeilDiv,
    Mod,
    Pow,
    Max,
    Min,
    Neg
  };
  struct Step {
    Kind kind;
    /// The number, or the index of the symbol.
    int64_t value = 0;
  };
  static std::optional<int64_t> apply(Kind kind, int64_t lhs, int64_t rhs);

  /// In postfix order.
  std::vector<Step> code;
  std::vector<std::string> symbols;
};

} // namespace mlir::dchag::onnx

#endif // DCHAG_IMPORT_DIMEXPRESSION_H
