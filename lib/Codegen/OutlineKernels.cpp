//===- OutlineKernels.cpp - equal kernels once -----------------------------*- C++ -*-===//

#include "dchag/Codegen/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "dchag/Codegen/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct OutlineKernels : mlir::dchag::impl::OutlineKernelsBase<OutlineKernels> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops)
      outline(op);
    numKernels += kernels.size();
  }

  /// What the kernel takes from outside: operands, then what the body uses. Constants move in.
  static SetVector<Value> getInputs(Operation *op) {
    SetVector<Value> inputs(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), inputs);
    return inputs;
  }

  func::FuncOp buildKernel(linalg::LinalgOp op, ArrayRef<Value> arguments,
                           ArrayRef<Value> constants) {
    OpBuilder b(&getContext());
    SmallVector<Type> types(llvm::map_range(arguments, [](Value v) { return v.getType(); }));
    auto kernel = func::FuncOp::create(op->getLoc(), "kernel", b.getFunctionType(types, {}));
    Block *body = kernel.addEntryBlock();
    b.setInsertionPointToStart(body);
    IRMapping mapping;
    mapping.map(arguments, body->getArguments());
    for (Value constant : constants)
      mapping.map(constant, b.clone(*constant.getDefiningOp())->getResult(0));
    b.clone(*op, mapping);
    func::ReturnOp::create(b, op->getLoc());
    return kernel;
  }

  void outline(linalg::LinalgOp op) {
    SmallVector<Value> arguments, constants;
    for (Value value : getInputs(op))
      (value.getDefiningOp<arith::ConstantOp>() ? constants : arguments).push_back(value);
    OwningOpRef<func::FuncOp> kernel = buildKernel(op, arguments, constants);
    std::string key;
    llvm::raw_string_ostream stream(key);
    kernel->print(stream, OpPrintingFlags().useLocalScope());
    StringAttr &name = kernels[key];
    if (!name) {
      name = StringAttr::get(&getContext(), llvm::formatv("kernel_{0}", kernels.size() - 1).str());
      kernel->setName(name);
      kernel->setPrivate();
      (*kernel)->setAttr("llvm.linkage",
                         LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal));
      getOperation().push_back(kernel.release());
    }
    OpBuilder b(op);
    func::CallOp::create(b, op->getLoc(), name, TypeRange(), arguments);
    op->erase();
    ++numCalls;
  }

  llvm::StringMap<StringAttr> kernels;
};
} // namespace
