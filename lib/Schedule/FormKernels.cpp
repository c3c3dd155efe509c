//===- FormKernels.cpp - groups of ops as kernels --------------------------*- C++ -*-===//

#include "KernelGroups.h"
#include "KernelTable.h"
#include "dchag/Schedule/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_FORMKERNELS
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// A word for what the kernel is made of.
static StringRef getKind(ArrayRef<Operation *> ops) {
  unsigned products = 0, reductions = 0;
  for (Operation *op : ops) {
    if (isa<rt::MatmulOp, linalg::ContractOp>(op))
      ++products;
    else if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
      reductions += linalgOp.getNumReductionLoops() > 0;
  }
  if (products == 0)
    return reductions ? "row" : "map";
  return products > 1 || reductions ? "chain" : "product";
}

namespace {
/// Values that a kernel takes from outside and gives back.
struct Ports {
  SetVector<Value> ins, results;

  explicit Ports(ArrayRef<Operation *> ops) {
    llvm::SmallPtrSet<Operation *, 16> inside(ops.begin(), ops.end());
    for (Operation *op : ops) {
      for (Value operand : op->getOperands()) {
        Operation *definition = operand.getDefiningOp();
        if (!definition || !(inside.contains(definition) || isSource(definition)))
          ins.insert(operand);
      }
      for (Value result : op->getResults())
        if (!llvm::all_of(result.getUsers(),
                          [&](Operation *user) { return inside.contains(user); }))
          results.insert(result);
    }
  }
};

struct FormKernels : mlir::dchag::impl::FormKernelsBase<FormKernels> {
  void runOnOperation() override {
    kernels.emplace(getOperation());
    KernelAbilities abilities = getTarget(getOperation()).getKernelAbilities();
    CostModel costs = CostModel::get(getOperation());
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      if (function.getBody().hasOneBlock())
        form(function, KernelGrouping(function, costs, abilities).run());
    numKernels += kernels->size();
  }

  void form(func::FuncOp function, ArrayRef<KernelGroup> groups) {
    Operation *terminator = function.getBody().front().getTerminator();
    for (const KernelGroup &group : groups) {
      bool isLibraryProduct = group.ops.size() == 1 && isa<rt::MatmulOp>(group.ops.front());
      if (!group.isFixed && !isLibraryProduct)
        outline(group.ops, terminator);
      else if (group.ops.front() != terminator)
        group.ops.front()->moveBefore(terminator);
    }
    placeSources(function.getBody().front());
  }

  /// Sources stay where they are first used.
  void placeSources(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
      if (!isSource(&op))
        continue;
      Operation *first = nullptr;
      for (Operation *nested : op.getUsers())
        if (Operation *user = block.findAncestorOpInBlock(*nested);
            !first || user->isBeforeInBlock(first))
          first = user;
      if (!first)
        op.erase();
      else if (op.getNextNode() != first)
        op.moveBefore(first);
    }
  }

  /// A kernel of `ops` on tensors.
  rt::KernelOp buildKernel(ArrayRef<Operation *> ops, const Ports &ports, Location loc) {
    OpBuilder b(&getContext());
    SmallVector<Type> types, results;
    for (Value value : ports.ins)
      types.push_back(value.getType());
    for (Value value : ports.results)
      results.push_back(value.getType());
    llvm::append_range(types, results);
    auto kernel = rt::KernelOp::create(b, loc, "kernel", b.getFunctionType(types, results));
    Block *body = &kernel.getBody().front();
    b.setInsertionPointToStart(body);
    IRMapping mapping;
    for (auto [value, argument] : llvm::zip(ports.ins, body->getArguments()))
      mapping.map(value, argument);
    for (Operation *op : ops) {
      for (Value operand : op->getOperands())
        cloneSource(b, operand, mapping);
      Operation *clone = b.clone(*op, mapping);
      // By name: only alone a product is the library's.
      auto product = dyn_cast<rt::MatmulOp>(clone);
      if (!product)
        continue;
      mapping.map(op->getResult(0), product.decompose(b));
      product.erase();
    }
    SmallVector<Value> returned;
    for (Value value : ports.results)
      returned.push_back(mapping.lookup(value));
    rt::ReturnOp::create(b, loc, returned);
    return kernel;
  }

  void cloneSource(OpBuilder &b, Value value, IRMapping &mapping) {
    Operation *op = value.getDefiningOp();
    if (mapping.contains(value) || !op || !isSource(op))
      return;
    for (Value operand : op->getOperands())
      cloneSource(b, operand, mapping);
    b.clone(*op, mapping);
  }

  void outline(ArrayRef<Operation *> ops, Operation *before) {
    SmallVector<Location> locations;
    for (Operation *op : ops)
      locations.push_back(op->getLoc());
    Location loc = FusedLoc::get(&getContext(), locations);
    Ports ports(ops);
    OwningOpRef<rt::KernelOp> kernel = buildKernel(ops, ports, loc);
    FlatSymbolRefAttr name = kernels->add(std::move(kernel), getKind(ops));
    OpBuilder b(before);
    SmallVector<Value> outs;
    for (Value value : ports.results) {
      auto type = cast<RankedTensorType>(value.getType());
      outs.push_back(tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType()));
    }
    auto launch = rt::LaunchOp::create(b, loc, ValueRange(outs).getTypes(), name,
                                       ports.ins.getArrayRef(), ValueRange(), outs, /*queue=*/0);
    for (auto [value, result] : llvm::zip_equal(ports.results, launch.getResults()))
      Value(value).replaceAllUsesWith(result);
    for (Operation *op : llvm::reverse(ops))
      op->erase();
    ++numLaunches;
  }

  std::optional<KernelTable> kernels;
};
} // namespace
