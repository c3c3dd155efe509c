//===- KernelBody.cpp - the body of a kernel for one or more elements ------*- C++ -*-===//

#include "KernelLoops.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::dchag;

BodyEmitter::BodyEmitter(linalg::GenericOp op, OpBuilder &b)
    : b(b), op(op), loc(op.getLoc()), sizes(op.getStaticLoopRanges()), indices(sizes.size()) {}

Value BodyEmitter::constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

Type BodyEmitter::getWide(Type type) const {
  return width == 1 ? type : VectorType::get({width}, type);
}

int64_t BodyEmitter::getStride(OpOperand &operand, unsigned dim) const {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!type || failed(type.getStridesAndOffset(strides, offset)))
    return 0;
  AffineMap map = const_cast<linalg::GenericOp &>(op).getMatchingIndexingMap(&operand);
  SmallVector<int64_t> zero(map.getNumDims(), 0), one(zero);
  one[dim] = 1;
  SmallVector<int64_t> from = map.compose(zero), to = map.compose(one);
  int64_t stride = 0;
  for (auto [a, b, s] : llvm::zip_equal(from, to, strides))
    stride += (b - a) * s;
  return stride;
}

/// Whether a vector can be loaded or stored: neighbours differ in the last index only, by 1.
/// Booleans are bytes in memory but bits in a vector.
bool BodyEmitter::isVectorAccess(OpOperand &operand, unsigned dim) const {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type || type.getRank() == 0 || type.getElementType().isInteger(1) ||
      getStride(operand, dim) != 1)
    return false;
  AffineMap map = const_cast<linalg::GenericOp &>(op).getMatchingIndexingMap(&operand);
  for (AffineExpr expr : map.getResults().drop_back())
    if (expr.isFunctionOfDim(dim))
      return false;
  return map.getResults().back().isFunctionOfDim(dim);
}

bool BodyEmitter::isContiguous(unsigned dim) const {
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    return getStride(operand, dim) == 0 || isVectorAccess(operand, dim);
  });
}

bool BodyEmitter::isVectorizable() const {
  for (Operation &inner : const_cast<linalg::GenericOp &>(op).getBlock()->without_terminator()) {
    if (isa<linalg::IndexOp>(inner) || inner.hasTrait<OpTrait::ConstantLike>())
      continue;
    if (!OpTrait::hasElementwiseMappableTraits(&inner) || inner.getNumRegions() != 0)
      return false;
  }
  return true;
}

SmallVector<Value> BodyEmitter::getIndices(OpOperand &operand, int64_t offset) {
  SmallVector<Value> at(indices);
  if (offset != 0)
    at[lane] = arith::AddIOp::create(b, loc, at[lane], constant(offset));
  SmallVector<Value> result;
  for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults())
    result.push_back(affine::expandAffineExpr(b, loc, expr, at, {}));
  return result;
}

Value BodyEmitter::load(OpOperand &operand) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type)
    return operand.get();
  if (width == 1 || getStride(operand, lane) == 0)
    return memref::LoadOp::create(b, loc, operand.get(), getIndices(operand));
  auto vector = cast<VectorType>(getWide(type.getElementType()));
  if (isVectorAccess(operand, lane))
    return vector::LoadOp::create(b, loc, vector, operand.get(), getIndices(operand));
  SmallVector<Value> elements;
  for (int64_t i = 0; i < width; ++i)
    elements.push_back(memref::LoadOp::create(b, loc, operand.get(), getIndices(operand, i)));
  return vector::FromElementsOp::create(b, loc, vector, elements);
}

void BodyEmitter::store(OpOperand &init, Value value) {
  if (!isa<VectorType>(value.getType())) {
    memref::StoreOp::create(b, loc, value, init.get(), getIndices(init));
    return;
  }
  if (isVectorAccess(init, lane)) {
    vector::StoreOp::create(b, loc, value, init.get(), getIndices(init));
    return;
  }
  for (int64_t i = 0; i < width; ++i)
    memref::StoreOp::create(b, loc, vector::ExtractOp::create(b, loc, value, i), init.get(),
                            getIndices(init, i));
}

Value BodyEmitter::emitIndex(unsigned dim) {
  if (width == 1 || dim != lane)
    return indices[dim];
  auto type = VectorType::get({width}, b.getIndexType());
  SmallVector<int64_t> steps = llvm::to_vector(llvm::seq<int64_t>(0, width));
  Value first = vector::BroadcastOp::create(b, loc, type, indices[dim]);
  Value step =
      arith::ConstantOp::create(b, loc, DenseIntElementsAttr::get(type, ArrayRef<int64_t>(steps)));
  return arith::AddIOp::create(b, loc, first, step);
}

Value BodyEmitter::get(const IRMapping &values, Value value) {
  Value mapped = values.lookupOrDefault(value);
  if (width == 1 || isa<VectorType>(mapped.getType()))
    return mapped;
  return vector::BroadcastOp::create(b, loc, cast<VectorType>(getWide(mapped.getType())), mapped);
}

/// `inner` on vectors, or on single values where it is the same for all neighbours.
Value BodyEmitter::emitOp(Operation &inner, IRMapping &values) {
  bool isWide = llvm::any_of(inner.getOperands(), [&](Value operand) {
    return isa<VectorType>(values.lookupOrDefault(operand).getType());
  });
  if (!isWide) {
    b.clone(inner, values);
    return {};
  }
  SmallVector<Value> operands(
      llvm::map_range(inner.getOperands(), [&](Value operand) { return get(values, operand); }));
  OperationState state(inner.getLoc(), inner.getName(), operands,
                       {getWide(inner.getResult(0).getType())}, inner.getAttrs());
  return b.create(state)->getResult(0);
}

IRMapping BodyEmitter::emit(ValueRange inits, const llvm::SmallPtrSetImpl<Operation *> &skipped) {
  Block *block = op.getBlock();
  IRMapping values;
  for (auto [i, operand] : llvm::enumerate(op->getOpOperands())) {
    BlockArgument argument = block->getArgument(i);
    bool isUsed =
        llvm::any_of(argument.getUsers(), [&](Operation *user) { return !skipped.contains(user); });
    // The op that combines an input with a result is skipped, but its input is needed.
    if (!isUsed && op.isDpsInit(&operand))
      continue;
    if (argument.use_empty())
      continue;
    bool isGiven = op.isDpsInit(&operand) && !inits.empty();
    values.map(argument, isGiven ? inits[i - op.getNumDpsInputs()] : load(operand));
  }
  for (Operation &inner : block->without_terminator()) {
    if (skipped.contains(&inner))
      continue;
    if (auto index = dyn_cast<linalg::IndexOp>(inner))
      values.map(index.getResult(), emitIndex(index.getDim()));
    else if (Value result = emitOp(inner, values))
      values.map(inner.getResult(0), result);
  }
  return values;
}
