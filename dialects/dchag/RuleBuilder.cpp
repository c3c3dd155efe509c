//===- RuleBuilder.cpp - writes sharding rules -----------------------------*- C++ -*-===//

#include "dialects/dchag/RuleBuilder.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::dchag;

static ArrayRef<int64_t> shapeOf(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.getShape() : ArrayRef<int64_t>();
}

RuleBuilder::RuleBuilder(Operation *op) : op(op) {
  for (Value operand : op->getOperands())
    operands.emplace_back(shapeOf(operand.getType()).size(), Dim({}));
  for (Type type : op->getResultTypes())
    results.emplace_back(shapeOf(type).size(), Dim({}));
}

int64_t RuleBuilder::factor(int64_t size, FactorKind kind) {
  // An empty iteration space cannot be split.
  valid &= size > 0;
  allFactors.push_back(FactorAttr::get(op->getContext(), size, kind));
  return allFactors.size() - 1;
}

SmallVector<int64_t> RuleBuilder::factors(ArrayRef<int64_t> shape, FactorKind kind) {
  SmallVector<int64_t> indices;
  for (int64_t size : shape)
    indices.push_back(factor(size, kind));
  return indices;
}

void RuleBuilder::set(SmallVectorImpl<SmallVector<Dim>> &values, unsigned index, Type type,
                      ArrayRef<Dim> dims) {
  ArrayRef<int64_t> shape = shapeOf(type);
  if (shape.size() != dims.size()) {
    valid = false;
    return;
  }
  for (auto [slot, size, dim] : llvm::zip_equal(values[index], shape, dims)) {
    int64_t product = 1;
    for (int64_t factor : dim.factors)
      product *= allFactors[factor].getSize();
    bool broadcast = size == 1 && product > 1;
    valid &= broadcast || product >= size;
    slot = broadcast ? Dim({}) : dim;
  }
}

static SmallVector<RuleBuilder::Dim> toDims(ArrayRef<int64_t> factors) {
  return SmallVector<RuleBuilder::Dim>(factors.begin(), factors.end());
}

RuleBuilder &RuleBuilder::operand(unsigned index, ArrayRef<Dim> dims) {
  set(operands, index, op->getOperand(index).getType(), dims);
  return *this;
}
RuleBuilder &RuleBuilder::result(unsigned index, ArrayRef<Dim> dims) {
  set(results, index, op->getResult(index).getType(), dims);
  return *this;
}
RuleBuilder &RuleBuilder::operand(unsigned index, ArrayRef<int64_t> dims) {
  return operand(index, ArrayRef<Dim>(toDims(dims)));
}
RuleBuilder &RuleBuilder::result(unsigned index, ArrayRef<int64_t> dims) {
  return result(index, ArrayRef<Dim>(toDims(dims)));
}

RuleBuilder &RuleBuilder::optionalOperand(MutableOperandRange range, ArrayRef<Dim> dims) {
  for (unsigned i = 0; i < range.size(); ++i)
    operand(range[i].getOperandNumber(), dims);
  return *this;
}

RuleBuilder &RuleBuilder::padding(unsigned operand, int64_t factor, TypedAttr value) {
  paddings.push_back(PaddingAttr::get(op->getContext(), operand, factor, value));
  return *this;
}

RuleBuilder &RuleBuilder::linear(ArrayRef<int64_t> set) {
  linears.push_back(DenseI64ArrayAttr::get(op->getContext(), set));
  return *this;
}

RuleAttr RuleBuilder::build() {
  if (!valid)
    return {};
  Builder builder(op->getContext());
  auto toAttr = [&](ArrayRef<SmallVector<Dim>> values) {
    SmallVector<Attribute> attrs;
    for (const SmallVector<Dim> &dims : values) {
      SmallVector<Attribute> lists;
      for (const Dim &dim : dims)
        lists.push_back(builder.getDenseI64ArrayAttr(dim.factors));
      attrs.push_back(builder.getArrayAttr(lists));
    }
    return builder.getArrayAttr(attrs);
  };
  SmallVector<Attribute> factorAttrs(allFactors.begin(), allFactors.end());
  return RuleAttr::get(op->getContext(), builder.getArrayAttr(factorAttrs), toAttr(operands),
                       toAttr(results),
                       paddings.empty() ? ArrayAttr() : builder.getArrayAttr(paddings),
                       maximumResult ? builder.getI64IntegerAttr(*maximumResult) : IntegerAttr(),
                       linears.empty() ? ArrayAttr() : builder.getArrayAttr(linears));
}

RuleAttr RuleBuilder::elementwise(Operation *op, ArrayRef<SmallVector<int64_t>> linear,
                                  std::optional<std::pair<unsigned, TypedAttr>> padding) {
  if (op->getNumResults() == 0)
    return {};
  RuleBuilder rule(op);
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0).getType());
  SmallVector<int64_t> dims = rule.factors(shape);
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    ArrayRef<int64_t> operandShape = shapeOf(operand.getType());
    if (operandShape == shape)
      rule.operand(index, dims);
    else if (!operandShape.empty())
      return {};
  }
  for (auto [index, type] : llvm::enumerate(op->getResultTypes())) {
    if (shapeOf(type) != shape)
      return {};
    rule.result(index, dims);
  }
  for (ArrayRef<int64_t> set : linear)
    rule.linear(set);
  for (int64_t dim : padding ? dims : SmallVector<int64_t>())
    rule.padding(padding->first, dim, padding->second);
  return rule.build();
}
