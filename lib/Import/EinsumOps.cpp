//===- EinsumOps.cpp - einsum equations ------------------------------------*- C++ -*-===//

#include "Contraction.h"
#include "Operators.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

struct Equation {
  SmallVector<NamedTensor> operands;
  std::string result;
};

/// Names for the dimensions of an ellipsis, from the right: digits and signs, which equations do
/// not use.
std::string nameEllipsis(size_t count) {
  std::string names;
  for (size_t i = count; i > 0; --i)
    names.push_back(static_cast<char>('!' + i - 1));
  return names;
}

/// Reads one term; "..." becomes `ellipsis` dimensions.
FailureOr<std::string> readTerm(NodeBuilder &node, StringRef term, size_t ellipsis) {
  std::string dims;
  for (; !term.empty(); term = term.drop_front()) {
    if (term.consume_front("...")) {
      dims += nameEllipsis(ellipsis);
      if (term.empty())
        break;
    }
    if (!llvm::isAlpha(term.front()))
      return node.fail("the equation has \"" + term.take_front(1) + "\" in a term");
    if (StringRef(dims).contains(term.front()))
      return node.fail("the equation repeats the index \"" + term.take_front(1) + "\" in one term",
                       "an index once a term");
    dims.push_back(term.front());
  }
  return dims;
}

/// Dimensions of the result when the equation does not name them: the ellipsis, then the
/// letters that occur once, in alphabetical order.
std::string inferResult(ArrayRef<NamedTensor> operands, size_t ellipsis) {
  std::string all, result;
  for (const NamedTensor &operand : operands)
    for (char dim : operand.dims)
      if (llvm::isAlpha(dim))
        all.push_back(dim);
  std::string sorted = all;
  llvm::sort(sorted);
  for (char dim : sorted)
    if (llvm::count(all, dim) == 1)
      result.push_back(dim);
  return nameEllipsis(ellipsis) + result;
}

FailureOr<Equation> readEquation(NodeBuilder &node, ArrayRef<Value> values) {
  std::string text;
  for (char c : node.getString("equation", ""))
    if (c != ' ')
      text.push_back(c);
  auto [left, right] = StringRef(text).split("->");
  bool isExplicit = StringRef(text).contains("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != values.size())
    return node.fail("the equation \"" + text + "\" has " + Twine(terms.size()) + " terms for " +
                     Twine(values.size()) + " inputs");
  Equation equation;
  size_t widest = 0;
  for (auto [term, value] : llvm::zip(terms, values)) {
    size_t letters = llvm::count_if(term, [](char c) { return llvm::isAlpha(c); });
    size_t rank = shapeOf(value).size();
    bool hasEllipsis = term.contains("...");
    if (letters > rank || (!hasEllipsis && letters != rank) || rank - letters > 10)
      return node.fail("the term \"" + term +
                       "\" does not name the dimensions of a tensor of "
                       "shape " +
                       printShape(shapeOf(value)));
    auto dims = readTerm(node, term, rank - letters);
    if (failed(dims))
      return failure();
    widest = std::max(widest, hasEllipsis ? rank - letters : 0);
    equation.operands.push_back({value, *dims});
  }
  if (!isExplicit) {
    equation.result = inferResult(equation.operands, widest);
    return equation;
  }
  auto result = readTerm(node, right, widest);
  if (failed(result))
    return failure();
  equation.result = *result;
  for (char dim : equation.result)
    if (llvm::none_of(equation.operands, [&](const NamedTensor &operand) {
          return StringRef(operand.dims).contains(dim);
        }))
      return node.fail("the equation's result has an index that no term has");
  return equation;
}

/// Dimensions of size 1 that are larger in another factor are broadcast if there is no second
/// factor to take their size from.
LogicalResult buildEinsum(NodeBuilder &node) {
  FailureOr<SmallVector<Value>> values = node.getInputs();
  if (failed(values))
    return failure();
  for (Value value : *values)
    if (elementTypeOf(value) != elementTypeOf(values->front()))
      return node.fail("its inputs have different element types");
  auto equation = readEquation(node, *values);
  if (failed(equation))
    return failure();
  NamedTensor product = equation->operands.front();
  size_t count = equation->operands.size();
  if (count == 1)
    return node.setOutput(0, sumAndTranspose(node, product, equation->result), node.isUnsigned(0));
  for (size_t i = 1; i < count; ++i) {
    // Keeps the dimensions that the result or a later term has.
    std::string kept;
    auto isWanted = [&](char dim) {
      if (StringRef(equation->result).contains(dim))
        return true;
      return llvm::any_of(ArrayRef(equation->operands).drop_front(i + 1),
                          [&](const NamedTensor &t) { return StringRef(t.dims).contains(dim); });
    };
    for (char dim : product.dims + equation->operands[i].dims)
      if (isWanted(dim) && !StringRef(kept).contains(dim))
        kept.push_back(dim);
    if (i + 1 == count)
      kept = equation->result;
    auto next = contractDims(node, product, equation->operands[i], kept);
    if (failed(next))
      return failure();
    product = {*next, kept};
  }
  return node.setOutput(0, product.value, node.isUnsigned(0));
}

} // namespace

void onnx::registerEinsumOps(OperatorTable &table) { table.add("Einsum", buildEinsum, 12); }
