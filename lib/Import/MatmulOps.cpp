//===- MatmulOps.cpp - matrix products of ONNX -----------------------------*- C++ -*-===//

#include "Contraction.h"
#include "Operators.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// Names of dimensions of a product: batch dimensions from the right, then rows, the
/// contracted dimension and columns.
constexpr char rows = 'r', inner = 'k', columns = 'c';

std::string nameBatch(size_t count, size_t rank) {
  std::string names;
  for (size_t i = rank - count; i < rank; ++i)
    names.push_back(static_cast<char>('A' + i));
  return names;
}

/// numpy's matmul: vectors get a dimension of size 1 that is removed again.
LogicalResult buildMatMul(NodeBuilder &node) {
  FailureOr<Value> lhs = node.getInput(0), rhs = node.getInput(1);
  if (failed(lhs) || failed(rhs))
    return failure();
  size_t lhsRank = shapeOf(*lhs).size(), rhsRank = shapeOf(*rhs).size();
  if (lhsRank == 0 || rhsRank == 0)
    return node.fail("a factor is a scalar", "Mul");
  if (elementTypeOf(*lhs) != elementTypeOf(*rhs))
    return node.fail("its inputs have different element types");
  size_t lhsBatch = lhsRank > 2 ? lhsRank - 2 : 0, rhsBatch = rhsRank > 2 ? rhsRank - 2 : 0;
  size_t batch = std::max(lhsBatch, rhsBatch);
  if (batch > 20)
    return node.fail("a factor has rank " + Twine(batch + 2), "rank 22 at most");
  std::string lhsDims = nameBatch(lhsBatch, batch), rhsDims = nameBatch(rhsBatch, batch);
  std::string resultDims = nameBatch(batch, batch);
  if (lhsRank > 1) {
    lhsDims += rows;
    resultDims += rows;
  }
  lhsDims += inner;
  rhsDims += inner;
  if (rhsRank > 1) {
    rhsDims += columns;
    resultDims += columns;
  }
  auto result = contractDims(node, {*lhs, lhsDims}, {*rhs, rhsDims}, resultDims);
  if (failed(result))
    return failure();
  return node.setOutput(0, *result, node.isUnsigned(0));
}

/// alpha A B + beta C, with A and B transposed on demand.
LogicalResult buildGemm(NodeBuilder &node) {
  FailureOr<Value> lhs = node.getInput(0), rhs = node.getInput(1);
  if (failed(lhs) || failed(rhs))
    return failure();
  if (shapeOf(*lhs).size() != 2 || shapeOf(*rhs).size() != 2)
    return node.fail("its factors have ranks " + Twine(shapeOf(*lhs).size()) + " and " +
                         Twine(shapeOf(*rhs).size()),
                     "two matrices, or MatMul");
  if (elementTypeOf(*lhs) != elementTypeOf(*rhs))
    return node.fail("its inputs have different element types");
  std::string lhsDims = node.getInt("transA", 0) ? "kr" : "rk";
  std::string rhsDims = node.getInt("transB", 0) ? "ck" : "kc";
  auto product = contractDims(node, {*lhs, lhsDims}, {*rhs, rhsDims}, "rc");
  if (failed(product))
    return failure();
  Value result = *product;
  auto scale = [&](Value value, StringRef attribute) {
    double factor = node.getFloat(attribute, 1);
    return factor == 1 ? value : node.mul(value, node.splat(tensorType(value), factor));
  };
  if (!onnx::isFloat(result) && (node.getFloat("alpha", 1) != 1 || node.getFloat("beta", 1) != 1))
    return node.fail("alpha or beta of an integer product is not 1");
  result = scale(result, "alpha");
  if (node.getFloat("beta", 1) != 0 && node.hasInput(2)) {
    Value addend = node.inputs[2]->value;
    auto shape = broadcastShapes(shapeOf(result), shapeOf(addend));
    if (!shape || ArrayRef<int64_t>(*shape) != shapeOf(result) ||
        elementTypeOf(addend) != elementTypeOf(result))
      return node.fail("C of shape " + printShape(shapeOf(addend)) +
                       " does not broadcast to the product's " + printShape(shapeOf(result)));
    result = node.add(result, node.broadcastTo(scale(addend, "beta"), shapeOf(result)));
  }
  return node.setOutput(0, result, node.isUnsigned(0));
}

} // namespace

void onnx::registerMatmulOps(OperatorTable &table) {
  table.add("MatMul", buildMatMul);
  table.add("Gemm", buildGemm);
}
