//===- Aggregations.cpp - ops on tokens, and aggregations fed by them ------*- C++ -*-===//

#include "Aggregations.h"
#include "Marks.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/IR/AttrTypeSubElements.h"

using namespace mlir;
using namespace mlir::dchag;

TokensOpInterface mlir::dchag::getOpOnTokens(Operation *op, TokenRole role) {
  auto onTokens = dyn_cast<TokensOpInterface>(op);
  return onTokens && onTokens.getTokenRole() == role ? onTokens : TokensOpInterface();
}

int64_t mlir::dchag::getTokenSize(TokensOpInterface op, TokenDim what) {
  Value tokens = op.getTokenOperand();
  std::optional<unsigned> dim = op.findTokenDim(tokens, what);
  return dim ? cast<RankedTensorType>(tokens.getType()).getDimSize(*dim) : 1;
}

/// Aggregations whose tokens depend on `values` or on an op that makes tokens of an image, and on
/// no other aggregation.
static SmallVector<TokensOpInterface> findFirst(func::FuncOp function,
                                                llvm::DenseSet<Value> values) {
  SmallVector<TokensOpInterface> first;
  for (Operation &op : function.front()) {
    bool fed = llvm::any_of(op.getOperands(), [&](Value v) { return values.contains(v); });
    if (TokensOpInterface aggregation = getOpOnTokens(&op, TokenRole::Aggregate)) {
      if (values.contains(aggregation.getTokenOperand()))
        first.push_back(aggregation);
    } else if (fed || getOpOnTokens(&op, TokenRole::Tokenize)) {
      values.insert(op.result_begin(), op.result_end());
    }
  }
  return first;
}

SmallVector<TokensOpInterface> mlir::dchag::getFirstAggregations(func::FuncOp function) {
  SmallVector<TokensOpInterface> first = findFirst(function, {});
  if (!first.empty())
    return first;
  // Tokens may be made by other ops, such as a product of patches.
  llvm::DenseSet<Value> inputs;
  for (const Port &port : getArguments(function))
    if (port.getRole().isInput())
      inputs.insert(function.getArgument(port.getIndex()));
  return findFirst(function, std::move(inputs));
}

unsigned mlir::dchag::markChannels(TokensOpInterface op, const ChannelAxes &axes) {
  unsigned count = 0;
  Value tokens = op.getTokenOperand();
  auto markDim = [&](TokenDim what, ArrayRef<StringAttr> over) {
    if (std::optional<unsigned> dim = op.findTokenDim(tokens, what); dim && !over.empty())
      count += mark(tokens, over, {*dim}, MarkPriority::Weights, axes.by);
  };
  markDim(TokenDim::Group, axes.groups);
  markDim(TokenDim::Channel, axes.channels);
  for (OpResult result : op->getResults())
    count += mark(result, axes.channels, {}, MarkPriority::Weights, axes.by);
  return count;
}

void mlir::dchag::replaceMarked(Operation *op, Value result) {
  if (Attribute marks = op->getAttr(MarkAttr::attrName))
    result.getDefiningOp()->setAttr(MarkAttr::attrName, marks);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
}

AggregateOp mlir::dchag::splitProjection(AggregateOp op) {
  if (!op.getWo())
    return op;
  OpBuilder builder(op);
  SmallVector<int64_t> shape(op.getType().getShape());
  shape.back() = dimOf(op.getWo(), 2);
  auto merged = AggregateOp::create(
      builder, op.getLoc(), op.getType().clone(shape), op.getTokens(), op.getQuery(), op.getWk(),
      op.getBk(), op.getWv(), op.getBv(), Value(), Value(), op.getMask(), op.getHeadsAttr(),
      op.getScaleAttr(), op.getNanWhenEmptyAttr(), op.getKeyNormAttr());
  replaceMarked(op, op.buildProjection(builder, merged));
  return merged;
}

std::pair<StringAttr, StringAttr> mlir::dchag::splitAxis(ModuleOp module, StringAttr axis,
                                                         int64_t groups) {
  MLIRContext *context = module.getContext();
  MeshAttr mesh = MeshAttr::lookup(module);
  StringAttr parts[] = {StringAttr::get(context, axis.getValue() + kGroupsSuffix),
                        StringAttr::get(context, axis.getValue() + kChannelsSuffix)};
  auto replaced = [&](ArrayRef<StringAttr> axes) {
    SmallVector<StringAttr> result;
    for (StringAttr other : axes)
      if (other == axis)
        result.append({parts[0], parts[1]});
      else
        result.push_back(other);
    return result;
  };
  SmallVector<int64_t> sizes;
  for (auto [name, size] : llvm::zip_equal(mesh.getNames(), mesh.getSizes()))
    if (name == axis)
      sizes.append({groups, size / groups});
    else
      sizes.push_back(size);
  auto split = MeshAttr::get(context, replaced(mesh.getNames()), sizes);

  AttrTypeReplacer replacer;
  replacer.addReplacement([&](DimShardingAttr dim) -> std::optional<Attribute> {
    if (!llvm::is_contained(dim.getAxes(), axis))
      return std::nullopt;
    return DimShardingAttr::get(context, replaced(dim.getAxes()), dim.getBlockSize());
  });
  replacer.addReplacement([&](MarkAttr mark) -> std::optional<Attribute> {
    if (!mark.decides(axis))
      return std::nullopt;
    SmallVector<StringAttr> axes(mark.getAxes().getAsRange<StringAttr>());
    axes = replaced(axes);
    auto sharding = cast<ShardingAttr>(replacer.replace(mark.getSharding()));
    return MarkAttr::get(context, sharding,
                         ArrayAttr::get(context, SmallVector<Attribute>(axes.begin(), axes.end())),
                         mark.getPriority(), mark.getBy());
  });
  replacer.recursivelyReplaceElementsIn(module);
  for (auto function : module.getOps<func::FuncOp>())
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (auto storage = function.getArgAttrOfType<ArrayAttr>(i, kStorageAxes)) {
        SmallVector<StringAttr> axes(storage.getAsRange<StringAttr>());
        axes = replaced(axes);
        SmallVector<Attribute> attrs(axes.begin(), axes.end());
        function.setArgAttr(i, kStorageAxes, ArrayAttr::get(context, attrs));
      }
  module->setAttr(MeshAttr::attrName, split);
  if (auto grid = module.lookupSymbol<shard::GridOp>(MeshAttr::gridName))
    grid.setShape(sizes);
  return {parts[0], parts[1]};
}
