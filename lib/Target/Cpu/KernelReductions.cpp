//===- KernelReductions.cpp - sums in blocks, maxima and minima ------------*- C++ -*-===//

#include "KernelLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::dchag;

/// Addends of a block: bounds the error of its sum by as many f32 roundings (KernelLoops.h).
static constexpr int64_t kBlock = 16;

ReductionEmitter::ReductionEmitter(BodyEmitter &body, ArrayRef<unsigned> sums)
    : body(body), b(body.b), loc(body.loc), sums(sums) {
  for (unsigned i = 0; i < body.op.getNumDpsInits(); ++i)
    outputs.push_back(classify(i));
}

/// A combiner is the only user of the element of its result, and its value is yielded.
ReductionEmitter::Output ReductionEmitter::classify(unsigned index) {
  OpOperand *init = body.op.getDpsInitOperand(index);
  Output output{init, Kind::InOrder, nullptr, Value()};
  BlockArgument element = body.op.getMatchingBlockArgument(init);
  Operation *op = body.op.getBlock()->getTerminator()->getOperand(index).getDefiningOp();
  bool isCombiner = op && op->getNumOperands() == 2 && element.hasOneUse() &&
                    *element.getUsers().begin() == op && op->hasOneUse() &&
                    arith::getNeutralElement(op);
  if (!isCombiner) {
    inOrder = true;
    return output;
  }
  combiners.insert(op);
  output.combiner = op;
  output.addend = op->getOperand(op->getOperand(0) == element ? 1 : 0);
  bool isSum = isa<arith::AddFOp>(op);
  output.kind = isSum && element.getType().isF32() ? Kind::BlockSum
                : isSum || isa<arith::MulFOp>(op)  ? Kind::Wide
                                                   : Kind::AnyOrder;
  return output;
}

/// Type of one total.
Type ReductionEmitter::getTotalType(const Output &output) const {
  Type type = getElementTypeOrSelf(output.init->get().getType());
  bool isWide = output.kind == Kind::BlockSum || output.kind == Kind::Wide;
  return isWide ? b.getF64Type() : type;
}

static Value makeNumber(OpBuilder &b, Location loc, Type type, TypedAttr value) {
  if (auto vector = dyn_cast<VectorType>(type))
    value = SplatElementsAttr::get(vector, value);
  return arith::ConstantOp::create(b, loc, value);
}

Value ReductionEmitter::getNeutral(const Output &output) {
  Type type = getTotalType(output);
  TypedAttr value = output.kind == Kind::AnyOrder
                        ? *arith::getNeutralElement(output.combiner)
                        : TypedAttr(b.getFloatAttr(type, isa<arith::MulFOp>(output.combiner)));
  return makeNumber(b, loc, body.getWide(type), value);
}

/// Combines two values in the type of totals.
Value ReductionEmitter::combine(const Output &output, Value lhs, Value rhs) {
  OperationState state(loc, output.combiner->getName(), {lhs, rhs}, {lhs.getType()},
                       output.combiner->getAttrs());
  return b.create(state)->getResult(0);
}

/// `value` in the floating-point type of totals.
static Value extend(OpBuilder &b, Location loc, Value value, Type element) {
  Type type = element;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = vector.clone(element);
  return type == value.getType() ? value : arith::ExtFOp::create(b, loc, type, value).getResult();
}

ReductionEmitter::State ReductionEmitter::start() {
  State state;
  for (const Output &output : outputs)
    state.push_back(output.kind == Kind::InOrder ? body.load(*output.init) : getNeutral(output));
  return state;
}

int64_t ReductionEmitter::getCount(unsigned level) const {
  return level + 1 == sums.size() ? lastCount : body.sizes[sums[level]];
}

/// A loop over `count` steps of the reduction loop `sum`; no loop if it is one step.
void ReductionEmitter::loop(unsigned sum, int64_t from, int64_t count, int64_t step, State &state,
                            Step inner) {
  if (count == 1) {
    body.indices[sum] = body.constant(from);
    return inner(state);
  }
  auto loop = scf::ForOp::create(b, loc, body.constant(from), body.constant(from + count * step),
                                 body.constant(step), state);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body.indices[sum] = loop.getInductionVar();
  State carried(loop.getRegionIterArgs());
  inner(carried);
  scf::YieldOp::create(b, loc, carried);
  state = State(loop.getResults());
}

ReductionEmitter::State ReductionEmitter::sumAll(int64_t begin, int64_t count) {
  lastBegin = begin;
  lastCount = count;
  // Loops within a block, from the innermost on; without sums of f32 there are no blocks.
  innerLevel = 0;
  perBlock = 1;
  if (llvm::any_of(outputs, [](Output &output) { return output.kind == Kind::BlockSum; })) {
    int64_t steps = 1;
    innerLevel = sums.size();
    while (innerLevel > 0 && steps * getCount(innerLevel - 1) <= kBlock)
      steps *= getCount(--innerLevel);
    perBlock = kBlock / steps;
  }
  State state = start();
  sumOuter(0, state);
  return state;
}

/// Loops around blocks, which carry totals only.
void ReductionEmitter::sumOuter(unsigned level, State &state) {
  if (level == innerLevel)
    return sumBlock(level, Value(), 0, state);
  bool isLast = level + 1 == sums.size();
  int64_t from = isLast ? lastBegin : 0, step = isLast ? lastStep : 1, count = getCount(level);
  if (level + 1 < innerLevel)
    return loop(sums[level], from, count, step, state,
                [&](State &carried) { sumOuter(level + 1, carried); });
  int64_t full = count / perBlock, rest = count % perBlock;
  if (full > 0)
    loop(sums[level], from, full, step * perBlock, state,
         [&](State &carried) { sumBlock(level, body.indices[sums[level]], perBlock, carried); });
  if (rest > 0)
    sumBlock(level, body.constant(from + full * perBlock * step), rest, state);
}

/// One block: `count` steps of loop `level` from `from`, or all loops from `level` on.
void ReductionEmitter::sumBlock(unsigned level, Value from, int64_t count, State &state) {
  for (const Output &output : outputs)
    if (output.kind == Kind::BlockSum)
      state.push_back(makeNumber(b, loc, body.getWide(b.getF32Type()), b.getF32FloatAttr(0)));
  if (!from) {
    sumInner(level, state);
  } else {
    int64_t step = level + 1 == sums.size() ? lastStep : 1;
    loop(sums[level], 0, count, step, state, [&](State &carried) {
      body.indices[sums[level]] = arith::AddIOp::create(b, loc, from, body.indices[sums[level]]);
      sumInner(level + 1, carried);
    });
  }
  flush(state);
}

/// Loops within a block.
void ReductionEmitter::sumInner(unsigned level, State &state) {
  if (level == sums.size())
    return accumulate(state);
  bool isLast = level + 1 == sums.size();
  loop(sums[level], isLast ? lastBegin : 0, getCount(level), isLast ? lastStep : 1, state,
       [&](State &carried) { sumInner(level + 1, carried); });
}

void ReductionEmitter::accumulate(State &state) {
  IRMapping values = body.emit(ArrayRef(state).take_front(outputs.size()), combiners);
  unsigned block = outputs.size();
  for (auto [i, output] : llvm::enumerate(outputs)) {
    if (output.kind == Kind::InOrder) {
      Value yielded = body.op.getBlock()->getTerminator()->getOperand(i);
      state[i] = body.get(values, yielded);
      continue;
    }
    Value addend = body.get(values, output.addend);
    if (output.kind == Kind::BlockSum) {
      state[block] = combine(output, state[block], addend);
      ++block;
    } else {
      if (output.kind == Kind::Wide)
        addend = extend(b, loc, addend, getTotalType(output));
      state[i] = combine(output, state[i], addend);
    }
  }
}

/// Adds the sums of blocks to their totals and resets them.
void ReductionEmitter::flush(State &state) {
  unsigned block = outputs.size();
  for (auto [i, output] : llvm::enumerate(outputs))
    if (output.kind == Kind::BlockSum)
      state[i] = combine(output, state[i], extend(b, loc, state[block++], b.getF64Type()));
  state.truncate(outputs.size());
}

/// Halves of a vector are combined until one element is left.
Value ReductionEmitter::joinLanes(const Output &output, Value total) {
  auto type = dyn_cast<VectorType>(total.getType());
  if (!type)
    return total;
  for (int64_t half = type.getNumElements() / 2; half >= 1; half /= 2) {
    auto part = [&](int64_t from) -> Value {
      return vector::ExtractStridedSliceOp::create(b, loc, total, ArrayRef(from), ArrayRef(half),
                                                   ArrayRef<int64_t>(1));
    };
    Value low = part(0), high = part(half);
    total = combine(output, low, high);
  }
  return vector::ExtractOp::create(b, loc, total, 0);
}

/// Combines totals with the initial values of the results.
void ReductionEmitter::store(const State &state) {
  for (auto [total, output] : llvm::zip_equal(state, outputs)) {
    Value value = total;
    if (output.kind != Kind::InOrder) {
      Value init = body.load(*output.init);
      Type element = getElementTypeOrSelf(init.getType());
      if (isa<VectorType>(total.getType()) && !isa<VectorType>(init.getType()))
        init = vector::BroadcastOp::create(b, loc, body.getWide(element), init);
      bool isWide = output.kind != Kind::AnyOrder;
      value = combine(output, isWide ? extend(b, loc, init, b.getF64Type()) : init, total);
      if (value.getType() != init.getType())
        value = arith::TruncFOp::create(b, loc, init.getType(), value);
    }
    body.store(*output.init, value);
  }
}

void ReductionEmitter::emitColumns(unsigned lane, bool parallel) {
  int64_t size = body.sizes[lane], from = 0, last = body.sizes[sums.back()];
  bool isWide = !inOrder && body.isVectorizable();
  body.lane = lane;
  for (int64_t width : {64, 16, 4, 1}) {
    if (width > 1 && (!isWide || (width > 16 && !body.isContiguous(lane))))
      continue;
    int64_t count = (size - from) / width;
    if (count == 0)
      continue;
    OpBuilder::InsertionGuard guard(b);
    Value first = body.constant(from), end = body.constant(from + count * width);
    Value step = body.constant(width);
    if (parallel && count > 1) {
      auto loop = scf::ParallelOp::create(b, loc, first, end, step);
      b.setInsertionPointToStart(loop.getBody());
      body.indices[lane] = loop.getInductionVars()[0];
    } else {
      auto loop = scf::ForOp::create(b, loc, first, end, step);
      b.setInsertionPointToStart(loop.getBody());
      body.indices[lane] = loop.getInductionVar();
    }
    body.width = width;
    store(sumAll(0, last));
    from += count * width;
  }
  body.width = 1;
}

/// Combines vectors of totals with the last elements of a row, fewer than a vector has lanes.
void ReductionEmitter::addRest(State &state, int64_t from, int64_t rest) {
  int64_t width = std::exchange(body.width, rest);
  State tail = sumAll(from, 1);
  body.width = width;
  for (auto [total, more, output] : llvm::zip_equal(state, tail, outputs)) {
    if (rest == 1)
      more = vector::BroadcastOp::create(b, loc, VectorType::get({1}, more.getType()), more);
    Value wide = vector::InsertStridedSliceOp::create(b, loc, more, getNeutral(output),
                                                      ArrayRef<int64_t>(0), ArrayRef<int64_t>(1));
    total = combine(output, total, wide);
  }
}

void ReductionEmitter::emitRow() {
  int64_t size = body.sizes[sums.back()], width = 1;
  if (!inOrder && body.isVectorizable())
    width = size >= 256 && body.isContiguous(sums.back()) ? 64 : size >= 16 ? 16 : 1;
  int64_t count = size / width, rest = size % width;
  body.lane = sums.back();
  body.width = lastStep = width;
  State state = sumAll(0, count);
  if (width > 1 && rest > 0)
    addRest(state, count * width, rest);
  for (auto [total, output] : llvm::zip_equal(state, outputs))
    total = joinLanes(output, total);
  body.width = lastStep = 1;
  store(state);
}
