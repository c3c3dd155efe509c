//===- PrefetchParameters.cpp - gathers parameters ahead of their use ------*- C++ -*-===//

#include "dchag/Collectives/Passes.h"
#include "dialects/interfaces/Collective.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_PREFETCHPARAMETERS
#include "dchag/Collectives/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// Gathers of arguments, in order. Consecutive ones without another op in between are one layer:
/// its parameters are needed together.
static SmallVector<SmallVector<Operation *>> getLayers(Block &block) {
  SmallVector<SmallVector<Operation *>> layers;
  bool continues = false;
  for (Operation &op : block) {
    auto gather = dyn_cast<CollectiveOpInterface>(op);
    if (gather && gather.getCollectiveKind() == CollectiveKind::AllGather &&
        isa<BlockArgument>(gather.getInput())) {
      if (!continues)
        layers.emplace_back();
      layers.back().push_back(&op);
      continues = true;
    } else {
      continues = false;
    }
  }
  return layers;
}

namespace {
struct PrefetchParameters : mlir::dchag::impl::PrefetchParametersBase<PrefetchParameters> {
  using PrefetchParametersBase::PrefetchParametersBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal() || !function.getBody().hasOneBlock())
        continue;
      SmallVector<SmallVector<Operation *>> layers = getLayers(function.front());
      // After the gathers of the previous layer, which is where its ops begin. From the last layer
      // on, so that the position is where the previous layer is now, not where it is moved to.
      for (size_t i = layers.size(); i-- > static_cast<size_t>(distance);) {
        Operation *place = layers[i - distance].back();
        for (Operation *op : layers[i]) {
          op->moveAfter(place);
          place = op;
          ++numMoved;
        }
      }
    }
  }
};
} // namespace
