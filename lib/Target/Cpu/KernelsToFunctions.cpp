//===- KernelsToFunctions.cpp - kernels as functions, launches as calls ----*- C++ -*-===//

#include "dchag/Target/Cpu/Passes.h"
#include "dialects/dchag_rt/Runtime.h"
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
    getOperation().walk([](rt::LaunchOp launch) {
      OpBuilder b(launch);
      func::CallOp::create(b, launch.getLoc(), launch.getKernelAttr(), TypeRange(),
                           launch.getOperands());
      launch.erase();
    });
    for (rt::KernelOp kernel : kernels)
      convert(kernel);
  }

  void convert(rt::KernelOp kernel) {
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
    kernel.erase();
  }
};
} // namespace
