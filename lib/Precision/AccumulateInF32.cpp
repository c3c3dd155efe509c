//===- AccumulateInF32.cpp - sums of narrow floats in f32 ------------------*- C++ -*-===//

#include "dchag/Precision/Passes.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Verifier.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_ACCUMULATEINF32
#include "dchag/Precision/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static bool isNarrow(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isNarrowFloat(type.getElementType());
}

/// `type` with elements of f32 if its elements are narrower floats.
static Type widen(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.clone(widened(tensor.getElementType())) : type;
}

/// Whether elements of results are sums or products over a dimension of the operands.
static bool accumulates(Operation *op) {
  // The rule of a product reduction does not split it, so the rule does not show it.
  if (auto reduce = dyn_cast<linalg::ReduceOp>(op))
    return !llvm::all_of(reduce.getBlock()->without_terminator(), [](Operation &inner) {
      return isa<arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp>(inner);
    });
  // With a bias the sum over the channels has no factor: it is split after the bias is taken out.
  if (auto onTokens = dyn_cast<TokensOpInterface>(op);
      onTokens && onTokens.getTokenRole() == TokenRole::Aggregate)
    return true;
  auto splittable = dyn_cast<ShardingRuleOpInterface>(op);
  RuleAttr rule = splittable ? splittable.getShardingRule() : RuleAttr();
  return rule && llvm::any_of(rule.getFactors().getAsRange<FactorAttr>(), [](FactorAttr factor) {
           return factor.getKind() == FactorKind::Sum || factor.getKind() == FactorKind::Softmax;
         });
}

namespace {
struct AccumulateInF32 : mlir::dchag::impl::AccumulateInF32Base<AccumulateInF32> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (llvm::any_of(op->getResults(), isNarrow) && accumulates(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      widenOp(op);
    numWidened += ops.size();
  }

  /// The f32 initial value of a sum, given the initial value `init` of a narrower type: a filled
  /// tensor.
  static Value widenInit(OpBuilder &b, Value init) {
    auto fill = init.getDefiningOp<linalg::FillOp>();
    if (!fill)
      return widenValue(b, init);
    Location loc = init.getLoc();
    auto type = cast<RankedTensorType>(widen(init.getType()));
    Value scalar = fill.getInputs()[0];
    FloatAttr constant;
    if (matchPattern(scalar, m_Constant(&constant)))
      scalar = arith::ConstantOp::create(
          b, loc, b.getFloatAttr(b.getF32Type(), constant.getValueAsDouble()));
    else
      scalar = arith::ExtFOp::create(b, loc, b.getF32Type(), scalar);
    Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
    return linalg::FillOp::create(b, loc, scalar, empty).getResult(0);
  }

  static Value widenValue(OpBuilder &b, Value value) {
    return isNarrow(value) ? TensorBuilder(b, value.getLoc()).wide(value) : value;
  }

  /// A copy of `op` with f32 results, and f32 destinations if it has any.
  static Operation *cloneWide(OpBuilder &b, Operation *op, bool alsoOperands) {
    SmallVector<Value> operands;
    auto destination = dyn_cast<DestinationStyleOpInterface>(op);
    for (OpOperand &operand : op->getOpOperands()) {
      bool isInit = destination && destination.isDpsInit(&operand);
      operands.push_back(isInit         ? widenInit(b, operand.get())
                         : alsoOperands ? widenValue(b, operand.get())
                                        : operand.get());
    }
    SmallVector<Type> types(llvm::map_range(op->getResultTypes(), widen));
    Operation *wide = cloneWithTypes(op, b, operands, types);
    for (Region &region : wide->getRegions())
      widenBody(region, alsoOperands);
    return wide;
  }

  /// Bodies of reductions: accumulators and the values combined with them become f32.
  static void widenBody(Region &region, bool alsoOperands) {
    for (Block &block : region) {
      for (BlockArgument argument : block.getArguments()) {
        bool isAccumulator = argument.getArgNumber() + 1 == block.getNumArguments();
        if (isNarrowFloat(argument.getType()) && (alsoOperands || isAccumulator))
          argument.setType(Float32Type::get(argument.getContext()));
      }
      for (Operation &inner : block)
        for (Value result : inner.getResults())
          if (isNarrowFloat(result.getType()))
            result.setType(Float32Type::get(result.getContext()));
    }
  }

  static bool isValid(Operation *op) {
    ScopedDiagnosticHandler silent(op->getContext(), [](Diagnostic &) { return success(); });
    return succeeded(verify(op));
  }

  static void widenOp(Operation *op) {
    OpBuilder b(op);
    Operation *wide = nullptr;
    // The body of the contraction is generated anew and converts its operands itself.
    if (auto contract = dyn_cast<linalg::ContractOp>(op)) {
      Value init = widenInit(b, contract.getOutputs()[0]);
      wide = linalg::ContractOp::create(b, op->getLoc(), TypeRange(init.getType()),
                                        contract.getInputs(), ValueRange(init),
                                        contract.getIndexingMapsAttr());
    } else {
      wide = cloneWide(b, op, /*alsoOperands=*/false);
      if (!isValid(wide)) {
        wide->erase();
        wide = cloneWide(b, op, /*alsoOperands=*/true);
      }
    }
    for (auto [narrow, result] : llvm::zip_equal(op->getResults(), wide->getResults())) {
      Value rounded = result;
      if (narrow.getType() != result.getType())
        rounded = arith::TruncFOp::create(b, op->getLoc(), narrow.getType(), result);
      narrow.replaceAllUsesWith(rounded);
    }
    op->erase();
  }
};
} // namespace
