//===- Views.cpp - helpers on ops that only move elements ------------------*- C++ -*-===//

#include "dchag/Raise/IndexNotation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::dchag;

bool dchag::isView(Operation *op) {
  // Without elements there is nothing to follow.
  for (Type type : op->getOperandTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(type);
        tensor && (!tensor.hasStaticShape() || tensor.getNumElements() == 0))
      return false;
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return slice.getOffsets().empty() && slice.getSizes().empty() && slice.getStrides().empty();
  return isa<linalg::TransposeOp, linalg::BroadcastOp, tensor::CollapseShapeOp,
             tensor::ExpandShapeOp, tensor::ConcatOp>(op);
}

std::optional<double> dchag::getSplat(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (SplatElementsAttr splat; matchPattern(op, m_Constant(&splat))) {
      if (!isa<FloatType>(splat.getElementType()))
        return std::nullopt;
      APFloat number = splat.getSplatValue<APFloat>();
      bool losesInfo;
      number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
      return number.convertToDouble();
    }
    if (!isView(op) || isa<tensor::ConcatOp>(op))
      return std::nullopt;
    value = op->getOperand(0);
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

/// Groups of dimensions of both shapes with equal products, each starting with a dimension
/// larger than 1 where possible.
static void groupDims(ArrayRef<int64_t> from, ArrayRef<int64_t> to,
                      SmallVectorImpl<ReassociationIndices> &fromGroups,
                      SmallVectorImpl<ReassociationIndices> &toGroups) {
  unsigned i = 0, j = 0;
  while (i < from.size() && j < to.size()) {
    ReassociationIndices &lhs = fromGroups.emplace_back(), &rhs = toGroups.emplace_back();
    int64_t left = from[i], right = to[j];
    lhs.push_back(i++);
    rhs.push_back(j++);
    while (left != right) {
      if (left < right) {
        left *= from[i];
        lhs.push_back(i++);
      } else {
        right *= to[j];
        rhs.push_back(j++);
      }
    }
  }
  for (; i < from.size(); ++i)
    fromGroups.back().push_back(i);
  for (; j < to.size(); ++j)
    toGroups.back().push_back(j);
}

Value dchag::reshape(OpBuilder &b, Location loc, Value value, ArrayRef<int64_t> shape) {
  // A reshape of a reshape is one of what the first one reads.
  if (cast<RankedTensorType>(value.getType()).getShape() == shape)
    return value;
  while (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(value.getDefiningOp())) {
    value = value.getDefiningOp()->getOperand(0);
    if (cast<RankedTensorType>(value.getType()).getShape() == shape)
      return value;
  }
  auto type = cast<RankedTensorType>(value.getType());
  ArrayRef<int64_t> from = type.getShape();
  Type elementType = type.getElementType();
  SmallVector<ReassociationIndices> fromGroups, toGroups;
  if (!from.empty() && !shape.empty())
    groupDims(from, shape, fromGroups, toGroups);
  SmallVector<int64_t> middle;
  for (const ReassociationIndices &group : fromGroups) {
    int64_t size = 1;
    for (int64_t dim : group)
      size *= from[dim];
    middle.push_back(size);
  }
  if (ArrayRef<int64_t>(middle) != from)
    value = tensor::CollapseShapeOp::create(b, loc, RankedTensorType::get(middle, elementType),
                                            value, fromGroups);
  if (ArrayRef<int64_t>(middle) != shape)
    value = tensor::ExpandShapeOp::create(b, loc, RankedTensorType::get(shape, elementType), value,
                                          toGroups);
  return value;
}

Value dchag::createContract(OpBuilder &b, Location loc, const AtomTensor &lhs,
                            const AtomTensor &rhs, ArrayRef<Atom> result,
                            const IndexNotation &notation) {
  AtomList loops(result);
  for (Atom atom : lhs.atoms)
    if (!llvm::is_contained(loops, atom))
      loops.push_back(atom);
  auto makeMap = [&](ArrayRef<Atom> list) {
    SmallVector<unsigned> positions;
    for (Atom atom : list)
      positions.push_back(llvm::find(loops, atom) - loops.begin());
    return AffineMap::getMultiDimMapWithTargets(loops.size(), positions, b.getContext());
  };
  SmallVector<int64_t> shape;
  for (Atom atom : result)
    shape.push_back(notation.getSize(atom));
  Type elementType = cast<RankedTensorType>(lhs.value.getType()).getElementType();
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(elementType));
  Value empty = tensor::EmptyOp::create(b, loc, shape, elementType);
  Value init = linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  AffineMap maps[] = {makeMap(lhs.atoms), makeMap(rhs.atoms), makeMap(result)};
  return linalg::ContractOp::create(b, loc, init.getType(), ValueRange{lhs.value, rhs.value}, init,
                                    b.getAffineMapArrayAttr(maps))
      .getResult(0);
}

bool dchag::hasStaticShapes(Operation *op) {
  auto isStatic = [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    return !shaped || shaped.hasStaticShape();
  };
  WalkResult result = op->walk([&](Operation *nested) {
    bool allStatic = llvm::all_of(nested->getResultTypes(), isStatic);
    for (Region &region : nested->getRegions())
      for (Block &block : region)
        allStatic &= llvm::all_of(block.getArgumentTypes(), isStatic);
    return allStatic ? WalkResult::advance() : WalkResult::interrupt();
  });
  return !result.wasInterrupted();
}

void dchag::eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}
