//===- KernelsToFunctions.cpp - kernels as functions, launches as calls ----*- C++ -*-===//

#include "dchag/Target/Cpu/Passes.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_KERNELSTOFUNCTIONS
#include "dchag/Target/Cpu/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct KernelsToFunctions : mlir::dchag::impl::KernelsToFunctionsBase<KernelsToFunctions> {
  void runOnOperation() override {
    SmallVector<rt::KernelOp> kernels(getOperation().getOps<rt::KernelOp>());
    for (rt::KernelOp kernel : kernels)
      if (llvm::any_of(kernel.getArgumentTypes(), llvm::IsaPred<TensorType>)) {
        kernel.emitOpError("is not on buffers: bufferize first");
        return signalPassFailure();
      }
    llvm::DenseMap<StringAttr, MemRefType> threadMemory;
    for (rt::KernelOp kernel : kernels) {
      StringAttr name = kernel.getSymNameAttr();
      if (MemRefType type = convert(kernel))
        threadMemory[name] = type;
    }
    getOperation().walk([&](rt::LaunchOp launch) {
      OpBuilder b(launch);
      SmallVector<Value> operands(launch.getOperands());
      if (MemRefType type = threadMemory.lookup(launch.getKernelAttr().getAttr()))
        operands.push_back(getThreadMemory(b, launch, type));
      func::CallOp::create(b, launch.getLoc(), launch.getKernelAttr(), TypeRange(), operands);
      launch.erase();
    });
  }

  /// The memory of all threads, which follows the arena: the last argument of the entry point.
  Value getThreadMemory(OpBuilder &b, rt::LaunchOp launch, MemRefType type) {
    Value arena = launch->getParentOfType<func::FuncOp>().getArguments().back();
    int64_t bytes = cast<MemRefType>(arena.getType()).getNumElements();
    return rt::ViewOp::create(b, launch.getLoc(), type, arena, Value(), b.getI64IntegerAttr(bytes));
  }

  /// Replaces the memory of a thread by its part of `all`, the first of which is that of thread 0.
  void replaceThreadMemory(rt::ThreadMemoryOp op, Value all) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    Value index = rt::ThreadIndexOp::create(b, loc, b.getIndexType());
    Value bytes = arith::ConstantIndexOp::create(b, loc, op.getType().getNumElements());
    Value offset = arith::MulIOp::create(b, loc, index, bytes);
    op.replaceAllUsesWith(
        rt::ViewOp::create(b, loc, op.getType(), all, offset, b.getI64IntegerAttr(0)).getResult());
    op.erase();
  }

  /// Makes a kernel a function; the type of an argument for the memory of threads, if it has one.
  MemRefType convert(rt::KernelOp kernel) {
    OpBuilder b(kernel);
    auto function =
        func::FuncOp::create(b, kernel.getLoc(), kernel.getName(), kernel.getFunctionType());
    function.setPrivate();
    function->setAttr("llvm.linkage",
                      LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal));
    function.getBody().takeBody(kernel.getBody());
    function.walk([](rt::ReturnOp ret) {
      OpBuilder b(ret);
      func::ReturnOp::create(b, ret.getLoc());
      ret.erase();
    });
    SmallVector<rt::ThreadMemoryOp> memories;
    function.walk([&](rt::ThreadMemoryOp op) { memories.push_back(op); });
    MemRefType type;
    if (!memories.empty()) {
      type = memories.front().getType();
      (void)function.insertArgument(function.getNumArguments(), type, {}, kernel.getLoc());
      for (rt::ThreadMemoryOp op : memories)
        replaceThreadMemory(op, function.getArguments().back());
    }
    kernel.erase();
    return type;
  }
};
} // namespace
