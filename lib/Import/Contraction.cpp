//===- Contraction.cpp - products with named dimensions --------------------*- C++ -*-===//

#include "Contraction.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

bool has(StringRef dims, char dim) { return dims.contains(dim); }

int64_t sizeOf(const NamedTensor &tensor, char dim) {
  return shapeOf(tensor.value)[StringRef(tensor.dims).find(dim)];
}

/// Removes dimensions of size 1 that `drop` names.
void dropUnitDims(NodeBuilder &node, NamedTensor &tensor, function_ref<bool(char)> drop) {
  SmallVector<int64_t> shape;
  std::string dims;
  for (char dim : tensor.dims) {
    if (drop(dim))
      continue;
    shape.push_back(sizeOf(tensor, dim));
    dims.push_back(dim);
  }
  tensor.value = node.reshape(tensor.value, shape);
  tensor.dims = dims;
}

/// Sums the dimensions for which `drop` holds.
void sumDims(NodeBuilder &node, NamedTensor &tensor, function_ref<bool(char)> drop) {
  SmallVector<int64_t> reduced;
  std::string dims;
  for (auto [index, dim] : llvm::enumerate(tensor.dims)) {
    if (drop(dim))
      reduced.push_back(index);
    else
      dims.push_back(dim);
  }
  tensor.value = node.reduce(Reduction::Sum, tensor.value, reduced, /*keep=*/false);
  tensor.dims = dims;
}

/// Both factors in the shape of the result, multiplied.
Value multiply(NodeBuilder &node, const NamedTensor &lhs, const NamedTensor &rhs,
               StringRef resultDims, ArrayRef<int64_t> resultShape) {
  auto broadcast = [&](const NamedTensor &tensor) {
    // Transposed to the order of the result, with size 1 for dimensions that the factor lacks.
    SmallVector<int64_t> permutation, shape;
    for (char dim : resultDims) {
      size_t at = StringRef(tensor.dims).find(dim);
      shape.push_back(at == StringRef::npos ? 1 : shapeOf(tensor.value)[at]);
      if (at != StringRef::npos)
        permutation.push_back(at);
    }
    Value value = node.transpose(tensor.value, permutation);
    return node.broadcastTo(node.reshape(value, shape), resultShape);
  };
  return node.mul(broadcast(lhs), broadcast(rhs));
}

} // namespace

Value onnx::sumAndTranspose(NodeBuilder &node, NamedTensor tensor, StringRef resultDims) {
  sumDims(node, tensor, [&](char dim) { return !has(resultDims, dim); });
  SmallVector<int64_t> permutation;
  for (char dim : resultDims)
    permutation.push_back(StringRef(tensor.dims).find(dim));
  return node.transpose(tensor.value, permutation);
}

FailureOr<Value> onnx::contractDims(NodeBuilder &node, NamedTensor lhs, NamedTensor rhs,
                                    StringRef resultDims) {
  for (char dim : lhs.dims) {
    if (!has(rhs.dims, dim))
      continue;
    int64_t left = sizeOf(lhs, dim), right = sizeOf(rhs, dim);
    if (left != right && left != 1 && right != 1)
      return node.fail("its factors have shapes " + printShape(shapeOf(lhs.value)) + " and " +
                       printShape(shapeOf(rhs.value)) + ": sizes " + Twine(left) + " and " +
                       Twine(right) + " do not match");
  }
  // A dimension of size 1 broadcasts against a larger one: the factor is reshaped without it.
  NamedTensor wholeLhs = lhs;
  dropUnitDims(node, lhs, [&](char dim) {
    return has(rhs.dims, dim) && sizeOf(lhs, dim) == 1 && sizeOf(rhs, dim) != 1;
  });
  dropUnitDims(node, rhs, [&](char dim) {
    return has(wholeLhs.dims, dim) && sizeOf(rhs, dim) == 1 && sizeOf(wholeLhs, dim) != 1;
  });
  sumDims(node, lhs, [&](char dim) { return !has(resultDims, dim) && !has(rhs.dims, dim); });
  sumDims(node, rhs, [&](char dim) { return !has(resultDims, dim) && !has(lhs.dims, dim); });

  SmallVector<int64_t> shape;
  for (char dim : resultDims)
    shape.push_back(has(lhs.dims, dim) ? sizeOf(lhs, dim) : sizeOf(rhs, dim));
  if (!countElements(shape))
    return node.fail("the result would have the shape " + printShape(shape) +
                     ", which no device can hold");
  if (llvm::all_of(lhs.dims, [&](char dim) { return has(resultDims, dim); }))
    return multiply(node, lhs, rhs, resultDims, shape);
  return node.contract(lhs.value, lhs.dims, rhs.value, rhs.dims, resultDims);
}
