//===- AttentionMatch.h - parts of an attention in index notation ----------*- C++ -*-===//
#ifndef DCHAG_LIB_RAISE_ATTENTIONMATCH_H
#define DCHAG_LIB_RAISE_ATTENTIONMATCH_H

#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::dchag {

/// A Boolean mask of keys; `keeps`: true means attend.
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

/// weight input + bias, where weight and bias are optional and depend only on parameters.
struct Projection {
  Ref input;
  std::optional<Ref> weight, bias;
  /// Atoms the weight is contracted over.
  AtomList reduced;
  /// The ops between the value and `input`, without views.
  llvm::SmallSetVector<Operation *, 4> ops;
};

/// norm(input) * scales + offsets; scales and offsets depend only on parameters.
struct Normalised {
  NormKind kind = NormKind::Layer;
  double epsilon = 0;
  Ref input;
  SmallVector<Ref, 2> scales, offsets;
  /// Atoms the norm runs over; none if only a part of what is normalised is read.
  std::optional<AtomList> atoms;
};

/// The softmax whose result the contraction multiplies with its other operand, through views; null
/// if there is none.
SoftmaxOp findSoftmax(linalg::ContractOp op);

/// `result` is an element of the result of `product`. On failure `why` is the reason.
FailureOr<SoftmaxProduct> matchSoftmaxProduct(IndexNotation &notation,
                                              ParameterAnalysis &parameters,
                                              linalg::ContractOp product, const Ref &result,
                                              StringRef &why);

/// The keys that all masks keep, a Boolean for each combination of the atoms that the masks depend
/// on. Comparisons and logical ops on the conditions are rebuilt on small shapes.
FailureOr<AtomTensor> buildMask(IndexNotation &notation, ArrayRef<MaskRef> masks, OpBuilder *b,
                                Location loc);

/// The product of softmax and values of an attention whose query depends only on parameters, in f32
/// at least; null for any other attention.
Value expandAttention(AttentionOp op, ParameterAnalysis &parameters);

Projection matchProjection(IndexNotation &notation, ParameterAnalysis &parameters, Ref ref);

/// Nothing if `ref` is not normalised, or is made of an element of `end`.
std::optional<Normalised> matchNorm(IndexNotation &notation, ParameterAnalysis &parameters, Ref ref,
                                    Value end);

/// Looks through multiplications and divisions by constants.
Ref peelScale(IndexNotation &notation, Ref ref, double &scale,
              llvm::SmallSetVector<Operation *, 4> *ops = nullptr);

} // namespace mlir::dchag

#endif // DCHAG_LIB_RAISE_ATTENTIONMATCH_H
