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
/// The op on buffers, which writes those of its inits.
template <typename Model, typename OpTy>
struct DestinationBase : DstBufferizableOpInterfaceExternalModel<Model, OpTy> {
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options, BufferizationState &state) const {
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer = isa<TensorType>(operand.getType())
                                    ? getBuffer(rewriter, operand, options, state)
                                    : FailureOr<Value>(operand);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    OperationState newOp(op->getLoc(), op->getName(), buffers, TypeRange(), op->getAttrs());
    rewriter.create(newOp);
    // Inits are the last operands.
    replaceOpWithBufferizedValues(rewriter, op, ArrayRef(buffers).take_back(op->getNumResults()));
    return success();
  }
};

template <typename OpTy>
struct DestinationModel : DestinationBase<DestinationModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand) || readsInit(op);
  }
};

/// The kernel stays as it is.
struct LaunchModel : DestinationBase<LaunchModel, rt::LaunchOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return cast<rt::LaunchOp>(op).reads(operand.getOperandNumber());
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
