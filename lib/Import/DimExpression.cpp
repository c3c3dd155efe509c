//===- DimExpression.cpp - dimensions named by an expression ---------------*- C++ -*-===//

#include "DimExpression.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::dchag::onnx;

namespace mlir::dchag::onnx {

/// A recursive descent parser; every method returns false if the text does not match.
class DimParser {
public:
  DimParser(StringRef text, DimExpression &into) : rest(text), into(into) {}

  bool parse() { return parseSum() && rest.ltrim().empty(); }

private:
  using Kind = DimExpression::Kind;
  /// Deepest nesting of parentheses, signs and powers, which bounds the stack.
  static constexpr unsigned maxDepth = 64;

  bool consume(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }
  bool emit(Kind kind, int64_t value = 0) {
    into.code.push_back({kind, value});
    return true;
  }
  bool parseSum();
  bool parseProduct();
  bool parseSigned();
  bool parsePower();
  bool parseOperand();
  bool parseCall(StringRef name);
  bool parseArguments(Kind kind, unsigned least, unsigned most);
  /// floor(a/b) and ceiling(a/b), in which the quotient need not be an integer.
  bool parseRounded(Kind kind);
  StringRef takeName();

  StringRef rest;
  DimExpression &into;
  unsigned depth = 0;
};

} // namespace mlir::dchag::onnx

bool DimParser::parseSum() {
  if (!parseProduct())
    return false;
  while (true) {
    Kind kind = consume("+") ? Kind::Add : consume("-") ? Kind::Sub : Kind::Number;
    if (kind == Kind::Number)
      return true;
    if (!parseProduct())
      return false;
    emit(kind);
  }
}

bool DimParser::parseProduct() {
  if (!parseSigned())
    return false;
  while (true) {
    Kind kind = consume("//")  ? Kind::FloorDiv
                : consume("/") ? Kind::Div
                : consume("*") ? Kind::Mul
                : consume("%") ? Kind::Mod
                               : Kind::Number;
    if (kind == Kind::Number)
      return true;
    if (!parseSigned())
      return false;
    emit(kind);
  }
}

bool DimParser::parseSigned() {
  if (!consume("-"))
    return parsePower();
  if (++depth > maxDepth || !parseSigned())
    return false;
  --depth;
  return emit(Kind::Neg);
}

bool DimParser::parsePower() {
  if (!parseOperand())
    return false;
  if (!consume("**") && !consume("^"))
    return true;
  if (++depth > maxDepth || !parseSigned())
    return false;
  --depth;
  return emit(Kind::Pow);
}

/// Names may contain a hyphen, which is then not a minus: "batch-size", but "batch - 1" and
/// "batch-1".
StringRef DimParser::takeName() {
  auto isLetter = [](char c) { return llvm::isAlpha(c) || c == '_'; };
  size_t size = 0;
  while (size < rest.size() &&
         (isLetter(rest[size]) || (size && (llvm::isDigit(rest[size]) || rest[size] == '.')) ||
          (size && rest[size] == '-' && size + 1 < rest.size() && isLetter(rest[size + 1]))))
    ++size;
  StringRef name = rest.take_front(size);
  rest = rest.drop_front(size);
  return name;
}

bool DimParser::parseOperand() {
  if (consume("(")) {
    if (++depth > maxDepth || !parseSum() || !consume(")"))
      return false;
    --depth;
    return true;
  }
  rest = rest.ltrim();
  if (StringRef digits = rest.take_while(llvm::isDigit); !digits.empty()) {
    int64_t number;
    rest = rest.drop_front(digits.size());
    return !digits.getAsInteger(10, number) && emit(Kind::Number, number);
  }
  StringRef name = takeName();
  if (name.empty())
    return false;
  if (consume("("))
    return parseCall(name);
  auto known = llvm::find(into.symbols, name);
  int64_t index = known - into.symbols.begin();
  if (known == into.symbols.end())
    into.symbols.push_back(name.str());
  return emit(Kind::Symbol, index);
}

bool DimParser::parseCall(StringRef name) {
  if (++depth > maxDepth)
    return false;
  bool isRead =
      llvm::StringSwitch<llvm::function_ref<bool()>>(name)
          .Cases({"Max", "max"}, [&] { return parseArguments(Kind::Max, 1, 64); })
          .Cases({"Min", "min"}, [&] { return parseArguments(Kind::Min, 1, 64); })
          .Case("FloorDiv", [&] { return parseArguments(Kind::FloorDiv, 2, 2); })
          .Case("CeilDiv", [&] { return parseArguments(Kind::CeilDiv, 2, 2); })
          .Cases({"Mod", "PythonMod"}, [&] { return parseArguments(Kind::Mod, 2, 2); })
          .Cases({"floor", "FloorToInt"}, [&] { return parseRounded(Kind::FloorDiv); })
          .Cases({"ceiling", "ceil", "CeilToInt"}, [&] { return parseRounded(Kind::CeilDiv); })
          .Default([] { return false; })();
  --depth;
  return isRead;
}

bool DimParser::parseArguments(Kind kind, unsigned least, unsigned most) {
  unsigned count = 0;
  do {
    if (!parseSum())
      return false;
    if (++count > 1)
      emit(kind);
  } while (consume(","));
  return consume(")") && count >= least && count <= most;
}

bool DimParser::parseRounded(Kind kind) {
  if (!parseSum() || !consume(")"))
    return false;
  if (into.code.back().kind == Kind::Div)
    into.code.back().kind = kind;
  return true;
}

DimExpression::DimExpression(StringRef text) {
  if (DimParser(text, *this).parse())
    return;
  code.assign(1, {Kind::Symbol});
  symbols.assign(1, text.str());
}

std::optional<int64_t> DimExpression::apply(Kind kind, int64_t lhs, int64_t rhs) {
  int64_t result;
  switch (kind) {
  case Kind::Add:
    return llvm::AddOverflow(lhs, rhs, result) ? std::nullopt : std::optional(result);
  case Kind::Sub:
    return llvm::SubOverflow(lhs, rhs, result) ? std::nullopt : std::optional(result);
  case Kind::Mul:
    return llvm::MulOverflow(lhs, rhs, result) ? std::nullopt : std::optional(result);
  case Kind::Max:
    return std::max(lhs, rhs);
  case Kind::Min:
    return std::min(lhs, rhs);
  case Kind::Pow:
    if (rhs < 0 || rhs > 62)
      return std::nullopt;
    result = 1;
    for (; rhs > 0; --rhs)
      if (llvm::MulOverflow(result, lhs, result))
        return std::nullopt;
    return result;
  default:
    break;
  }
  // Only with a positive divisor: languages differ in the rest.
  if (rhs <= 0 || (kind == Kind::Div && lhs % rhs != 0))
    return std::nullopt;
  int64_t floor = llvm::divideFloorSigned(lhs, rhs);
  if (kind == Kind::Mod)
    return lhs - floor * rhs;
  return kind == Kind::CeilDiv ? llvm::divideCeilSigned(lhs, rhs) : floor;
}

std::optional<int64_t>
DimExpression::evaluate(llvm::function_ref<std::optional<int64_t>(StringRef)> getSize) const {
  SmallVector<int64_t> stack;
  for (const Step &step : code) {
    std::optional<int64_t> value = step.value;
    if (step.kind == Kind::Symbol) {
      value = getSize(symbols[step.value]);
    } else if (step.kind == Kind::Neg) {
      value = apply(Kind::Sub, 0, stack.pop_back_val());
    } else if (step.kind != Kind::Number) {
      int64_t rhs = stack.pop_back_val(), lhs = stack.pop_back_val();
      value = apply(step.kind, lhs, rhs);
    }
    if (!value)
      return std::nullopt;
    stack.push_back(*value);
  }
  return stack.front();
}
