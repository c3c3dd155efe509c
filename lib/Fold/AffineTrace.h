//===- AffineTrace.h - follows tokens back to pixels -----------------------*- C++ -*-===//
#ifndef DCHAG_LIB_FOLD_AFFINETRACE_H
#define DCHAG_LIB_FOLD_AFFINETRACE_H

#include "AffineTokens.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::dchag {

/// A dimension for each index variable.
inline SmallVector<AtomList> oneByOne(ArrayRef<Atom> atoms) {
  return llvm::map_to_vector(atoms, [](Atom atom) { return AtomList{atom}; });
}

/// The parts of AffineTokens, with a dimension for each index variable that they depend on.
struct Terms {
  AtomTensor pixels, weight;
  AtomList pixelAtoms;
  std::optional<AtomTensor> offset, bias, shift, scale;
  std::optional<TokenNorm> norm;
};

/// The operands of a gather for an element of its result; `position` is that of the dimension that
/// is gathered.
struct GatherRefs {
  Ref input, indices;
  Index position;
};
GatherRefs getGatherRefs(GatherOp op, const Ref &result, IndexNotation &notation);

class AffineTrace {
public:
  AffineTrace(const TokenFlow &flow, ParameterAnalysis &parameters, OpBuilder &b, Location loc,
              NotAffine &why)
      : flow(flow), parameters(parameters), notation(parameters), b(b), loc(loc), why(why) {}

  FailureOr<AffineTokens> run(Value tokens);

private:
  LogicalResult fail(const Twine &reason) {
    why.reason = reason.str();
    return failure();
  }
  FailureOr<Terms> trace(Ref ref);
  FailureOr<Terms> traceTokenize(TokenizeOp op, const Ref &ref);
  FailureOr<Terms> traceSum(arith::AddFOp op, const Ref &ref);
  FailureOr<Terms> traceContract(linalg::ContractOp op, const Ref &ref);
  FailureOr<Terms> traceNorm(Operation *op, const Ref &ref, const TokenNorm &norm, Value bias);
  FailureOr<Terms> traceLinear(AggregateLinearOp op, const Ref &ref);
  FailureOr<Terms> traceGather(GatherOp op, const Ref &ref);
  void moveOffsetToPixels(Terms &terms);
  AtomTensor gather(AtomTensor tensor, AtomTensor indices, AtomList from);
  FailureOr<Terms> joinFeatures(Terms lhs, Terms rhs);

  /// Adds what does not depend on pixels to the offset, the bias or the shift.
  LogicalResult addConstant(Terms &terms, AtomTensor value);
  void addTo(std::optional<AtomTensor> &sum, const AtomTensor &value) {
    sum = sum ? combine(*sum, value, /*isProduct=*/false) : value;
  }
  /// What parameters and added values are made of is computed in f32 where they are narrower.
  void widen(AtomTensor &tensor) { tensor.value = TensorBuilder(b, loc).wide(tensor.value); }
  AtomTensor combine(AtomTensor lhs, AtomTensor rhs, bool isProduct);
  /// The sum over `summed` of a product.
  AtomTensor sumProduct(AtomTensor lhs, AtomTensor rhs, AtomList summed);
  void resolve(AtomTensor &tensor);
  FailureOr<AtomTensor> read(const Ref &ref);
  /// All of the width, in the order of the tokens.
  bool isWidth(const Index &index, int64_t size) {
    std::optional<AtomList> atoms = notation.getFullAtoms(index, size);
    return atoms && *atoms == notation.resolved(width);
  }
  bool dependsOn(const AtomTensor &tensor, ArrayRef<Atom> list) {
    return !containsNone(notation.resolved(tensor.atoms), notation.resolved(AtomList(list)));
  }
  /// Dimensions of which `tensor` does not depend have size 1, but those in `whole`.
  Value arrange(const AtomTensor &tensor, ArrayRef<AtomList> dims, ArrayRef<unsigned> whole);

  const TokenFlow &flow;
  ParameterAnalysis &parameters;
  IndexNotation notation;
  OpBuilder &b;
  Location loc;
  NotAffine &why;
  AtomList batch, groups, channels, positions, width;
};

} // namespace mlir::dchag

#endif // DCHAG_LIB_FOLD_AFFINETRACE_H
