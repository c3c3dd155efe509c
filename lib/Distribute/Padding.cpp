//===- Padding.cpp - contents of the padding of shards ---------------------*- C++ -*-===//

#include "Padding.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::dchag;

bool mlir::dchag::isPadded(Value value, unsigned dim, MeshAttr mesh) {
  int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(dim);
  return getValueSharding(value).isPadded(dim, size, mesh);
}

static bool hasPadding(Value value, MeshAttr mesh) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  for (unsigned dim = 0; type && dim < type.getRank(); ++dim)
    if (isPadded(value, dim, mesh))
      return true;
  return false;
}

/// Whether a value is 0 everywhere, in the padding of shards too.
static bool isFilledWithZero(Value value) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  return fill && (matchPattern(fill.getInputs()[0], m_AnyZeroFloat()) ||
                  matchPattern(fill.getInputs()[0], m_Zero()));
}

namespace {
/// A result of an op with a rule, as a function of the operands.
class LinearOp {
public:
  LinearOp(OpResult result, MeshAttr mesh) : ruled(result.getOwner(), mesh) {
    if (!*this)
      return;
    unsigned slot = ruled.getOp()->getNumOperands() + result.getResultNumber();
    for (unsigned dim = 0; dim < ruled.getSlotRank(slot); ++dim)
      if (isPadded(result, dim, mesh))
        padded.push_back(ruled.getLeading(slot, dim).factor);
  }
  explicit operator bool() const { return ruled && ruled.getRule().getLinear(); }

  auto getSets() const { return ruled.getRule().getLinear().getAsRange<DenseI64ArrayAttr>(); }

  /// Whether the op is linear in an operand, alone or as a factor of a product; not in a divisor.
  bool isFactor(int64_t operand) const {
    return llvm::any_of(getSets(), [&](DenseI64ArrayAttr set) {
      return llvm::is_contained(set.asArrayRef(), operand);
    });
  }

  /// Whether the operand has all factors along which the result is padded: along a factor that it
  /// lacks it is broadcast, so that the padding of the result holds its valid elements.
  bool coversPadding(unsigned operand) const {
    return llvm::all_of(padded, [&](int64_t factor) {
      return llvm::any_of(llvm::seq(ruled.getSlotRank(operand)), [&](unsigned dim) {
        return ruled.getLeading(operand, dim).factor == factor;
      });
    });
  }

  /// Whether an operand is the initial value of a reduction: 0, or an empty tensor never read.
  bool isNeutralInit(OpOperand &operand) const {
    auto dps = dyn_cast<DestinationStyleOpInterface>(operand.getOwner());
    if (!dps || !dps.isDpsInit(&operand))
      return false;
    return isFilledWithZero(operand.get()) || operand.get().getDefiningOp<tensor::EmptyOp>();
  }

private:
  RuledOp ruled;
  SmallVector<int64_t> padded;
};
} // namespace

//===----------------------------------------------------------------------===//
// Zeros
//===----------------------------------------------------------------------===//

bool PaddingAnalysis::isZero(Value value) {
  auto found = zeros.find(value);
  if (found != zeros.end())
    return found->second;
  bool zero = false;
  if (!hasPadding(value, mesh) || isFilledWithZero(value))
    zero = true;
  else if (auto argument = dyn_cast<BlockArgument>(value))
    // What a step has updated holds anything in its padding.
    zero = isParameter(argument) && !Port::of(argument).getRole().isUpdatedInPlace();
  else if (auto reshard = value.getDefiningOp<ReshardOp>())
    // A softmax part is multiplied by the exponential of a difference of maxima, which may be NaN.
    zero = !reshard.combinesSoftmax() && isZero(reshard.getInput());
  else
    zero = isLinearInZeros(cast<OpResult>(value));
  zeros[value] = zero;
  return zero;
}

bool PaddingAnalysis::isLinearInZeros(OpResult result) {
  LinearOp op(result, mesh);
  if (!op)
    return false;
  return llvm::any_of(op.getSets(), [&](DenseI64ArrayAttr set) {
    return llvm::all_of(result.getOwner()->getOpOperands(), [&](OpOperand &operand) {
      unsigned index = operand.getOperandNumber();
      return llvm::is_contained(set.asArrayRef(), int64_t(index))
                 ? isZero(operand.get()) && op.coversPadding(index)
                 : op.isNeutralInit(operand);
    });
  });
}

//===----------------------------------------------------------------------===//
// Finite padding
//===----------------------------------------------------------------------===//

const PaddingAnalysis::Plan &PaddingAnalysis::getPlan(Value value, Goal goal) {
  Key key(value, static_cast<unsigned>(goal));
  auto found = plans.find(key);
  if (found == plans.end())
    // Computed before the insertion: computing it inserts other plans.
    found = plans.try_emplace(key, makePlan(value, goal)).first;
  return found->second;
}

PaddingAnalysis::Plan PaddingAnalysis::makePlan(Value value, Goal goal) {
  Plan best;
  if (isZero(value)) {
    best.cost = 0;
    return best;
  }
  ShardingAttr sharding = getValueSharding(value);
  if (isa<FloatType>(getElementTypeOrSelf(value)) && !sharding.isPartial()) {
    auto local = cast<RankedTensorType>(sharding.getLocalType(value.getType(), mesh));
    // Masking reads and writes memory alone, whose rate is a common factor: bytes rank as seconds.
    best.cost = static_cast<int64_t>(getTensorBytes(local));
    best.here = true;
  }
  auto reshard = value.getDefiningOp<ReshardOp>();
  if (reshard && !reshard.combinesSoftmax()) {
    const Plan &input = getPlan(reshard.getInput(), goal);
    if (input.cost && (!best.cost || *input.cost < *best.cost))
      best = {input.cost, false, {{reshard.getInput(), goal}}};
  } else if (auto result = dyn_cast<OpResult>(value); result && !reshard) {
    planThrough(result, goal, best);
    if (goal == Goal::Finite)
      planThrough(result, Goal::Zero, best);
  }
  return best;
}

/// The result is 0 if all operands of a linear set are 0 and the other factors finite; moves and
/// sums of finite values are finite.
void PaddingAnalysis::planThrough(OpResult result, Goal goal, Plan &best) {
  LinearOp op(result, mesh);
  if (!op)
    return;
  for (DenseI64ArrayAttr set : op.getSets()) {
    Plan plan{0, false, {}};
    for (OpOperand &operand : result.getOwner()->getOpOperands()) {
      unsigned index = operand.getOperandNumber();
      bool isLinear = llvm::is_contained(set.asArrayRef(), int64_t(index));
      if (!isLinear && op.isNeutralInit(operand))
        continue;
      bool isPossible =
          goal == Goal::Zero ? (isLinear ? op.coversPadding(index) : op.isFactor(index)) : isLinear;
      Goal wanted = isLinear ? goal : Goal::Finite;
      std::optional<int64_t> cost = getPlan(operand.get(), wanted).cost;
      if (!isPossible || !cost || !plan.cost) {
        plan.cost.reset();
        break;
      }
      *plan.cost += *cost;
      plan.parts.push_back({operand.get(), wanted});
    }
    // Of equal plans the one that overwrites operands: after an element-wise op a mask is part of
    // its loop.
    if (plan.cost && (!best.cost || *plan.cost <= *best.cost))
      best = std::move(plan);
  }
}

void PaddingAnalysis::apply(Value value, Goal goal) {
  // A copy: computing the plans of the parts may rehash the map.
  Plan plan = getPlan(value, goal);
  reliedOn.insert(value);
  if (plan.here)
    overwritten.insert(value);
  for (auto [part, wanted] : plan.parts)
    apply(part, wanted);
}
