//===- GroupAggregates.cpp - merges aggregations over parts of one value ---*- C++ -*-===//

#include "dchag/Raise/Passes.h"
#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_GROUPAGGREGATES
#include "dchag/Raise/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// An aggregation of one group, and what its tokens read.
struct Member {
  AggregateOp op;
  Ref tokens;
  int64_t offset = 0;
};
} // namespace

/// Whether the ops differ in operand values only.
static bool haveSameForm(AggregateOp a, AggregateOp b) {
  if (a->getAttrs() != b->getAttrs() || a->getNumOperands() != b->getNumOperands() ||
      a.getHeads() != b.getHeads() || a.getScale() != b.getScale() || a.getType() != b.getType() ||
      a->getOperandTypes() != b->getOperandTypes())
    return false;
  return !a.getWk() == !b.getWk() && !a.getBk() == !b.getBk() && !a.getWv() == !b.getWv() &&
         !a.getBv() == !b.getBv() && !a.getWo() == !b.getWo() && !a.getBo() == !b.getBo();
}

/// The dimension of the source in which the offsets of the two tokens differ.
static std::optional<unsigned> findShift(const Ref &a, const Ref &b) {
  if (a.value != b.value)
    return std::nullopt;
  std::optional<unsigned> shift;
  for (unsigned dim = 0; dim < a.dims.size(); ++dim) {
    if (a.dims[dim].terms != b.dims[dim].terms)
      return std::nullopt;
    if (a.dims[dim].offset == b.dims[dim].offset)
      continue;
    if (shift)
      return std::nullopt;
    shift = dim;
  }
  return shift;
}

/// Concatenates operand `index` of all members in dimension `dim`.
static Value concat(ArrayRef<Member> members, unsigned index, int64_t dim, OpBuilder &b) {
  SmallVector<Value> values;
  for (Member member : members)
    values.push_back(member.op->getOperand(index));
  Operation *first = members.front().op;
  return TensorBuilder(b, first->getLoc()).concat(values, dim);
}

static void merge(ArrayRef<Member> members) {
  AggregateOp first = members.front().op;
  OpBuilder b(first->getContext());
  // All operands are defined after the last member; uses are sorted afterwards.
  AggregateOp last = first;
  SmallVector<Location> locations;
  for (Member member : members) {
    if (last->isBeforeInBlock(member.op))
      last = member.op;
    locations.push_back(member.op.getLoc());
  }
  b.setInsertionPointAfter(last);
  Location loc = b.getFusedLoc(locations);
  SmallVector<Value> operands;
  for (unsigned i = 0; i < first->getNumOperands(); ++i)
    operands.push_back(concat(members, i, i == 0 ? 1 : 0, b));
  int64_t groups = members.size();
  SmallVector<int64_t> shape(first.getType().getShape());
  shape[1] = groups;
  OperationState state(loc, first->getName());
  state.addOperands(operands);
  state.addTypes(first.getType().clone(shape));
  state.propertiesAttr = first->getPropertiesAsAttribute();
  Value result = b.create(state)->getResult(0);
  for (auto [i, member] : llvm::enumerate(members)) {
    AggregateOp op = member.op;
    op.getResult().replaceAllUsesWith(TensorBuilder(b, op.getLoc()).slice(result, 1, i, 1));
  }
}

/// Members over equally spaced parts of the same value, in the order of the parts.
static SmallVector<Member> findMembers(AggregateOp op, ArrayRef<AggregateOp> others,
                                       ParameterAnalysis &parameters) {
  IndexNotation notation(parameters);
  Ref root = notation.createRef(op.getTokens());
  SmallVector<Member> members{{op, notation.strip(root), 0}};
  for (AggregateOp other : others)
    if (haveSameForm(op, other))
      members.push_back({other, notation.strip({other.getTokens(), root.dims}), 0});
  for (Member &member : members)
    notation.resolve(member.tokens);
  std::optional<unsigned> shift;
  SmallVector<Member> result{members[0]};
  for (Member &member : ArrayRef<Member>(members).drop_front().vec()) {
    std::optional<unsigned> dim = findShift(members[0].tokens, member.tokens);
    if (!dim || (shift && *shift != *dim))
      continue;
    shift = dim;
    member.offset = member.tokens.dims[*dim].offset - members[0].tokens.dims[*dim].offset;
    result.push_back(member);
  }
  llvm::sort(result, [](const Member &a, const Member &b) { return a.offset < b.offset; });
  for (unsigned i = 2; i < result.size(); ++i)
    if (result[i].offset - result[i - 1].offset != result[1].offset - result[0].offset)
      return {};
  return result;
}

namespace {
struct GroupAggregates : mlir::dchag::impl::GroupAggregatesBase<GroupAggregates> {
  void runOnOperation() override {
    if (!hasStaticShapes(getOperation()))
      return;
    for (Block &block : getOperation().getBody()) {
      ParameterAnalysis parameters;
      SmallVector<AggregateOp> open;
      for (AggregateOp op : block.getOps<AggregateOp>())
        if (op.getTokens().getType().getDimSize(1) == 1 && !op.getMask() &&
            llvm::all_of(op->getOperands().drop_front(),
                         [&](Value operand) { return parameters.isParameterOnly(operand); }))
          open.push_back(op);
      bool changed = false;
      while (open.size() > 1) {
        AggregateOp op = open.front();
        open.erase(open.begin());
        SmallVector<Member> members = findMembers(op, open, parameters);
        if (members.size() < 2)
          continue;
        merge(members);
        changed = true;
        llvm::erase_if(open, [&](AggregateOp other) {
          return llvm::any_of(members, [&](const Member &m) { return m.op == other; });
        });
      }
      if (changed)
        sortTopologically(&block);
      eraseDeadOps(block);
    }
  }
};
} // namespace
