//===- Bufferization.cpp - runtime ops on buffers --------------------------*- C++ -*-===//

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace mlir::dchag;

/// Whether the op reads what `init` held before.
static bool readsInit(Operation *op) {
  if (auto matmul = dyn_cast<rt::MatmulOp>(op))
    return matmul.getAccumulate();
  return cast<CollectiveOpInterface>(op).isInPlace();
}

namespace {
template <typename OpTy>
struct DestinationModel : DstBufferizableOpInterfaceExternalModel<DestinationModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand) || readsInit(op);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options, BufferizationState &state) const {
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    OperationState newOp(op->getLoc(), op->getName(), buffers, TypeRange(), op->getAttrs());
    rewriter.create(newOp);
    auto destination = cast<DestinationStyleOpInterface>(op);
    Value init = buffers[destination.getDpsInitOperand(0)->getOperandNumber()];
    replaceOpWithBufferizedValues(rewriter, op, init);
    return success();
  }
};

/// A launch on buffers; its kernel stays as it is.
struct LaunchModel : DstBufferizableOpInterfaceExternalModel<LaunchModel, rt::LaunchOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return cast<rt::LaunchOp>(op).reads(operand.getOperandNumber());
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options, BufferizationState &state) const {
    auto launch = cast<rt::LaunchOp>(op);
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        buffers.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    OperationState newOp(op->getLoc(), op->getName(), buffers, TypeRange(), op->getAttrs());
    rewriter.create(newOp);
    ArrayRef<Value> inits = ArrayRef(buffers).take_back(launch.getDpsInits().size());
    replaceOpWithBufferizedValues(rewriter, op, inits);
    return success();
  }
};
} // namespace

void rt::registerBufferizableOpInterfaceModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, rt::RuntimeDialect *) {
    MatmulOp::attachInterface<DestinationModel<MatmulOp>>(*context);
    LaunchOp::attachInterface<LaunchModel>(*context);
    AllGatherOp::attachInterface<DestinationModel<AllGatherOp>>(*context);
    ReduceScatterOp::attachInterface<DestinationModel<ReduceScatterOp>>(*context);
    AllReduceOp::attachInterface<DestinationModel<AllReduceOp>>(*context);
    AllToAllOp::attachInterface<DestinationModel<AllToAllOp>>(*context);
    // The models create these.
    context->loadDialect<BufferizationDialect, memref::MemRefDialect>();
  });
}
