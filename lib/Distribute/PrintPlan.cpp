//===- PrintPlan.cpp - prints what propagate would decide ------------------*- C++ -*-===//

#include "Propagation.h"
#include "dchag/Distribute/Passes.h"
#include "dchag/Support/OutputFile.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_PRINTPLAN
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct PrintPlan : mlir::dchag::impl::PrintPlanBase<PrintPlan> {
  using PrintPlanBase::PrintPlanBase;

  void runOnOperation() override {
    MeshAttr mesh = getMeshOrError(getOperation());
    if (!mesh || failed(run(mesh)))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }

  LogicalResult run(MeshAttr mesh) {
    ReshardPlanner planner(mesh, CostModel::get(getOperation()));
    auto plans = planModule(getOperation(), planner, {deferSums});
    auto others = planModule(getOperation(), planner, {!deferSums});
    if (failed(plans) || failed(others))
      return failure();
    auto print = [&](llvm::raw_ostream &os) {
      for (auto [plan, other] : llvm::zip_equal(*plans, *others)) {
        plan.print(os, planner);
        compare(os, plan.getCost(planner), other.getCost(planner));
      }
    };
    if (llvm::Error error = OutputFile::write(output, print))
      return getOperation().emitError("the plan: ") << llvm::toString(std::move(error));
    return success();
  }

  /// Prints whether the other treatment of partial sums would be cheaper.
  void compare(llvm::raw_ostream &os, const Cost &cost, const Cost &other) {
    os << (deferSums ? "  without defer-sums: " : "  with defer-sums: ")
       << (isCheaper(other, cost)   ? "cheaper"
           : isCheaper(cost, other) ? "dearer"
                                    : "the same")
       << ", " << int64_t(other.sent) << " bytes sent\n";
  }
};
} // namespace
