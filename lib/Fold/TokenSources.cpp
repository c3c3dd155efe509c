//===- TokenSources.cpp - tokens joined from several tokenizations ---------*- C++ -*-===//

#include "TokenSources.h"
#include "AffineTrace.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::dchag;

/// The operand of a sum or a normalisation through which the tokens come; null for other ops.
static Value getTokensOperand(Operation *op, const TokenFlow &flow, ParameterAnalysis &parameters) {
  if (isa<LayerNormOp, RmsNormOp>(op))
    return op->getOperand(0);
  if (!isa<arith::AddFOp>(op))
    return Value();
  unsigned side = flow.getTokenSide(op, parameters);
  return side == 2 ? Value() : op->getOperand(side);
}

/// Numbers of channels of the operands of the concatenation that the tokens come from; empty if
/// there is none.
static SmallVector<int64_t> findParts(Value tokens, const TokenFlow &flow,
                                      ParameterAnalysis &parameters) {
  IndexNotation notation(parameters);
  Ref ref = notation.createRef(tokens);
  AtomList channels = notation.getAtoms(ref.dims[2]);
  while (true) {
    ref = notation.strip(ref);
    Operation *op = ref.value.getDefiningOp();
    if (!op)
      return {};
    if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
      const Index &index = ref.dims[concat.getDim()];
      std::optional<AtomList> atoms =
          notation.getFullAtoms(index, dimOf(ref.value, concat.getDim()));
      if (!atoms || *atoms != notation.resolved(channels))
        return {};
      return llvm::map_to_vector(concat.getInputs(),
                                 [&](Value part) { return dimOf(part, concat.getDim()); });
    }
    if (auto gather = dyn_cast<GatherOp>(op)) {
      ref = getGatherRefs(gather, ref, notation).input;
      continue;
    }
    ref.value = getTokensOperand(op, flow, parameters);
    if (!ref.value)
      return {};
  }
}

namespace {
class SourceFinder {
public:
  SourceFinder(const Aggregation &op, const TokenFlow &flow, ParameterAnalysis &parameters,
               int64_t shortest, OpBuilder &b)
      : op(op), flow(flow), parameters(parameters), shortest(shortest), b(b) {}

  /// Appends the runs of channels of a part of the aggregation.
  void find(int64_t first, int64_t count) {
    TokenSource source = trace(first, count);
    SmallVector<int64_t> parts;
    if (!source.part.affine && dimOf(op.tokens, 1) == 1)
      parts = findParts(source.part.tokens, flow, parameters);
    if (parts.size() > 1 && count > 0) {
      size_t before = sources.size();
      for (int64_t size : parts) {
        if (size)
          find(first, size);
        first += size;
      }
      // Taking the tokens apart was of no use, but for what is known about the parts.
      if (sources.size() == before + 1 && !sources.back().part.affine) {
        source.why = sources.back().why;
        sources.back() = std::move(source);
      }
      return;
    }
    if (sources.empty() || !join(sources.back(), source))
      sources.push_back(std::move(source));
  }

  SmallVector<TokenSource> sources;

private:
  /// Makes `last` the source of the channels of both; returns whether it can be.
  bool join(TokenSource &last, const TokenSource &next) {
    TokenSource both = slice(last.first, last.count + next.count);
    if (last.part.affine && next.part.affine) {
      if (std::min(last.count, next.count) >= shortest)
        return false;
      both.part.affine = joinChannels(*last.part.affine, *next.part.affine, b, op.tokens.getLoc());
      if (!both.part.affine)
        return false;
    } else if (last.part.affine || next.part.affine) {
      return false;
    }
    // Tokens of an image must be folded if all must be, those of another aggregation need not be.
    both.why = last.why.isAggregated ? next.why : last.why;
    last = std::move(both);
    return true;
  }

  TokenSource slice(int64_t first, int64_t count) {
    TokenSource source{first, count, op, {}};
    TensorBuilder t(b, op.tokens.getLoc());
    source.part.tokens = t.slice(op.tokens, 2, first, count);
    if (op.mask)
      source.part.mask = t.slice(op.mask, 2, first, count);
    return source;
  }

  TokenSource trace(int64_t first, int64_t count) {
    TokenSource source = slice(first, count);
    FailureOr<AffineTokens> affine =
        traceTokens(source.part.tokens, flow, parameters, b, source.why);
    if (succeeded(affine))
      source.part.affine = *affine;
    return source;
  }

  const Aggregation &op;
  const TokenFlow &flow;
  ParameterAnalysis &parameters;
  int64_t shortest;
  OpBuilder &b;
};
} // namespace

SmallVector<TokenSource> mlir::dchag::findSources(const Aggregation &op, const TokenFlow &flow,
                                                  ParameterAnalysis &parameters, int64_t shortest,
                                                  OpBuilder &b) {
  SourceFinder finder(op, flow, parameters, shortest, b);
  finder.find(0, dimOf(op.tokens, 2));
  return std::move(finder.sources);
}
