//===- AttentionMatch.h - parts of an attention in index notation ----------*- C++ -*-===//
#ifndef DCHAG_LIB_RAISE_ATTENTIONMATCH_H
#define DCHAG_LIB_RAISE_ATTENTIONMATCH_H

#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::dchag {

/// A Boolean mask of keys: `keeps` if true means that a key is attended to.
struct MaskRef {
  Ref condition;
  bool keeps;
};

/// sum over keys of softmax(scale <query, key> + biases) value, for an element of the result
/// of `product`; the softmax runs over the keys that all masks keep.
struct SoftmaxProduct {
  linalg::ContractOp product;
  SoftmaxOp softmax;
  Ref query, key, value;
  SmallVector<Ref, 2> biases;
  SmallVector<MaskRef, 2> masks;
  double scale = 1;
  /// Whether a softmax whose keys are all masked is 0, not NaN as ONNX has it.
  bool zeroWhenEmpty = false;
  /// Atoms that the softmax runs over (keys; in an aggregation, channels), and those of the inner
  /// product of query and key.
  AtomList summed, width;
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

/// The keys that all masks keep, a Boolean for each combination of the atoms they depend
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
