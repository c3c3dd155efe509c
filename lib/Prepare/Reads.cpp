//===- Reads.cpp - views of file parameters as strided boxes ---------------*- C++ -*-===//

#include "Reads.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::dchag;

/// More boxes than this are cheaper to compute than to read one by one.
static constexpr size_t maxBoxes = 4096;

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static bool isZero(Value value) {
  return matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_Zero());
}

static Boxes readAll(BlockArgument parameter) {
  Box box{parameter, 0, {}, {}, SmallVector<int64_t>(getShape(parameter))};
  int64_t stride = 1;
  for (int64_t size : llvm::reverse(getShape(parameter))) {
    box.strides.insert(box.strides.begin(), stride);
    stride *= size;
  }
  box.at.assign(box.sizes.size(), 0);
  return {box};
}

static Boxes transpose(const Boxes &boxes, ArrayRef<int64_t> permutation) {
  Boxes result;
  for (const Box &box : boxes) {
    Box &moved = result.emplace_back(Box{box.parameter, box.offset, {}, {}, {}});
    for (int64_t dim : permutation) {
      moved.strides.push_back(box.strides[dim]);
      moved.at.push_back(box.at[dim]);
      moved.sizes.push_back(box.sizes[dim]);
    }
  }
  return result;
}

static Boxes broadcast(const Boxes &boxes, ArrayRef<int64_t> dims, ArrayRef<int64_t> shape) {
  Boxes result = boxes;
  for (Box &box : result)
    for (int64_t dim : dims) {
      box.strides.insert(box.strides.begin() + dim, 0);
      box.at.insert(box.at.begin() + dim, 0);
      box.sizes.insert(box.sizes.begin() + dim, shape[dim]);
    }
  return result;
}

/// The part of each box that is inside of the slice.
static Boxes slice(const Boxes &boxes, tensor::ExtractSliceOp op) {
  llvm::SmallBitVector dropped = op.getDroppedDims();
  Boxes result;
  for (const Box &box : boxes) {
    Box part{box.parameter, box.offset, {}, {}, {}};
    bool isEmpty = false;
    for (unsigned dim = 0; dim < box.sizes.size(); ++dim) {
      int64_t offset = op.getStaticOffsets()[dim], step = op.getStaticStrides()[dim];
      int64_t begin = llvm::divideCeilSigned(box.at[dim] - offset, step);
      int64_t end = llvm::divideFloorSigned(box.at[dim] + box.sizes[dim] - 1 - offset, step) + 1;
      begin = std::max<int64_t>(begin, 0);
      end = std::min(end, op.getStaticSizes()[dim]);
      isEmpty |= begin >= end;
      part.offset += (offset + step * begin - box.at[dim]) * box.strides[dim];
      if (dropped.test(dim))
        continue;
      part.strides.push_back(box.strides[dim] * step);
      part.at.push_back(begin);
      part.sizes.push_back(end - begin);
    }
    if (!isEmpty)
      result.push_back(part);
  }
  return result;
}

/// A box over one dimension as a box over the dimensions it is expanded to.
static bool expandDim(int64_t at, int64_t count, int64_t stride, ArrayRef<int64_t> shape,
                      Box &box) {
  int64_t inner = 1;
  for (int64_t size : shape.drop_front())
    inner *= size;
  if (shape.size() == 1) {
    box.at.push_back(at);
    box.sizes.push_back(count);
    box.strides.push_back(stride);
    return true;
  }
  if (at % inner == 0 && count % inner == 0) {
    box.at.push_back(at / inner);
    box.sizes.push_back(count / inner);
    box.strides.push_back(stride * inner);
    return expandDim(0, inner, stride, shape.drop_front(), box);
  }
  // Not whole rows: inside of one row only.
  if (at / inner != (at + count - 1) / inner)
    return false;
  box.at.push_back(at / inner);
  box.sizes.push_back(1);
  box.strides.push_back(0);
  return expandDim(at % inner, count, stride, shape.drop_front(), box);
}

static std::optional<Boxes> expand(const Boxes &boxes, tensor::ExpandShapeOp op) {
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  Boxes result;
  for (const Box &box : boxes) {
    Box &expanded = result.emplace_back(Box{box.parameter, box.offset, {}, {}, {}});
    if (box.sizes.empty()) {
      expanded.at.assign(shape.size(), 0);
      expanded.strides.assign(shape.size(), 0);
      expanded.sizes.assign(shape.size(), 1);
      continue;
    }
    for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices()))
      if (!expandDim(box.at[dim], box.sizes[dim], box.strides[dim],
                     shape.slice(group.front(), group.size()), expanded))
        return std::nullopt;
  }
  return result;
}

/// Merges dimensions `dim` and `dim + 1` of all boxes; a box that is no run of the merged
/// dimension is cut into its rows.
static bool mergeDims(Boxes &boxes, unsigned dim, int64_t innerSize) {
  Boxes result;
  for (const Box &box : boxes) {
    bool isWhole = box.at[dim + 1] == 0 && box.sizes[dim + 1] == innerSize;
    bool isRun =
        box.sizes[dim] == 1 || (isWhole && (box.sizes[dim + 1] == 1 ||
                                            box.strides[dim] == box.strides[dim + 1] * innerSize));
    int64_t rows = isRun ? 1 : box.sizes[dim];
    if (result.size() + rows > maxBoxes)
      return false;
    for (int64_t row = 0; row < rows; ++row) {
      Box merged = box;
      merged.offset += row * box.strides[dim];
      merged.at[dim] = (box.at[dim] + row) * innerSize + box.at[dim + 1];
      merged.sizes[dim] = (isRun ? box.sizes[dim] : 1) * box.sizes[dim + 1];
      merged.strides[dim] =
          box.sizes[dim + 1] == 1 && isRun ? box.strides[dim] : box.strides[dim + 1];
      merged.at.erase(merged.at.begin() + dim + 1);
      merged.sizes.erase(merged.sizes.begin() + dim + 1);
      merged.strides.erase(merged.strides.begin() + dim + 1);
      result.push_back(merged);
    }
  }
  boxes = result;
  return true;
}

static std::optional<Boxes> collapse(Boxes boxes, tensor::CollapseShapeOp op) {
  ArrayRef<int64_t> shape = op.getSrcType().getShape();
  SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
  if (groups.empty()) {
    for (Box &box : boxes) {
      box.at.clear();
      box.sizes.clear();
      box.strides.clear();
    }
    return boxes;
  }
  // From the last group, so that numbers of dimensions in front of it stay.
  for (const ReassociationIndices &group : llvm::reverse(groups)) {
    int64_t inner = 1;
    for (int64_t dim : llvm::reverse(ArrayRef<int64_t>(group).drop_front())) {
      inner *= shape[dim];
      if (!mergeDims(boxes, dim - 1, inner))
        return std::nullopt;
    }
  }
  return boxes;
}

static void shift(Boxes &boxes, unsigned dim, int64_t distance) {
  for (Box &box : boxes)
    box.at[dim] += distance;
}

/// Whether no element of the boxes is inside of the inserted part.
static bool isFree(const Boxes &boxes, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes) {
  return llvm::none_of(boxes, [&](const Box &box) {
    for (unsigned dim = 0; dim < offsets.size(); ++dim)
      if (box.at[dim] >= offsets[dim] + sizes[dim] || box.at[dim] + box.sizes[dim] <= offsets[dim])
        return false;
    return true;
  });
}

static std::optional<Boxes> insert(Boxes source, const Boxes &target, tensor::InsertSliceOp op) {
  if (!op.getOffsets().empty() || !op.getSizes().empty() || !op.getStrides().empty() ||
      llvm::any_of(op.getStaticStrides(), [](int64_t stride) { return stride != 1; }) ||
      !isFree(target, op.getStaticOffsets(), op.getStaticSizes()))
    return std::nullopt;
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (Box &box : source)
    for (unsigned dim = 0; dim < op.getStaticOffsets().size(); ++dim) {
      if (dropped.test(dim)) {
        box.at.insert(box.at.begin() + dim, 0);
        box.sizes.insert(box.sizes.begin() + dim, 1);
        box.strides.insert(box.strides.begin() + dim, 0);
      }
      box.at[dim] += op.getStaticOffsets()[dim];
    }
  llvm::append_range(source, target);
  return source;
}

/// By name: upstream has no interface that says which element of an operand an element of a tensor
/// is (ViewLikeOpInterface is about buffers), and every op here moves boxes in its own way.
std::optional<Boxes> ReadAnalysis::compute(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return readAll(argument);
  Operation *op = value.getDefiningOp();
  // What is written to nothing but zeros starts without a box.
  if (isa<tensor::EmptyOp>(op) || (isa<arith::ConstantOp>(op) && isZero(value)))
    return Boxes();
  if (auto fill = dyn_cast<linalg::FillOp>(op))
    return isZero(fill.getInputs()[0]) ? std::optional(Boxes()) : std::nullopt;
  if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
    Boxes result;
    int64_t position = 0;
    for (Value input : concat.getInputs()) {
      const Boxes *boxes = getBoxes(input);
      if (!boxes || result.size() + boxes->size() > maxBoxes)
        return std::nullopt;
      Boxes part = *boxes;
      shift(part, concat.getDim(), position);
      llvm::append_range(result, part);
      position += getShape(input)[concat.getDim()];
    }
    return result;
  }
  if (!isa<linalg::TransposeOp, linalg::BroadcastOp, tensor::ExtractSliceOp, tensor::ExpandShapeOp,
           tensor::CollapseShapeOp, tensor::PadOp, tensor::InsertSliceOp>(op))
    return std::nullopt;
  const Boxes *source = getBoxes(op->getOperand(0));
  if (!source)
    return std::nullopt;
  if (auto transposeOp = dyn_cast<linalg::TransposeOp>(op))
    return transpose(*source, transposeOp.getPermutation());
  if (auto broadcastOp = dyn_cast<linalg::BroadcastOp>(op))
    return broadcast(*source, broadcastOp.getDimensions(), getShape(value));
  if (auto sliceOp = dyn_cast<tensor::ExtractSliceOp>(op))
    return slice(*source, sliceOp);
  if (auto expandOp = dyn_cast<tensor::ExpandShapeOp>(op))
    return expand(*source, expandOp);
  if (auto collapseOp = dyn_cast<tensor::CollapseShapeOp>(op))
    return collapse(*source, collapseOp);
  if (auto pad = dyn_cast<tensor::PadOp>(op)) {
    Value padding = pad.getConstantPaddingValue();
    if (!padding || !isZero(padding) || !pad.getLow().empty() || !pad.getHigh().empty())
      return std::nullopt;
    Boxes result = *source;
    for (auto [dim, low] : llvm::enumerate(pad.getStaticLow()))
      shift(result, dim, low);
    return result;
  }
  auto insertOp = cast<tensor::InsertSliceOp>(op);
  Boxes copy = *source;
  const Boxes *target = getBoxes(insertOp.getDest());
  return target ? insert(copy, *target, insertOp) : std::nullopt;
}

const Boxes *ReadAnalysis::getBoxes(Value value) {
  auto it = known.find(value);
  if (it == known.end()) {
    std::optional<Boxes> boxes = compute(value);
    it = known.insert_or_assign(value, std::move(boxes)).first;
  }
  return it->second ? &*it->second : nullptr;
}
