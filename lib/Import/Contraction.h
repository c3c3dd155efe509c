//===- Contraction.h - products with named dimensions ----------------------*- C++ -*-===//
//
// A product of two tensors whose dimensions have one-letter names, as in an einsum
// equation, by linalg.contract. What linalg.contract does not support is emitted around it:
// dimensions of size 1 that broadcast, summed dimensions of only one factor, products without a
// contracted dimension, and the order of the result's dimensions.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_IMPORT_CONTRACTION_H
#define DCHAG_IMPORT_CONTRACTION_H

#include "NodeBuilder.h"

namespace mlir::dchag::onnx {

struct NamedTensor {
  Value value;
  std::string dims;
};

/// The product, summed over the dimensions that are not in `resultDims`.
FailureOr<Value> contractDims(NodeBuilder &node, NamedTensor lhs, NamedTensor rhs,
                              StringRef resultDims);
/// Sums the dimensions that are not in `resultDims` and transposes the others to that order.
Value sumAndTranspose(NodeBuilder &node, NamedTensor tensor, StringRef resultDims);

} // namespace mlir::dchag::onnx

#endif // DCHAG_IMPORT_CONTRACTION_H
