//===- PlanMemory.cpp - one arena for all buffers --------------------------*- C++ -*-===//

#include "dchag/Memory/ArenaPlan.h"
#include "dchag/Memory/Passes.h"
#include "dchag_rt.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_PLANMEMORY
#include "dchag/Memory/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static int64_t bytesOf(MemRefType type) {
  return type.getNumElements() * getElementBytes(type.getElementType());
}

/// First and last position of the uses of `value` and its views, in numbers of `positions`.
static void extendLifetime(Value value, const DenseMap<Operation *, int64_t> &positions,
                           Lifetime &lifetime) {
  for (Operation *user : value.getUsers()) {
    if (auto view = dyn_cast<ViewLikeOpInterface>(user)) {
      extendLifetime(view.getViewDest(), positions, lifetime);
      continue;
    }
    int64_t position = positions.lookup(user);
    lifetime.first = std::min(lifetime.first, position);
    lifetime.last = std::max(lifetime.last, position);
  }
}

/// The allocations of a block and when they are used.
static SmallVector<Lifetime> findLifetimes(Block &block, SmallVectorImpl<memref::AllocOp> &allocs) {
  DenseMap<Operation *, int64_t> positions;
  for (auto [position, op] : llvm::enumerate(block)) {
    op.walk([&, position = position](Operation *inner) { positions[inner] = position; });
    if (auto alloc = dyn_cast<memref::AllocOp>(op))
      allocs.push_back(alloc);
  }
  SmallVector<Lifetime> lifetimes;
  for (memref::AllocOp alloc : allocs) {
    Lifetime lifetime{bytesOf(alloc.getType()), int64_t(positions.size()), -1};
    extendLifetime(alloc, positions, lifetime);
    if (lifetime.last < 0)
      lifetime.first = lifetime.last = positions.lookup(alloc);
    lifetimes.push_back(lifetime);
  }
  return lifetimes;
}

/// Checks the plan: buffers that are live at the same time must not share a byte.
static LogicalResult verifyPlan(Operation *op, ArrayRef<Lifetime> lifetimes) {
  SmallVector<const Lifetime *> order;
  for (const Lifetime &lifetime : lifetimes)
    order.push_back(&lifetime);
  llvm::sort(order, [](auto *a, auto *b) { return a->offset < b->offset; });
  for (size_t i = 0; i < order.size(); ++i)
    for (size_t j = i + 1;
         j < order.size() && order[j]->offset < order[i]->offset + order[i]->bytes; ++j)
      if (order[i]->overlaps(*order[j]))
        return op->emitOpError("has two live buffers at one place of the arena, bytes ")
               << order[j]->offset << " on: the plan of memory is wrong";
  return success();
}

namespace {
struct PlanMemory : mlir::dchag::impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    auto program = rt::ProgramAttr::lookup(getOperation());
    if (!program) {
      getOperation().emitError("has no attribute ")
          << rt::ProgramAttr::attrName << ", which names the entry points: run bind-buffers first";
      return signalPassFailure();
    }
    llvm::StringMap<int64_t> ofKernels;
    for (auto kernel : getOperation().getOps<rt::KernelOp>()) {
      FailureOr<int64_t> bytes = planKernel(kernel);
      if (failed(bytes))
        return signalPassFailure();
      ofKernels[kernel.getName()] = *bytes;
    }
    SmallVector<Attribute> entries;
    for (auto entry : program.getEntries().getAsRange<rt::EntryAttr>()) {
      auto function = getOperation().lookupSymbol<func::FuncOp>(entry.getSymbol());
      if (!function) {
        getOperation().emitError("has no function ") << entry.getSymbol() << " for " << entry;
        return signalPassFailure();
      }
      FailureOr<int64_t> bytes = plan(function);
      if (failed(bytes))
        return signalPassFailure();
      arenaBytes += *bytes;
      entries.push_back(entry.withMemory(*bytes, getThreadBytes(function, ofKernels)));
    }
    getOperation()->setAttr(rt::ProgramAttr::attrName,
                            program.withEntries(ArrayAttr::get(&getContext(), entries)));
  }

  FailureOr<int64_t> plan(func::FuncOp function) {
    if (!function.getBody().hasOneBlock()) {
      function.emitOpError("must be one block: liveness is that of a straight line");
      return failure();
    }
    SmallVector<memref::AllocOp> allocs;
    SmallVector<Lifetime> lifetimes = findLifetimes(function.getBody().front(), allocs);
    int64_t bytes = planArena(lifetimes, DCHAG_RT_ALIGNMENT);
    if (failed(verifyPlan(function, lifetimes)))
      return failure();
    numBuffers += allocs.size();
    for (const Lifetime &lifetime : lifetimes)
      totalBytes += llvm::alignTo(lifetime.bytes, DCHAG_RT_ALIGNMENT);
    liveBytes += getPeakLiveBytes(lifetimes, DCHAG_RT_ALIGNMENT);
    place(function, allocs, lifetimes, bytes);
    if (!verifyNoAllocation(function))
      return failure();
    return bytes;
  }

  /// Places what a kernel allocates for a tile in the memory of a thread; returns its size.
  FailureOr<int64_t> planKernel(rt::KernelOp kernel) {
    SmallVector<Block *> blocks;
    kernel.walk([&](memref::AllocOp alloc) {
      if (!llvm::is_contained(blocks, alloc->getBlock()))
        blocks.push_back(alloc->getBlock());
    });
    int64_t most = 0;
    SmallVector<std::pair<memref::AllocOp, int64_t>> offsets;
    for (Block *block : blocks) {
      SmallVector<memref::AllocOp> allocs;
      SmallVector<Lifetime> lifetimes = findLifetimes(*block, allocs);
      most = std::max(most, planArena(lifetimes, DCHAG_RT_ALIGNMENT));
      if (failed(verifyPlan(kernel, lifetimes)))
        return failure();
      for (auto [alloc, lifetime] : llvm::zip_equal(allocs, lifetimes))
        offsets.push_back({alloc, lifetime.offset});
    }
    llvm::DenseMap<Block *, Value> memories;
    for (auto [alloc, offset] : offsets) {
      Value &memory = memories[alloc->getBlock()];
      if (!memory) {
        OpBuilder b = OpBuilder::atBlockBegin(alloc->getBlock());
        auto type = MemRefType::get({most}, b.getI8Type());
        memory = rt::ThreadMemoryOp::create(b, kernel.getLoc(), type);
      }
      OpBuilder b(alloc);
      Value view = rt::ViewOp::create(b, alloc.getLoc(), alloc.getType(), memory, Value(),
                                      b.getI64IntegerAttr(offset));
      alloc.getResult().replaceAllUsesWith(view);
      alloc.erase();
    }
    return most;
  }

  void place(func::FuncOp function, ArrayRef<memref::AllocOp> allocs, ArrayRef<Lifetime> lifetimes,
             int64_t bytes) {
    Block &body = function.getBody().front();
    auto type = MemRefType::get({bytes}, IntegerType::get(&getContext(), 8));
    Value arena = body.addArgument(type, function.getLoc());
    SmallVector<Type> inputs(body.getArgumentTypes());
    function.setFunctionType(FunctionType::get(&getContext(), inputs, {}));
    for (auto [op, lifetime] : llvm::zip_equal(allocs, lifetimes)) {
      memref::AllocOp alloc = op;
      OpBuilder b(alloc);
      Value view = rt::ViewOp::create(b, alloc.getLoc(), alloc.getType(), arena, Value(),
                                      b.getI64IntegerAttr(lifetime.offset));
      alloc.getResult().replaceAllUsesWith(view);
      alloc.erase();
    }
  }

  /// Bytes that each thread needs for the tiles of the kernels that a function launches.
  int64_t getThreadBytes(func::FuncOp function, const llvm::StringMap<int64_t> &ofKernels) {
    int64_t most = 0;
    function.walk(
        [&](rt::LaunchOp launch) { most = std::max(most, ofKernels.lookup(launch.getKernel())); });
    return most;
  }

  bool verifyNoAllocation(func::FuncOp function) {
    bool ok = true;
    function.walk([&](Operation *op) {
      if (isa<memref::AllocOp, memref::AllocaOp, memref::DeallocOp>(op)) {
        op->emitOpError("is left in an entry point: buffers of a step must be in the arena");
        ok = false;
      }
    });
    return ok;
  }
};
} // namespace
