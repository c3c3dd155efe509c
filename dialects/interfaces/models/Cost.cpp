//===- Cost.cpp - costs of upstream ops ------------------------------------*- C++ -*-===//

#include "dialects/interfaces/Interfaces.h"
#include "dialects/interfaces/models/Models.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Shard/IR/ShardDialect.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::dchag;

static double countElements(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() ? static_cast<double>(tensor.getNumElements()) : 1.0;
}

namespace {
/// `perPoint` operations for each point of the iteration space. The initial value of a result is
/// counted by the op that fills it.
template <typename OpTy, int perPoint>
struct LinalgCost : CostOpInterface::ExternalModel<LinalgCost<OpTy, perPoint>, OpTy> {
  double getFlops(Operation *op) const {
    double points = perPoint;
    for (int64_t size : cast<linalg::LinalgOp>(op).getStaticLoopRanges())
      points *= static_cast<double>(size);
    return points;
  }
  double getBytes(Operation *op) const {
    double bytes = 0;
    llvm::SmallPtrSet<Value, 4> seen;
    for (Value input : cast<DestinationStyleOpInterface>(op).getDpsInputs())
      if (seen.insert(input).second)
        bytes += getTensorBytes(input.getType());
    for (Type type : op->getResultTypes())
      bytes += getTensorBytes(type);
    return bytes;
  }
};

/// One operation for each element of floats; moves, conversions and integers have none.
struct ElementwiseCost : CostOpInterface::FallbackModel<ElementwiseCost> {
  double getFlops(Operation *op) const {
    bool onFloats = llvm::any_of(op->getOperandTypes(), [](Type type) {
      return isa<FloatType>(getElementTypeOrSelf(type));
    });
    if (!onFloats || isa<CastOpInterface, arith::SelectOp>(op))
      return 0;
    return countElements(op->getResult(0).getType()) * (isa<math::FmaOp>(op) ? 2 : 1);
  }
  double getBytes(Operation *op) const { return bytesOfOperandsAndResults(op); }
};

/// Ops that move no bytes: views, values that exist when the program starts, and empty tensors.
template <typename OpTy>
struct FreeCost : CostOpInterface::ExternalModel<FreeCost<OpTy>, OpTy> {
  double getFlops(Operation *) const { return 0; }
  double getBytes(Operation *) const { return 0; }
};

/// A copy of the elements of one of the values.
struct ExtractCost : CostOpInterface::ExternalModel<ExtractCost, tensor::ExtractSliceOp> {
  double getFlops(Operation *) const { return 0; }
  double getBytes(Operation *op) const { return 2 * getTensorBytes(op->getResult(0).getType()); }
};
struct InsertCost : CostOpInterface::ExternalModel<InsertCost, tensor::InsertSliceOp> {
  double getFlops(Operation *) const { return 0; }
  double getBytes(Operation *op) const { return 2 * getTensorBytes(op->getOperand(0).getType()); }
};
/// A copy of all operands.
template <typename OpTy>
struct CopyCost : CostOpInterface::ExternalModel<CopyCost<OpTy>, OpTy> {
  double getFlops(Operation *) const { return 0; }
};

void attachToElementwise(MLIRContext *context, StringRef dialect) {
  // As in ShardingElementwise.cpp: a search by the name of the dialect leaves out ops.
  for (RegisteredOperationName name : context->getRegisteredOperations())
    if (name.getDialectNamespace() == dialect && name.hasTrait<OpTrait::Elementwise>())
      name.attachInterface<ElementwiseCost>();
}
} // namespace

void mlir::dchag::registerCosts(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) {
    attachToElementwise(context, "arith");
    arith::ConstantOp::attachInterface<FreeCost<arith::ConstantOp>>(*context);
  });
  registry.addExtension(
      +[](MLIRContext *context, math::MathDialect *) { attachToElementwise(context, "math"); });
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    linalg::ContractOp::attachInterface<LinalgCost<linalg::ContractOp, 2>>(*context);
    linalg::ReduceOp::attachInterface<LinalgCost<linalg::ReduceOp, 1>>(*context);
    linalg::BroadcastOp::attachInterface<LinalgCost<linalg::BroadcastOp, 0>>(*context);
    linalg::TransposeOp::attachInterface<LinalgCost<linalg::TransposeOp, 0>>(*context);
    linalg::FillOp::attachInterface<LinalgCost<linalg::FillOp, 0>>(*context);
  });
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    tensor::EmptyOp::attachInterface<FreeCost<tensor::EmptyOp>>(*context);
    tensor::ExpandShapeOp::attachInterface<FreeCost<tensor::ExpandShapeOp>>(*context);
    tensor::CollapseShapeOp::attachInterface<FreeCost<tensor::CollapseShapeOp>>(*context);
    tensor::ExtractSliceOp::attachInterface<ExtractCost>(*context);
    tensor::InsertSliceOp::attachInterface<InsertCost>(*context);
    tensor::ConcatOp::attachInterface<CopyCost<tensor::ConcatOp>>(*context);
    tensor::PadOp::attachInterface<CopyCost<tensor::PadOp>>(*context);
  });
  registry.addExtension(+[](MLIRContext *context, shard::ShardDialect *) {
    shard::AllSliceOp::attachInterface<CopyCost<shard::AllSliceOp>>(*context);
  });
}
