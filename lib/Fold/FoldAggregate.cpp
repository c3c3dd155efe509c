//===- FoldAggregate.cpp - aggregations without tokens ---------------------*- C++ -*-===//

#include "FoldForms.h"
#include "FoldLinear.h"
#include "TokenSources.h"
#include "dchag/Fold/Passes.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_FOLDAGGREGATE
#include "dchag/Fold/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

llvm::cl::ValuesClass mlir::dchag::getFoldModeValues() {
  return llvm::cl::values(
      clEnumValN(FoldMode::Off, "off", "nothing: aggregations are computed as written"),
      clEnumValN(FoldMode::Keys, "keys", "scores come from pixels, values from tokens"),
      clEnumValN(FoldMode::Full, "full", "scores and values come from pixels"),
      clEnumValN(FoldMode::Auto, "auto", "what takes the least time by the cost model"));
}

/// How a strategy splits the aggregation of `groups` groups, the first one of a model or a later
/// one.
static SplitSizes getSplitSizes(const MeshShape &mesh, const Strategy &strategy, int64_t groups,
                                bool isFirst) {
  SplitSizes sizes;
  AxisNames data = strategy.data;
  llvm::append_range(data.names, strategy.parameters.names);
  sizes.batch = mesh.getNumRanks(data);
  int64_t ranks = mesh.getNumRanks(strategy.channels);
  switch (strategy.mode) {
  case DistributeMode::Replicate:
  case DistributeMode::Gather:
    sizes.heads = mesh.getNumRanks(strategy.widths);
    break;
  case DistributeMode::Hierarchical:
    if (isFirst || groups % ranks == 0) {
      sizes.groups = std::min(groups, ranks);
      sizes.channels = isFirst ? ranks / sizes.groups : 1;
    }
    break;
  case DistributeMode::SplitSoftmax:
    sizes.channels = isFirst ? ranks : 1;
    break;
  }
  return sizes;
}

namespace {
struct FoldAggregate : mlir::dchag::impl::FoldAggregateBase<FoldAggregate> {
  using FoldAggregateBase::FoldAggregateBase;

  void runOnOperation() override {
    if (fold == FoldMode::Off)
      return;
    std::string error;
    FailureOr<Strategy> parsed =
        mesh.empty() ? Strategy() : Strategy::parse(strategy, mesh, std::nullopt, error);
    if (failed(parsed)) {
      getOperation().emitError(error);
      return signalPassFailure();
    }
    if (!mesh.empty() && !MeshAttr::make(mesh.names, mesh.sizes, getOperation().getLoc()))
      return signalPassFailure();
    parallel = *parsed;
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (Block &block : function.getBody())
        if (hasStaticShapes(function) && failed(foldBlock(block)))
          return signalPassFailure();
    if (numFound == 0 && fold != FoldMode::Auto)
      getOperation().emitWarning("has no aggregation of channels, so --fold=")
          << (fold == FoldMode::Full ? "full" : "keys") << " changes nothing";
  }

  /// Whether something that is not itself dead uses an op of a block without regions.
  static bool isUsed(Operation *op) {
    SmallVector<Operation *> users(op->user_begin(), op->user_end());
    llvm::DenseSet<Operation *> seen(users.begin(), users.end());
    while (!users.empty()) {
      Operation *user = users.pop_back_val();
      if (!isMemoryEffectFree(user) || user->hasTrait<OpTrait::IsTerminator>())
        return true;
      for (Operation *next : user->getUsers())
        if (seen.insert(next).second)
          users.push_back(next);
    }
    return false;
  }

  /// From the last aggregation to the first: a level of a tree may take the place of those before.
  LogicalResult foldBlock(Block &block) {
    // Mode hierarchical distributes the groups of first aggregations, linear ones too.
    bool keepsGroups =
        parallel.mode == DistributeMode::Hierarchical && mesh.getNumRanks(parallel.channels) > 1;
    TokenFlow flow(block, !keepsGroups);
    SmallVector<Operation *> ops;
    for (Operation &op : block)
      if (isa<AggregateOp, AggregateLinearOp>(op))
        ops.push_back(&op);
    for (Operation *op : llvm::reverse(ops)) {
      if (!isUsed(op))
        continue;
      ++numFound;
      OpBuilder b(op);
      auto aggregate = dyn_cast<AggregateOp>(op);
      if (failed(aggregate ? foldOne(aggregate, flow, b)
                           : foldOne(cast<AggregateLinearOp>(op), flow, b)))
        return failure();
    }
    eraseDeadOps(block);
    return success();
  }

  LogicalResult foldOne(AggregateOp op, const TokenFlow &flow, OpBuilder &b) {
    ParameterAnalysis parameters;
    Aggregation whole = Aggregation::of(op);
    SmallVector<TokenSource> sources = findSources(
        whole, flow, parameters, 4 * getSplitSizes(mesh, parallel, 1, true).channels, b);
    Value result;
    if (sources.size() > 1) {
      // Tokens of several tokenizations: each of them in its own form, as parts of one softmax.
      SmallVector<SoftmaxParts> parts;
      for (const TokenSource &source : sources) {
        std::string which =
            llvm::formatv("of channels {0} to {1} ", source.first, source.first + source.count - 1);
        FailureOr<FoldForm> chosen = choose(op, source.part, source.why, which, parameters);
        if (failed(chosen))
          return failure();
        parts.push_back(buildParts(*chosen, source.part, b, op.getLoc()));
      }
      result = mergeParts(parts, whole, b, op.getLoc());
    } else {
      const TokenSource &source = sources.front();
      FailureOr<FoldForm> chosen = choose(op, source.part, source.why, "", parameters);
      if (failed(chosen))
        return failure();
      if (*chosen == FoldForm::AsWritten)
        return success();
      result = buildForm(*chosen, source.part, b, op.getLoc());
    }
    op.getResult().replaceAllUsesWith(op.buildProjection(b, result));
    ++numFolded;
    return success();
  }

  /// The form that the option asks for, or the one of the least time.
  FailureOr<FoldForm> choose(AggregateOp op, const Aggregation &form, const NotAffine &why,
                             StringRef which, ParameterAnalysis &parameters) {
    SplitSizes sizes = getSplitSizes(mesh, parallel, dimOf(op.getTokens(), 1), !why.isAggregated);
    CostModel costs = CostModel::get(op);
    std::string text;
    std::optional<std::pair<double, FoldForm>> best;
    for (FoldForm candidate :
         {FoldForm::Pooled, FoldForm::Values, FoldForm::Keys, FoldForm::AsWritten}) {
      text += text.empty() ? "" : ", ";
      text += getFoldFormName(candidate);
      std::string missing = whyNot(candidate, form, why);
      if (!missing.empty()) {
        text += " not possible (" + missing + ")";
        continue;
      }
      double seconds = getSeconds(candidate, form, sizes, costs, parameters);
      text += llvm::formatv(" {0:e2} s", seconds).str();
      if (isWanted(candidate, why.isAggregated) && (!best || seconds < best->first))
        best = {seconds, candidate};
    }
    if (fold == FoldMode::Full && !best && !why.isAggregated)
      return op.emitOpError("cannot be folded into weights of pixels: ")
             << whyNot(FoldForm::Pooled, form, why)
             << "; use --fold=keys, which keeps its tokens, or --fold=auto";
    FoldForm chosen = best ? best->second : FoldForm::AsWritten;
    op.emitRemark() << "'" << op->getName() << "' " << which << "is computed in the form '"
                    << getFoldFormName(chosen) << "'; a step takes a rank: " << text;
    return chosen;
  }

  /// Whether the option allows a form. Tokens of another aggregation have no pixels: their query
  /// alone is folded.
  bool isWanted(FoldForm form, bool isAggregated) const {
    bool isFull = form == FoldForm::Pooled || form == FoldForm::Values;
    switch (fold) {
    case FoldMode::Off:
      return form == FoldForm::AsWritten;
    case FoldMode::Keys:
      return form == FoldForm::Keys;
    case FoldMode::Full:
      return isFull || (isAggregated && form == FoldForm::Keys);
    case FoldMode::Auto:
      return true;
    }
    llvm_unreachable("all modes are handled");
  }

  LogicalResult foldOne(AggregateLinearOp op, const TokenFlow &flow, OpBuilder &b) {
    if (fold == FoldMode::Keys)
      return success();
    ParameterAnalysis parameters;
    NotAffine why;
    FailureOr<AffineTokens> affine = traceTokens(op.getTokens(), flow, parameters, b, why);
    std::string missing = succeeded(affine) ? whyNotLinear(*affine) : why.reason;
    if (missing.empty()) {
      op.getResult().replaceAllUsesWith(buildLinear(op, *affine, b));
      ++numFolded;
    } else if (fold == FoldMode::Full && !why.isAggregated) {
      return op.emitOpError("cannot be folded into weights of pixels: ")
             << missing << "; use --fold=auto";
    }
    op.emitRemark(missing.empty() ? "is folded into weights of pixels"
                                  : "is not folded: " + missing);
    return success();
  }

  Strategy parallel;
  unsigned numFound = 0; ///< aggregations
};
} // namespace
