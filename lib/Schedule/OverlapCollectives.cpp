//===- OverlapCollectives.cpp - start early, wait late ---------------------*- C++ -*-===//

#include "dchag/Schedule/Passes.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_OVERLAPCOLLECTIVES
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// A use of memory. `base` is the buffer behind all views, null if that may be any buffer.
struct Access {
  Value base;
  bool writes;

  bool conflicts(const Access &other) const {
    return (writes || other.writes) && mayOverlap(base, other.base);
  }

private:
  static bool isAllocated(Value base) {
    return isa_and_nonnull<memref::AllocOp, memref::AllocaOp>(base.getDefiningOp());
  }
  /// What a function allocates is neither an argument nor another buffer that has a name; an
  /// argument may be whatever has one outside.
  static bool mayOverlap(Value a, Value b) {
    if (a == b || !a || !b)
      return true;
    if (isAllocated(a) || isAllocated(b))
      return false;
    return isa<BlockArgument>(a) || isa<BlockArgument>(b);
  }
};

/// Everything an op does to memory, as far as that is known. Communication is not memory.
struct Effects {
  bool known = true;
  SmallVector<Access> accesses;

  bool conflict(const Effects &other) const {
    if (!known || !other.known)
      return true;
    return llvm::any_of(accesses, [&](const Access &mine) {
      return llvm::any_of(other.accesses,
                          [&](const Access &theirs) { return mine.conflicts(theirs); });
    });
  }
};

/// What ops read and write.
class EffectAnalysis {
public:
  Effects get(Operation *op) {
    Effects effects;
    collect(op, effects);
    return effects;
  }

private:
  Value getBase(Value value);
  void collect(Operation *op, Effects &effects);

  /// The first op that names an entry of the table of buffers, or a constant: equal ones are
  /// one buffer.
  DenseMap<std::pair<Operation *, Attribute>, Value> named;
};
} // namespace

/// The allocation, entry of the table, constant or argument of a function behind all views.
/// By name: what tells buffers apart, the number or symbol, is in no interface.
Value EffectAnalysis::getBase(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Block *owner = argument.getOwner();
    bool ofFunction = isa<FunctionOpInterface>(owner->getParentOp()) && owner->isEntryBlock();
    return ofFunction ? value : Value();
  }
  Operation *op = value.getDefiningOp();
  Attribute name;
  if (auto buffer = dyn_cast<rt::BufferOp>(op))
    name = buffer.getIndexAttr();
  else if (auto global = dyn_cast<memref::GetGlobalOp>(op))
    name = global.getNameAttr();
  else
    return isa<memref::AllocOp, memref::AllocaOp>(op) ? value : Value();
  auto function = op->getParentOfType<func::FuncOp>();
  return named.insert({{function, name}, value}).first->second;
}

void EffectAnalysis::collect(Operation *op, Effects &effects) {
  if (isa<memref::AllocOp, memref::AllocaOp, ViewLikeOpInterface>(op) || isMemoryEffectFree(op) ||
      op->hasTrait<OpTrait::IsTerminator>())
    return;
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface && !op->hasTrait<OpTrait::HasRecursiveMemoryEffects>())
    effects.known = false;
  if (interface) {
    SmallVector<MemoryEffects::EffectInstance> instances;
    interface.getEffects(instances);
    for (const MemoryEffects::EffectInstance &instance : instances) {
      if (isa<rt::CommunicatorResource>(instance.getResource()))
        continue;
      bool reads = isa<MemoryEffects::Read>(instance.getEffect());
      bool writes = isa<MemoryEffects::Write>(instance.getEffect());
      if (!instance.getValue() || !(reads || writes))
        effects.known = false;
      else
        effects.accesses.push_back({getBase(instance.getValue()), writes});
    }
  }
  // Loops by their bodies; a body of linalg may load from buffers beside the operands.
  for (Region &region : op->getRegions())
    for (Operation &inner : region.getOps())
      collect(&inner, effects);
}

/// Ops that only name memory; they take no time and may move freely.
static bool isName(Operation *op) {
  return isa<memref::AllocOp, ViewLikeOpInterface>(op) || isMemoryEffectFree(op);
}

/// Ops beside which a collective is worth being under way.
static bool isWork(Operation *op) { return !isName(op) && !isa<rt::WaitOp>(op); }

namespace {
/// How far a collective can begin before, and end behind, the place where it stands.
struct Span {
  Operation *first = nullptr;        ///< the start goes before this op
  Operation *last = nullptr;         ///< the wait goes before this op
  SmallVector<Operation *> operands; ///< names of its buffers that have to move up, in order
  unsigned work = 0;                 ///< ops between start and wait
};

struct OverlapCollectives : mlir::dchag::impl::OverlapCollectivesBase<OverlapCollectives> {
  void runOnOperation() override {
    EffectAnalysis analysis;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      SmallVector<Operation *> collectives;
      for (Block &block : function.getBody())
        for (Operation &op : block)
          if (getExchange(&op) && op.getNumResults() == 0)
            collectives.push_back(&op);
      for (Operation *op : collectives) {
        Span span = getSpan(op, analysis);
        if (span.work == 0) {
          op->emitRemark("'") << op->getName()
                              << "' is waited for at once: no other op is independent of it";
          ++numBlocking;
          continue;
        }
        op->emitRemark("'") << op->getName() << "' runs at the same time as " << span.work
                            << (span.work == 1 ? " other op" : " other ops");
        ++numOverlapped;
        split(op, span);
      }
    }
  }

  static Span getSpan(Operation *op, EffectAnalysis &analysis) {
    Span span;
    span.first = op;
    Effects own = analysis.get(op);
    SmallVector<Operation *> names;
    llvm::SmallPtrSet<Operation *, 8> needed;
    auto need = [&](Operation *user) {
      for (Value operand : user->getOperands())
        if (Operation *definer = operand.getDefiningOp())
          needed.insert(definer);
    };
    need(op);
    for (Operation *previous = op->getPrevNode(); previous; previous = previous->getPrevNode()) {
      if (isName(previous)) {
        if (needed.contains(previous)) {
          names.push_back(previous);
          need(previous);
        }
        continue;
      }
      // Ranks start collectives in one order.
      if (needed.contains(previous) || getExchange(previous) || isa<rt::StartOp>(previous) ||
          analysis.get(previous).conflict(own))
        break;
      span.first = previous;
      span.work += isWork(previous);
    }
    for (Operation *name : llvm::reverse(names))
      if (span.first->isBeforeInBlock(name))
        span.operands.push_back(name);
    span.last = op->getNextNode();
    while (!span.last->hasTrait<OpTrait::IsTerminator>() &&
           (isName(span.last) || !analysis.get(span.last).conflict(own))) {
      span.work += isWork(span.last);
      span.last = span.last->getNextNode();
    }
    return span;
  }

  static void split(Operation *op, const Span &span) {
    for (Operation *name : span.operands)
      name->moveBefore(span.first);
    OpBuilder b(span.first);
    // If nothing could move up, the op itself marks the place.
    auto start = rt::StartOp::create(b, op->getLoc(), rt::RequestType::get(b.getContext()));
    Block *body = b.createBlock(&start.getBody());
    op->moveBefore(body, body->end());
    b.setInsertionPoint(span.last);
    bool inPlace = cast<CollectiveOpInterface>(op).isInPlace();
    rt::WaitOp::create(b, op->getLoc(), start.getRequest(), inPlace ? Value() : op->getOperand(0),
                       op->getOperands().back());
  }
};
} // namespace
