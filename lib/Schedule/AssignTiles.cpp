//===- AssignTiles.cpp - sizes of the tiles of kernels ---------------------*- C++ -*-===//

#include "dchag/Schedule/KernelSpace.h"
#include "dchag/Schedule/Passes.h"
#include "dialects/dchag_rt/Runtime.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_ASSIGNTILES
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct AssignTiles : mlir::dchag::impl::AssignTilesBase<AssignTiles> {
  void runOnOperation() override {
    TargetAttrInterface target = getTarget(getOperation());
    for (auto kernel : getOperation().getOps<rt::KernelOp>()) {
      StringRef name = rt::TilesAttr::attrName;
      if (kernel->hasAttr(name) || kernel.isOnBuffers())
        continue;
      RuleCache rules;
      SmallVector<OuterDim> dims = getOuterDims(getKernelOps(kernel), rules);
      kernel->setAttr(name, rt::TilesAttr::get(&getContext(), target.getTiles(kernel, dims)));
    }
  }
};
} // namespace
