//===- OutlineKernels.cpp - equal kernels once -----------------------------*- C++ -*-===//

#include "KernelTable.h"
#include "dchag/Schedule/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// What a kernel takes from outside. A value may be several operands of the op.
struct Operands {
  SetVector<Value> ins, inouts, outs;
  SmallVector<Value> constants; ///< those move in

  explicit Operands(linalg::LinalgOp op) {
    for (OpOperand &operand : op.getDpsInitsMutable())
      (op.payloadUsesValueFromOperand(&operand) ? inouts : outs).insert(operand.get());
    SetVector<Value> read;
    for (OpOperand *operand : op.getDpsInputOperands())
      read.insert(operand->get());
    getUsedValuesDefinedAbove(op->getRegions(), read);
    for (Value value : read) {
      if (value.getDefiningOp<arith::ConstantOp>())
        constants.push_back(value);
      else if (!inouts.contains(value) && !outs.contains(value))
        ins.insert(value);
    }
    // What is read besides, an element at a time, is no fresh memory.
    for (Value value : read)
      if (outs.remove(value))
        inouts.insert(value);
    // Written by two results, one of which is read.
    for (Value value : inouts)
      outs.remove(value);
  }

  SmallVector<Value> all() const {
    SmallVector<Value> values(ins.begin(), ins.end());
    values.append(inouts.begin(), inouts.end());
    values.append(outs.begin(), outs.end());
    return values;
  }
};

struct OutlineKernels : mlir::dchag::impl::OutlineKernelsBase<OutlineKernels> {
  void runOnOperation() override {
    kernels.emplace(getOperation());
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (!op->getParentOfType<rt::KernelOp>())
        ops.push_back(op);
    });
    for (linalg::LinalgOp op : ops) {
      if (!op.hasPureBufferSemantics()) {
        op->emitOpError("is not on buffers: bufferize first");
        return signalPassFailure();
      }
      outline(op);
    }
    numKernels += kernels->size();
  }

  rt::KernelOp buildKernel(linalg::LinalgOp op, const Operands &operands) {
    OpBuilder b(&getContext());
    SmallVector<Value> arguments = operands.all();
    SmallVector<Type> types(llvm::map_range(arguments, [](Value v) { return v.getType(); }));
    auto kernel = rt::KernelOp::create(b, op->getLoc(), "kernel", b.getFunctionType(types, {}));
    Block *body = &kernel.getBody().front();
    b.setInsertionPointToStart(body);
    IRMapping mapping;
    mapping.map(arguments, body->getArguments());
    for (Value constant : operands.constants)
      mapping.map(constant, b.clone(*constant.getDefiningOp())->getResult(0));
    b.clone(*op, mapping);
    rt::ReturnOp::create(b, op->getLoc(), ValueRange());
    return kernel;
  }

  void outline(linalg::LinalgOp op) {
    Operands operands(op);
    OwningOpRef<rt::KernelOp> kernel = buildKernel(op, operands);
    FlatSymbolRefAttr name = kernels->add(std::move(kernel), "kernel");
    OpBuilder b(op);
    rt::LaunchOp::create(b, op->getLoc(), TypeRange(), name, operands.ins.getArrayRef(),
                         operands.inouts.getArrayRef(), operands.outs.getArrayRef(), /*queue=*/0);
    op->erase();
    ++numCalls;
  }

  std::optional<KernelTable> kernels;
};
} // namespace
