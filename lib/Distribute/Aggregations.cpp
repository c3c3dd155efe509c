//===- Aggregations.cpp - ops on tokens, and aggregations fed by them ------*- C++ -*-===//

#include "Aggregations.h"
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

SmallVector<TokensOpInterface> mlir::dchag::getFirstAggregations(func::FuncOp function) {
  SmallVector<TokensOpInterface> first;
  // Values made of tokens that no aggregation has seen.
  llvm::DenseSet<Value> tokens;
  for (Operation &op : function.front()) {
    bool fed = llvm::any_of(op.getOperands(), [&](Value v) { return tokens.contains(v); });
    if (TokensOpInterface aggregation = getOpOnTokens(&op, TokenRole::Aggregate)) {
      if (tokens.contains(aggregation.getTokenOperand()))
        first.push_back(aggregation);
    } else if (fed || getOpOnTokens(&op, TokenRole::Tokenize)) {
      tokens.insert(op.result_begin(), op.result_end());
    }
  }
  return first;
}

static constexpr llvm::StringLiteral kGroups = ".groups", kUnits = ".units";

std::pair<SmallVector<StringAttr>, SmallVector<StringAttr>>
mlir::dchag::getGroupAndUnitAxes(ArrayRef<StringAttr> axes) {
  std::pair<SmallVector<StringAttr>, SmallVector<StringAttr>> result;
  for (StringAttr axis : axes)
    (axis.getValue().ends_with(kUnits) ? result.second : result.first).push_back(axis);
  return result;
}

void mlir::dchag::splitAxis(ModuleOp module, StringAttr axis, int64_t groups) {
  MLIRContext *context = module.getContext();
  MeshAttr mesh = MeshAttr::lookup(module);
  StringAttr parts[] = {StringAttr::get(context, axis.getValue() + kGroups),
                        StringAttr::get(context, axis.getValue() + kUnits)};
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
    return DimShardingAttr::get(context, replaced(dim.getAxes()), dim.getUnit());
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
  module->setAttr(MeshAttr::attrName, split);
  if (auto grid = module.lookupSymbol<shard::GridOp>(MeshAttr::gridName))
    grid.setShape(sizes);
}
