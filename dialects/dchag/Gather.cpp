//===- Gather.cpp - moves by run-time indices ------------------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"

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

/// The shape of `input` with dimension `dim` replaced by `sizes`.
static SmallVector<int64_t> replaceDim(Value input, int64_t dim, ArrayRef<int64_t> sizes) {
  SmallVector<int64_t> shape(shapeOf(input).take_front(dim));
  llvm::append_range(shape, sizes);
  llvm::append_range(shape, shapeOf(input).drop_front(dim + 1));
  return shape;
}

/// The place of an index in a dimension of `size` elements, negative ones counted from the
/// end; -1 if out of range.
static int64_t resolveIndex(int64_t index, int64_t size) {
  if (index < 0)
    index += size;
  return index >= 0 && index < size ? index : -1;
}

/// Calls `copy(outer, j, place)` with the place of indices[j] for each slice, in order of j.
static void forEachSlice(const EvalTensor &input, const EvalTensor &indices, int64_t dim,
                         llvm::function_ref<void(int64_t, int64_t, int64_t)> copy) {
  int64_t outer = productOf(input.getShape().take_front(dim));
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t j = 0; j < indices.getNumElements(); ++j)
      copy(o, j, resolveIndex(indices.ints()[j], input.getDim(dim)));
}

//===----------------------------------------------------------------------===//
// GatherOp
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::verify() {
  if (failed(verifyDim(*this, getInput(), getDim())))
    return failure();
  SmallVector<int64_t> wanted = replaceDim(getInput(), getDim(), shapeOf(getIndices()));
  if (failed(verifyShape(*this, "C2", "result", getResult(),
                         "as the input with `dim` replaced by the shape of the indices", wanted)))
    return failure();
  return verifyElementType(*this, "result", getResult(), getInput());
}

template <typename T>
static void gatherSlices(const EvalTensor &input, const EvalTensor &indices, int64_t dim,
                         const T *from, T *to) {
  int64_t size = input.getDim(dim), inner = productOf(input.getShape().drop_front(dim + 1));
  int64_t count = indices.getNumElements();
  forEachSlice(input, indices, dim, [&](int64_t outer, int64_t j, int64_t place) {
    if (place >= 0)
      std::copy_n(from + (outer * size + place) * inner, inner, to + (outer * count + j) * inner);
  });
}

LogicalResult GatherOp::evaluate(ArrayRef<EvalTensor> operands,
                                 SmallVectorImpl<EvalTensor> &results) {
  EvalTensor result(getType());
  if (result.isFloat())
    gatherSlices(operands[0], operands[1], getDim(), operands[0].floats(), result.mutableFloats());
  else
    gatherSlices(operands[0], operands[1], getDim(), operands[0].ints(), result.mutableInts());
  results.push_back(std::move(result));
  return success();
}

RuleAttr GatherOp::getShardingRule() {
  ArrayRef<int64_t> input = shapeOf(getInput());
  RuleBuilder rule(*this);
  SmallVector<int64_t> outer = rule.factors(input.take_front(getDim()));
  SmallVector<int64_t> inner = rule.factors(input.drop_front(getDim() + 1));
  SmallVector<int64_t> slices = rule.factors(shapeOf(getIndices()));
  SmallVector<int64_t> taken = {rule.factor(input[getDim()], FactorKind::Whole)};
  SmallVector<int64_t> from = llvm::to_vector(llvm::concat<int64_t>(outer, taken, inner));
  SmallVector<int64_t> to = llvm::to_vector(llvm::concat<int64_t>(outer, slices, inner));
  rule.operand(0, ArrayRef(from)).operand(1, ArrayRef(slices)).result(0, ArrayRef(to));
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

/// Taking all slices in order is taking the input.
OpFoldResult GatherOp::fold(FoldAdaptor adaptor) {
  bool sameType = getInput().getType() == getType() && tensorType(getIndices()).getRank() == 1;
  if (sameType && isIota(adaptor.getIndices(), shapeOf(getInput())[getDim()]))
    return getInput();
  return {};
}

//===----------------------------------------------------------------------===//
// ScatterOp
//===----------------------------------------------------------------------===//

LogicalResult ScatterOp::verify() {
  if (failed(verifyDim(*this, getInput(), getDim())) ||
      failed(verifyRank(*this, "C1", "indices", getIndices(), "of rank 1", 1)))
    return failure();
  SmallVector<int64_t> wanted = replaceDim(getInput(), getDim(), shapeOf(getIndices()));
  if (failed(verifyShape(*this, "C2", "updates", getUpdates(),
                         "as the input with `dim` replaced by the number of indices", wanted)) ||
      failed(verifyElementType(*this, "updates", getUpdates(), getInput())) ||
      failed(verifyShape(*this, "C3", "result", getResult(), "as the input", shapeOf(getInput()))))
    return failure();
  return verifyElementType(*this, "result", getResult(), getInput());
}

template <typename T>
static void scatterSlices(const EvalTensor &input, const EvalTensor &indices, int64_t dim,
                          const T *from, T *to) {
  int64_t size = input.getDim(dim), inner = productOf(input.getShape().drop_front(dim + 1));
  int64_t count = indices.getNumElements();
  forEachSlice(input, indices, dim, [&](int64_t outer, int64_t j, int64_t place) {
    if (place >= 0)
      std::copy_n(from + (outer * count + j) * inner, inner, to + (outer * size + place) * inner);
  });
}

LogicalResult ScatterOp::evaluate(ArrayRef<EvalTensor> operands,
                                  SmallVectorImpl<EvalTensor> &results) {
  EvalTensor result = operands[0];
  const EvalTensor &updates = operands[2];
  if (result.isFloat())
    scatterSlices(operands[0], operands[1], getDim(), updates.floats(), result.mutableFloats());
  else
    scatterSlices(operands[0], operands[1], getDim(), updates.ints(), result.mutableInts());
  results.push_back(std::move(result));
  return success();
}

RuleAttr ScatterOp::getShardingRule() {
  ArrayRef<int64_t> input = shapeOf(getInput());
  RuleBuilder rule(*this);
  SmallVector<int64_t> dims;
  for (auto [d, size] : llvm::enumerate(input))
    dims.push_back(rule.factor(size, d == getDim() ? FactorKind::Whole : FactorKind::Parallel));
  int64_t slices = rule.factor(shapeOf(getIndices())[0], FactorKind::Whole);
  rule.operand(0, ArrayRef(dims)).operand(1, {slices}).result(0, ArrayRef(dims));
  dims[getDim()] = slices;
  return rule.operand(2, ArrayRef(dims)).build();
}

double ScatterOp::getFlops() { return 0; }
