//===- Gather.cpp - moves by run-time indices ------------------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/EvalMath.h"

using namespace mlir;
using namespace mlir::dchag;

/// (C1) of both ops; `dim` is the attribute.
static LogicalResult verifyDim(Operation *op, Value input, int64_t dim) {
  int64_t rank = tensorType(input).getRank();
  if (dim < 0 || dim >= rank)
    return op->emitOpError("(C1) dim must be at least 0 and below the rank of the input: got ")
           << dim << ", rank " << rank;
  return success();
}

/// (C3) of both ops.
static LogicalResult verifyElementType(Operation *op, StringRef name, Value value, Value input) {
  Type type = tensorType(value).getElementType(), wanted = tensorType(input).getElementType();
  if (type == wanted)
    return success();
  return op->emitOpError("(C3) ") << name << " must have the element type of the input: got "
                                  << type << ", wanted " << wanted;
}

/// (C4) of both ops.
static LogicalResult verifyBatch(Operation *op, Value input, Value indices, int64_t dim,
                                 int64_t batch) {
  ArrayRef<int64_t> shape = shapeOf(indices);
  if (batch < 0 || batch > dim || batch > int64_t(shape.size()))
    return op->emitOpError("(C4) batch must be at least 0 and at most dim and the rank of the "
                           "indices: got ")
           << batch << ", dim " << dim << ", rank " << shape.size();
  if (shape.take_front(batch) == shapeOf(input).take_front(batch))
    return success();
  return op->emitOpError("(C4) batch dimensions of the indices must be those of the input: got ")
         << shapeText(shape.take_front(batch)) << ", wanted "
         << shapeText(shapeOf(input).take_front(batch));
}

/// The shape of `input` with dimension `dim` replaced by the dimensions of `indices` after `batch`.
static SmallVector<int64_t> replaceDim(Value input, int64_t dim, Value indices, int64_t batch) {
  SmallVector<int64_t> shape(shapeOf(input).take_front(dim));
  llvm::append_range(shape, shapeOf(indices).drop_front(batch));
  llvm::append_range(shape, shapeOf(input).drop_front(dim + 1));
  return shape;
}

/// The element that an index in a dimension of `size` elements refers to, where negative indices
/// count from the end; -1 if out of range.
static int64_t resolveIndex(int64_t index, int64_t size) {
  if (index < 0)
    index += size;
  return index >= 0 && index < size ? index : -1;
}

/// Calls `fn(from, to)` for each index in range, in order: slice `from` of `input` corresponds to
/// slice `to` of the gathered result or the updates. Slices consist of the dimensions after `dim`.
static void forEachSlice(const EvalTensor &input, const EvalTensor &indices, int64_t dim,
                         int64_t batch, llvm::function_ref<void(int64_t, int64_t)> fn) {
  int64_t size = input.getDim(dim), batches = productOf(input.getShape().take_front(batch));
  int64_t outer = productOf(input.getShape().slice(batch, dim - batch));
  int64_t count = productOf(indices.getShape().drop_front(batch));
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t o = b * outer; o < (b + 1) * outer; ++o)
      for (int64_t j = 0; j < count; ++j)
        if (int64_t place = resolveIndex(indices.ints()[b * count + j], size); place >= 0)
          fn(o * size + place, o * count + j);
}

//===----------------------------------------------------------------------===//
// GatherOp
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::verify() {
  if (failed(verifyDim(*this, getInput(), getDim())) ||
      failed(verifyBatch(*this, getInput(), getIndices(), getDim(), getBatch())))
    return failure();
  SmallVector<int64_t> wanted = replaceDim(getInput(), getDim(), getIndices(), getBatch());
  if (failed(verifyShape(*this, "C2", "result", getResult(),
                         "as the input with `dim` replaced by the shape of the indices", wanted)))
    return failure();
  return verifyElementType(*this, "result", getResult(), getInput());
}

LogicalResult GatherOp::evaluate(ArrayRef<EvalTensor> operands,
                                 SmallVectorImpl<EvalTensor> &results) {
  EvalTensor result(getType());
  const EvalTensor &input = operands[0];
  int64_t inner = productOf(input.getShape().drop_front(getDim() + 1));
  auto copy = [&](auto *source, auto *target) {
    forEachSlice(input, operands[1], getDim(), getBatch(), [&](int64_t from, int64_t to) {
      std::copy_n(source + from * inner, inner, target + to * inner);
    });
  };
  if (result.isFloat())
    copy(input.floats(), result.mutableFloats());
  else
    copy(input.ints(), result.mutableInts());
  results.push_back(std::move(result));
  return success();
}

RuleAttr GatherOp::getShardingRule() {
  ArrayRef<int64_t> input = shapeOf(getInput());
  RuleBuilder rule(*this);
  SmallVector<int64_t> outer = rule.factors(input.take_front(getDim()));
  SmallVector<int64_t> inner = rule.factors(input.drop_front(getDim() + 1));
  SmallVector<int64_t> slices = rule.factors(shapeOf(getIndices()).drop_front(getBatch()));
  SmallVector<int64_t> taken = {rule.factor(input[getDim()], FactorKind::Whole)};
  SmallVector<int64_t> from = llvm::to_vector(llvm::concat<int64_t>(outer, taken, inner));
  SmallVector<int64_t> to = llvm::to_vector(llvm::concat<int64_t>(outer, slices, inner));
  SmallVector<int64_t> indices(ArrayRef<int64_t>(outer).take_front(getBatch()));
  llvm::append_range(indices, slices);
  rule.operand(0, ArrayRef(from)).operand(1, ArrayRef(indices)).result(0, ArrayRef(to));
  return rule.build();
}

double GatherOp::getFlops() { return 0; }

/// Whether constant indices are 0, 1, .. size - 1.
static bool isIota(Attribute indices, int64_t size) {
  auto isCounting = [size](auto &&values) {
    int64_t next = 0;
    for (auto value : values)
      if (resolveIndex(value, size) != next++)
        return false;
    return next == size;
  };
  if (auto resource = dyn_cast_or_null<DenseI64ResourceElementsAttr>(indices)) {
    std::optional<ArrayRef<int64_t>> values = resource.tryGetAsArrayRef();
    return values && isCounting(*values);
  }
  auto dense = dyn_cast_or_null<DenseIntElementsAttr>(indices);
  return dense && isCounting(llvm::map_range(dense, [](const APInt &value) {
           return value.getSignificantBits() <= 64 ? value.getSExtValue() : -1;
         }));
}

/// Gathering all slices in order is the identity.
OpFoldResult GatherOp::fold(FoldAdaptor adaptor) {
  bool sameType = getInput().getType() == getType() && tensorType(getIndices()).getRank() == 1 &&
                  getBatch() == 0;
  if (sameType && isIota(adaptor.getIndices(), shapeOf(getInput())[getDim()]))
    return getInput();
  return {};
}

//===----------------------------------------------------------------------===//
// ScatterOp
//===----------------------------------------------------------------------===//

LogicalResult ScatterOp::verify() {
  int64_t dim = getDim(), batch = getBatch();
  if (failed(verifyDim(*this, getInput(), dim)) ||
      failed(verifyRank(*this, "C1", "indices", getIndices(), "of rank `batch` + 1", batch + 1)) ||
      failed(verifyBatch(*this, getInput(), getIndices(), dim, batch)))
    return failure();
  SmallVector<int64_t> wanted = replaceDim(getInput(), dim, getIndices(), batch);
  if (failed(verifyShape(*this, "C2", "updates", getUpdates(),
                         "as the input with `dim` replaced by the number of indices", wanted)) ||
      failed(verifyElementType(*this, "updates", getUpdates(), getInput())) ||
      failed(verifyShape(*this, "C3", "result", getResult(), "as the input", shapeOf(getInput()))))
    return failure();
  if (getKind() != ScatterKind::Set && tensorType(getInput()).getElementType().isInteger(1))
    return emitOpError("(C5) booleans must be scattered by kind set: got ")
           << stringifyScatterKind(getKind());
  return verifyElementType(*this, "result", getResult(), getInput());
}

static double combine(ScatterKind kind, double old, double update) {
  switch (kind) {
  case ScatterKind::Set:
    return update;
  case ScatterKind::Add:
    return old + update;
  case ScatterKind::Mul:
    return old * update;
  case ScatterKind::Max:
    return maxOrNaN(old, update);
  case ScatterKind::Min:
    return minOrNaN(old, update);
  }
  llvm_unreachable("unknown kind");
}

/// Integers wrap; the result is rounded to its type for that.
static int64_t combine(ScatterKind kind, int64_t old, int64_t update) {
  uint64_t left = old, right = update;
  switch (kind) {
  case ScatterKind::Set:
    return update;
  case ScatterKind::Add:
    return left + right;
  case ScatterKind::Mul:
    return left * right;
  case ScatterKind::Max:
    return std::max(old, update);
  case ScatterKind::Min:
    return std::min(old, update);
  }
  llvm_unreachable("unknown kind");
}

LogicalResult ScatterOp::evaluate(ArrayRef<EvalTensor> operands,
                                  SmallVectorImpl<EvalTensor> &results) {
  EvalTensor result = operands[0];
  const EvalTensor &updates = operands[2];
  int64_t inner = productOf(result.getShape().drop_front(getDim() + 1));
  auto write = [&](auto *source, auto *target) {
    forEachSlice(operands[0], operands[1], getDim(), getBatch(), [&](int64_t to, int64_t from) {
      for (int64_t i = 0; i < inner; ++i)
        target[to * inner + i] =
            combine(getKind(), target[to * inner + i], source[from * inner + i]);
    });
  };
  if (result.isFloat()) {
    write(updates.floats(), result.mutableFloats());
  } else {
    write(updates.ints(), result.mutableInts());
    result.roundToType();
  }
  results.push_back(std::move(result));
  return success();
}

RuleAttr ScatterOp::getShardingRule() {
  ArrayRef<int64_t> input = shapeOf(getInput());
  RuleBuilder rule(*this);
  SmallVector<int64_t> dims;
  for (auto [d, size] : llvm::enumerate(input))
    dims.push_back(rule.factor(size, d == getDim() ? FactorKind::Whole : FactorKind::Parallel));
  int64_t slices = rule.factor(shapeOf(getIndices()).back(), FactorKind::Whole);
  SmallVector<int64_t> indices(ArrayRef<int64_t>(dims).take_front(getBatch()));
  indices.push_back(slices);
  rule.operand(0, ArrayRef(dims)).operand(1, ArrayRef(indices)).result(0, ArrayRef(dims));
  dims[getDim()] = slices;
  return rule.operand(2, ArrayRef(dims)).build();
}

double ScatterOp::getFlops() {
  return getKind() == ScatterKind::Set ? 0 : tensorType(getUpdates()).getNumElements();
}
