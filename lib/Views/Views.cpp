//===- Views.cpp - helpers on ops that only move elements ------------------*- C++ -*-===//

#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::dchag;

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
    value = getOnlySource(op);
    if (!value)
      return std::nullopt;
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

Value dchag::reshape(OpBuilder &b, Location loc, Value value, ArrayRef<int64_t> shape) {
  // A reshape of a reshape is one reshape of the first operand.
  if (shapeOf(value) == shape)
    return value;
  while (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(value.getDefiningOp())) {
    value = value.getDefiningOp()->getOperand(0);
    if (shapeOf(value) == shape)
      return value;
  }
  return TensorBuilder(b, loc).reshape(value, shape);
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
