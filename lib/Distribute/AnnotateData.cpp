//===- AnnotateData.cpp - samples over ranks: data parallelism -------------*- C++ -*-===//

#include "Marks.h"
#include "dchag/Distribute/Passes.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_ANNOTATEDATA
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// The number of samples: of the first image that is tokenized, else of the first input.
static int64_t findBatch(func::FuncOp function) {
  int64_t batch = 0;
  function.walk([&](TokenizeOp op) {
    batch = op.getImage().getType().getDimSize(0);
    return WalkResult::interrupt();
  });
  for (BlockArgument argument : function.getArguments())
    if (auto type = dyn_cast<RankedTensorType>(argument.getType());
        type && type.getRank() > 0 && !batch && !isParameter(argument))
      batch = type.getDimSize(0);
  return batch;
}

namespace {
struct AnnotateData : mlir::dchag::impl::AnnotateDataBase<AnnotateData> {
  using AnnotateDataBase::AnnotateDataBase;

  void runOnOperation() override {
    auto axes = resolveAxes(getOperation(), axis);
    auto program = getMarkedProgram(getOperation());
    if (failed(axes) || failed(program))
      return signalPassFailure();
    for (func::FuncOp function : program->functions) {
      int64_t batch = findBatch(function);
      if (batch == 1 && program->mesh.getNumRanks(*axes) > 1) {
        function.emitWarning() << "'" << function.getName() << "' has one sample, so nothing is "
                               << "spread over '" << axis << "': compile it with --batch=N";
        continue;
      }
      for (BlockArgument argument : function.getArguments()) {
        auto type = dyn_cast<RankedTensorType>(argument.getType());
        // What has as many rows by chance is laid out anew where it is used: exact all the same.
        if (type && type.getRank() > 0 && type.getDimSize(0) == batch && !isParameter(argument))
          numMarked += mark(argument, *axes, {0, 1}, MarkPriority::Activations, "data");
      }
    }
  }
};
} // namespace
