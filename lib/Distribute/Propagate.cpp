//===- Propagate.cpp - decides the sharding of every value -----------------*- C++ -*-===//

#include "Propagation.h"
#include "dchag/Distribute/Passes.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_PROPAGATE
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct Propagate : mlir::dchag::impl::PropagateBase<Propagate> {
  using PropagateBase::PropagateBase;

  void runOnOperation() override {
    MeshAttr mesh = getMeshOrError(getOperation());
    if (!mesh)
      return signalPassFailure();
    ReshardPlanner planner(mesh, CostModel::get(getOperation()));
    auto plans = planModule(getOperation(), planner, {deferSums});
    if (failed(plans))
      return signalPassFailure();
    for (const ShardingPlan &plan : *plans)
      if (failed(plan.report(strict)))
        return signalPassFailure();
    for (const ShardingPlan &plan : *plans) {
      plan.apply(explain);
      numConflicts += plan.getNumConflicts();
    }
  }
};
} // namespace
