//===- Tensor.cpp - evaluation of tensor ops -------------------------------*- C++ -*-===//

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "dialects/interfaces/EvalCopy.h"
#include "dialects/interfaces/models/Elementwise.h"
#include "dialects/interfaces/models/Models.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::models;

/// Static numbers of an op, where a dynamic one is the next scalar among `operands`.
static SmallVector<int64_t> resolve(ArrayRef<int64_t> numbers, ArrayRef<EvalTensor> &operands) {
  SmallVector<int64_t> result(numbers);
  for (int64_t &number : result)
    if (ShapedType::isDynamic(number)) {
      number = operands.front().ints()[0];
      operands = operands.drop_front();
    }
  return result;
}

namespace {
/// Offsets, sizes and strides of a slice, checked to be within the tensor that is sliced.
struct Slice {
  SmallVector<int64_t> offsets, sizes, strides;

  template <typename OpTy>
  static FailureOr<Slice> of(OpTy op, ArrayRef<EvalTensor> dynamic, ArrayRef<int64_t> shape) {
    Slice slice;
    slice.offsets = resolve(op.getStaticOffsets(), dynamic);
    slice.sizes = resolve(op.getStaticSizes(), dynamic);
    slice.strides = resolve(op.getStaticStrides(), dynamic);
    for (size_t d = 0; d < shape.size(); ++d) {
      int64_t size = slice.sizes[d], first = slice.offsets[d];
      int64_t last = first + (size - 1) * slice.strides[d];
      if (size < 0 ||
          (size > 0 && (std::min(first, last) < 0 || std::max(first, last) >= shape[d])))
        return op.emitOpError("takes elements ") << first << " to " << last << " of dimension " << d
                                                 << ", which has " << shape[d] << " elements";
    }
    return slice;
  }
};

/// Whether the types hold the same number of elements; a dynamic size may make it differ.
LogicalResult checkCount(Operation *op, int64_t count, const EvalTensor &tensor) {
  if (count == tensor.getNumElements())
    return success();
  return op->emitOpError("has ") << count << " elements, wanted " << tensor.getNumElements()
                                 << " for its type";
}

int64_t countOf(ArrayRef<int64_t> sizes) {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  return count;
}

/// Strides for the dimensions of a slice in a row-major tensor of just its elements, which
/// may lack some of the slice's dimensions of size 1.
StridedView packedView(ArrayRef<int64_t> sizes) {
  StridedView view;
  view.strides.assign(sizes.size(), 1);
  for (int64_t d = static_cast<int64_t>(sizes.size()) - 2; d >= 0; --d)
    view.strides[d] = view.strides[d + 1] * sizes[d + 1];
  return view;
}

struct Empty : EvaluableOpInterface::ExternalModel<Empty, tensor::EmptyOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor>,
                         SmallVectorImpl<EvalTensor> &results) const {
    results.push_back(makeResult(op));
    return success();
  }
};

struct Splat : EvaluableOpInterface::ExternalModel<Splat, tensor::SplatOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    StridedView scalar;
    scalar.strides.assign(result.getRank(), 0);
    copyElements(result.getShape(), result, viewOf(result), operands[0], scalar);
    results.push_back(std::move(result));
    return success();
  }
};

/// Same elements in the same order with another shape.
template <typename OpTy>
struct Reshape : EvaluableOpInterface::ExternalModel<Reshape<OpTy>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    auto type = cast<ShapedType>(op->getResult(0).getType());
    if (type.getNumElements() != operands[0].getNumElements())
      return op->emitOpError("has ") << operands[0].getNumElements() << " elements, wanted "
                                     << type.getNumElements() << " for " << type;
    results.push_back(operands[0].reshaped(type.getShape()));
    return success();
  }
};

struct ExtractSlice : EvaluableOpInterface::ExternalModel<ExtractSlice, tensor::ExtractSliceOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    const EvalTensor &source = operands[0];
    auto slice =
        Slice::of(cast<tensor::ExtractSliceOp>(op), operands.drop_front(), source.getShape());
    EvalTensor result = makeResult(op);
    if (failed(slice) || failed(checkCount(op, countOf(slice->sizes), result)))
      return failure();
    copyElements(slice->sizes, result, packedView(slice->sizes), source,
                 viewOf(source, slice->offsets, slice->strides));
    results.push_back(std::move(result));
    return success();
  }
};

struct InsertSlice : EvaluableOpInterface::ExternalModel<InsertSlice, tensor::InsertSliceOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = operands[1];
    auto slice =
        Slice::of(cast<tensor::InsertSliceOp>(op), operands.drop_front(2), result.getShape());
    if (failed(slice) || failed(checkCount(op, countOf(slice->sizes), operands[0])))
      return failure();
    copyElements(slice->sizes, result, viewOf(result, slice->offsets, slice->strides), operands[0],
                 packedView(slice->sizes));
    results.push_back(std::move(result));
    return success();
  }
};

struct Concat : EvaluableOpInterface::ExternalModel<Concat, tensor::ConcatOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    int64_t dim = cast<tensor::ConcatOp>(op).getDim();
    SmallVector<int64_t> offsets(result.getRank(), 0);
    for (const EvalTensor &part : operands) {
      copyElements(part.getShape(), result, viewOf(result, offsets), part, viewOf(part));
      offsets[dim] += part.getDim(dim);
    }
    results.push_back(std::move(result));
    return success();
  }
};

struct Pad : EvaluableOpInterface::ExternalModel<Pad, tensor::PadOp> {
  /// The tensor of the result filled with the padding value.
  static FailureOr<EvalTensor> makePadding(tensor::PadOp op) {
    Value value = op.getConstantPaddingValue();
    auto evaluable =
        value ? dyn_cast_or_null<EvaluableOpInterface>(value.getDefiningOp()) : nullptr;
    if (!evaluable || value.getDefiningOp()->getNumOperands() != 0)
      return op.emitOpError("pads with a value that is not an arith.constant: its body must "
                            "yield one constant");
    SmallVector<EvalTensor> constants;
    if (failed(evaluable.evaluate({}, constants)))
      return failure();
    EvalTensor result = makeResult(op);
    StridedView scalar;
    scalar.strides.assign(result.getRank(), 0);
    copyElements(result.getShape(), result, viewOf(result), constants[0], scalar);
    return result;
  }

  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    auto pad = cast<tensor::PadOp>(op);
    const EvalTensor &source = operands[0];
    ArrayRef<EvalTensor> dynamic = operands.drop_front();
    SmallVector<int64_t> low = resolve(pad.getStaticLow(), dynamic);
    SmallVector<int64_t> high = resolve(pad.getStaticHigh(), dynamic);
    FailureOr<EvalTensor> result = makePadding(pad);
    if (failed(result))
      return failure();
    // Negative padding crops.
    SmallVector<int64_t> from, to, sizes;
    for (int64_t d = 0; d < source.getRank(); ++d) {
      if (low[d] + source.getDim(d) + high[d] != result->getDim(d))
        return op->emitOpError("pads dimension ")
               << d << " to " << low[d] + source.getDim(d) + high[d] << " elements, wanted "
               << result->getDim(d);
      from.push_back(std::max<int64_t>(0, -low[d]));
      to.push_back(std::max<int64_t>(0, low[d]));
      sizes.push_back(
          std::max<int64_t>(0, source.getDim(d) - from.back() - std::max<int64_t>(0, -high[d])));
    }
    copyElements(sizes, *result, viewOf(*result, to), source, viewOf(source, from));
    results.push_back(std::move(*result));
    return success();
  }
};
} // namespace

void mlir::dchag::registerTensorEvaluation(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    attach<Empty, Splat, Reshape<tensor::ExpandShapeOp>, Reshape<tensor::CollapseShapeOp>,
           Reshape<tensor::CastOp>, ExtractSlice, InsertSlice, Concat, Pad>(context);
  });
}
