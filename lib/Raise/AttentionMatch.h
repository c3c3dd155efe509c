//===- AttentionMatch.h - parts of an attention in index notation ----------*- C++ -*-===//
#ifndef DCHAG_LIB_RAISE_ATTENTIONMATCH_H
#define DCHAG_LIB_RAISE_ATTENTIONMATCH_H

#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::dchag {

/// A condition on units: those where it holds are in, or out.
struct MaskRef {
  Ref condition;
  bool keeps;
};

/// sum over units of softmax(scale <query, key> + biases) value, for an element of the result
/// of `product`; the softmax runs over the units that all masks leave in.
struct SoftmaxProduct {
  linalg::ContractOp product;
  SoftmaxOp softmax;
  Ref query, key, value;
  SmallVector<Ref, 2> biases;
  SmallVector<MaskRef, 2> masks;
  double scale = 1;
  /// Whether a softmax over no unit is 0, not NaN as that of a graph.
  bool zeroWhenEmpty = false;
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
FailureOr<SoftmaxProduct> matchSoftmaxProduct(IndexNotation &notation,
                                              ParameterAnalysis &parameters,
                                              linalg::ContractOp product, const Ref &result,
                                              StringRef &why);

/// The units that all masks leave in, a boolean for each combination of the atoms they depend
/// on. Comparisons and connections of conditions are computed anew, in small shapes.
FailureOr<AtomTensor> buildMask(IndexNotation &notation, ArrayRef<MaskRef> masks, OpBuilder *b,
                                Location loc);

/// Writes out an attention whose query depends on parameters alone; what turns out to be no
/// aggregation becomes an attention again.
void expandAttention(AttentionOp op, ParameterAnalysis &parameters);

Projection matchProjection(IndexNotation &notation, ParameterAnalysis &parameters, Ref ref);

/// Passes multiplications and divisions by constants.
Ref peelScale(IndexNotation &notation, Ref ref, double &scale,
              llvm::SmallSetVector<Operation *, 4> *ops = nullptr);

} // namespace mlir::dchag

#endif // DCHAG_LIB_RAISE_ATTENTIONMATCH_H
