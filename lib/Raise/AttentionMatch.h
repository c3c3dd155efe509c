//===- AttentionMatch.h - parts of an attention in index notation ----------*- C++ -*-===//
#ifndef DCHAG_LIB_RAISE_ATTENTIONMATCH_H
#define DCHAG_LIB_RAISE_ATTENTIONMATCH_H

#include "dchag/Raise/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::dchag {

/// sum over units of softmax(scale <query, key> + bias) value, for an element of the result
/// of `product`.
struct SoftmaxProduct {
  linalg::ContractOp product;
  SoftmaxOp softmax;
  Ref query, key, value;
  std::optional<Ref> bias;
  double scale = 1;
  /// Atoms the softmax runs over, and those of the inner product.
  AtomList units, width;
};

/// weight input + bias, as far as weight and bias depend on parameters alone.
struct Projection {
  Ref input;
  std::optional<Ref> weight, bias;
  /// Atoms the weight is contracted over.
  AtomList reduced;
  /// The ops passed on the way to `input`, without views.
  llvm::SmallSetVector<Operation *, 4> ops;
};

/// The softmax that the contraction applies to its other operand, through views; null if
/// there is none.
SoftmaxOp findSoftmax(linalg::ContractOp op);

/// `result` is an element of the result of `product`. Says why not in `why`.
FailureOr<SoftmaxProduct> matchSoftmaxProduct(IndexNotation &notation, linalg::ContractOp product,
                                              const Ref &result, StringRef &why);

Projection matchProjection(IndexNotation &notation, ParameterAnalysis &parameters, Ref ref);

/// Passes multiplications and divisions by constants.
Ref peelScale(IndexNotation &notation, Ref ref, double &scale,
              llvm::SmallSetVector<Operation *, 4> *ops = nullptr);

} // namespace mlir::dchag

#endif // DCHAG_LIB_RAISE_ATTENTIONMATCH_H
