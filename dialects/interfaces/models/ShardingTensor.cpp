//===- ShardingTensor.cpp - rules of tensor ops ----------------------------*- C++ -*-===//

#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/Interfaces.h"
#include "dialects/interfaces/models/Sharding.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::dchag;
using Dim = RuleBuilder::Dim;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

namespace {
struct EmptySharding : ShardingRuleOpInterface::ExternalModel<EmptySharding, tensor::EmptyOp> {
  RuleAttr getShardingRule(Operation *op) const {
    RuleBuilder rule(op);
    return rule.result(0, rule.factors(shapeOf(op->getResult(0)))).build();
  }
};

/// Each dimension of the expanded shape is a factor; a collapsed one is made of several.
template <typename OpTy>
RuleAttr getReshapeRule(OpTy op, Value expanded, bool expands) {
  RuleBuilder rule(op);
  SmallVector<int64_t> factors = rule.factors(shapeOf(expanded));
  SmallVector<Dim> collapsed;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    SmallVector<int64_t> dims;
    for (int64_t dim : group)
      dims.push_back(factors[dim]);
    collapsed.push_back(ArrayRef<int64_t>(dims));
  }
  if (expands)
    rule.operand(0, ArrayRef<Dim>(collapsed)).result(0, factors);
  else
    rule.operand(0, factors).result(0, ArrayRef<Dim>(collapsed));
  return rule.linear({0}).build();
}

struct ExpandSharding
    : ShardingRuleOpInterface::ExternalModel<ExpandSharding, tensor::ExpandShapeOp> {
  RuleAttr getShardingRule(Operation *op) const {
    return getReshapeRule(cast<tensor::ExpandShapeOp>(op), op->getResult(0), true);
  }
  Operation *cloneLocal(Operation *op, OpBuilder &builder, ValueRange operands, TypeRange types,
                        ArrayRef<int64_t>) const {
    auto clone = cast<tensor::ExpandShapeOp>(cloneWithTypes(op, builder, operands, types));
    clone.setStaticOutputShape(shapeOf(clone.getResult()));
    return clone;
  }
};

struct CollapseSharding
    : ShardingRuleOpInterface::ExternalModel<CollapseSharding, tensor::CollapseShapeOp> {
  RuleAttr getShardingRule(Operation *op) const {
    return getReshapeRule(cast<tensor::CollapseShapeOp>(op), op->getOperand(0), false);
  }
};

/// Whether a slice takes all of dimension `dim` of the full shape.
template <typename OpTy>
bool takesAll(OpTy op, ArrayRef<int64_t> full, unsigned dim) {
  return op.getStaticOffsets()[dim] == 0 && op.getStaticStrides()[dim] == 1 &&
         op.getStaticSizes()[dim] == full[dim];
}

template <typename OpTy>
bool isStatic(OpTy op) {
  return op.getOffsets().empty() && op.getSizes().empty() && op.getStrides().empty();
}

/// Factors of a slice: dimensions it takes whole are parallel and common to both sides, the
/// others whole and different. The small side may lack some dimensions.
template <typename OpTy>
void getSliceDims(OpTy op, ArrayRef<int64_t> full, RuleBuilder &rule, SmallVectorImpl<int64_t> &big,
                  SmallVectorImpl<int64_t> &small) {
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (auto [dim, size] : llvm::enumerate(full)) {
    bool all = takesAll(op, full, dim);
    big.push_back(rule.factor(size, all ? FactorKind::Parallel : FactorKind::Whole));
    if (!dropped.test(dim))
      small.push_back(all ? big.back() : rule.factor(op.getStaticSizes()[dim], FactorKind::Whole));
  }
}

/// Sizes of the slice on local shapes: dimensions that are taken whole follow the shape.
template <typename OpTy>
SmallVector<int64_t> getLocalSizes(OpTy op, ArrayRef<int64_t> globalFull,
                                   ArrayRef<int64_t> localFull) {
  SmallVector<int64_t> sizes(op.getStaticSizes());
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (takesAll(op, globalFull, dim))
      size = localFull[dim];
  return sizes;
}

struct ExtractSharding
    : ShardingRuleOpInterface::ExternalModel<ExtractSharding, tensor::ExtractSliceOp> {
  RuleAttr getShardingRule(Operation *op) const {
    auto slice = cast<tensor::ExtractSliceOp>(op);
    if (!isStatic(slice))
      return {};
    RuleBuilder rule(op);
    SmallVector<int64_t> big, small;
    getSliceDims(slice, shapeOf(slice.getSource()), rule, big, small);
    return rule.operand(0, big).result(0, small).linear({0}).build();
  }
  Operation *cloneLocal(Operation *op, OpBuilder &builder, ValueRange operands, TypeRange types,
                        ArrayRef<int64_t>) const {
    auto slice = cast<tensor::ExtractSliceOp>(op);
    auto clone = cast<tensor::ExtractSliceOp>(cloneWithTypes(op, builder, operands, types));
    clone.setStaticSizes(getLocalSizes(slice, shapeOf(slice.getSource()), shapeOf(operands[0])));
    return clone;
  }
};

struct InsertSharding
    : ShardingRuleOpInterface::ExternalModel<InsertSharding, tensor::InsertSliceOp> {
  RuleAttr getShardingRule(Operation *op) const {
    auto slice = cast<tensor::InsertSliceOp>(op);
    if (!isStatic(slice))
      return {};
    RuleBuilder rule(op);
    SmallVector<int64_t> big, small;
    getSliceDims(slice, shapeOf(slice.getDest()), rule, big, small);
    return rule.operand(0, small).operand(1, big).result(0, big).build();
  }
  Operation *cloneLocal(Operation *op, OpBuilder &builder, ValueRange operands, TypeRange types,
                        ArrayRef<int64_t>) const {
    auto slice = cast<tensor::InsertSliceOp>(op);
    auto clone = cast<tensor::InsertSliceOp>(cloneWithTypes(op, builder, operands, types));
    clone.setStaticSizes(getLocalSizes(slice, shapeOf(slice.getDest()), shapeOf(operands[1])));
    return clone;
  }
};

struct ConcatSharding : ShardingRuleOpInterface::ExternalModel<ConcatSharding, tensor::ConcatOp> {
  RuleAttr getShardingRule(Operation *op) const {
    RuleBuilder rule(op);
    ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
    SmallVector<int64_t> dims = rule.factors(shape);
    uint64_t along = cast<tensor::ConcatOp>(op).getDim();
    for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
      dims[along] = rule.factor(shapeOf(operand)[along], FactorKind::Whole);
      rule.operand(index, dims);
    }
    dims[along] = rule.factor(shape[along], FactorKind::Whole);
    return rule.result(0, dims).build();
  }
};

/// A dimension that is padded at its end only splits as the result does: a rank has the part of the
/// padding that falls into its shard, where the shard of the operand has padding itself.
struct PadSharding : ShardingRuleOpInterface::ExternalModel<PadSharding, tensor::PadOp> {
  /// The padding value; null if it is computed.
  static TypedAttr getValue(tensor::PadOp pad) {
    TypedAttr value;
    Value padding = pad.getConstantPaddingValue();
    if (padding)
      matchPattern(padding, m_Constant(&value));
    return value;
  }

  /// Whether padding is at the end of a dimension; a dimension of one element may be replicated.
  static bool isAtEnd(tensor::PadOp pad, unsigned dim) {
    return pad.getStaticLow()[dim] == 0 && pad.getSourceType().getDimSize(dim) > 1;
  }

  RuleAttr getShardingRule(Operation *op) const {
    auto pad = cast<tensor::PadOp>(op);
    TypedAttr value = getValue(pad);
    if (!pad.getLow().empty() || !pad.getHigh().empty() || !value)
      return {};
    RuleBuilder rule(op);
    SmallVector<int64_t> from, to;
    ArrayRef<int64_t> result = shapeOf(op->getResult(0));
    for (auto [dim, size] : llvm::enumerate(shapeOf(pad.getSource()))) {
      if (result[dim] == size || isAtEnd(pad, dim)) {
        from.push_back(rule.factor(result[dim]));
        to.push_back(from.back());
        if (result[dim] != size)
          rule.padding(0, from.back(), value);
        continue;
      }
      from.push_back(rule.factor(size, FactorKind::Whole));
      to.push_back(rule.factor(result[dim], FactorKind::Whole));
    }
    return rule.operand(0, from).result(0, to).build();
  }

  Operation *cloneLocal(Operation *op, OpBuilder &builder, ValueRange operands, TypeRange types,
                        ArrayRef<int64_t>) const {
    auto pad = cast<tensor::PadOp>(op);
    auto type = cast<RankedTensorType>(types[0]);
    SmallVector<OpFoldResult> low, high;
    for (auto [dim, size] : llvm::enumerate(shapeOf(operands[0]))) {
      int64_t before = pad.getStaticLow()[dim];
      low.push_back(builder.getIndexAttr(before));
      high.push_back(builder.getIndexAttr(type.getDimSize(dim) - before - size));
    }
    Value value = arith::ConstantOp::create(builder, op->getLoc(), getValue(pad));
    return tensor::PadOp::create(builder, op->getLoc(), type, operands[0], low, high, value,
                                 pad.getNofold());
  }
};
} // namespace

void mlir::dchag::registerTensorSharding(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    tensor::EmptyOp::attachInterface<EmptySharding>(*context);
    tensor::ExpandShapeOp::attachInterface<ExpandSharding>(*context);
    tensor::CollapseShapeOp::attachInterface<CollapseSharding>(*context);
    tensor::ExtractSliceOp::attachInterface<ExtractSharding>(*context);
    tensor::InsertSliceOp::attachInterface<InsertSharding>(*context);
    tensor::ConcatOp::attachInterface<ConcatSharding>(*context);
    tensor::PadOp::attachInterface<PadSharding>(*context);
  });
}
