//===- AnnotateData.cpp - samples over ranks: data parallelism -------------*- C++ -*-===//

#include "Aggregations.h"
#include "Marks.h"
#include "dchag/Distribute/Passes.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_ANNOTATEDATA
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// The first input that a value is computed from; null if there is none. An image may have been
/// transposed, reshaped or sliced before it is tokenized: only in the input are samples the first
/// dimension.
static BlockArgument findInput(Value value) {
  SetVector<Value> open;
  open.insert(value);
  BlockArgument first;
  for (size_t i = 0; i < open.size(); ++i) {
    if (auto argument = dyn_cast<BlockArgument>(open[i])) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (type && type.getRank() > 0 && !isParameter(argument) &&
          (!first || argument.getArgNumber() < first.getArgNumber()))
        first = argument;
      continue;
    }
    for (Value operand : open[i].getDefiningOp()->getOperands())
      open.insert(operand);
  }
  return first;
}

/// The number of samples: of the input that the first tokenized image comes from, else of the first
/// input.
static int64_t findBatch(func::FuncOp function) {
  BlockArgument input;
  function.walk([&](TokensOpInterface op) {
    if (op.getTokenRole() == TokenRole::Tokenize)
      input = findInput(op.getTokenOperand());
    return input ? WalkResult::interrupt() : WalkResult::advance();
  });
  for (BlockArgument argument : function.getArguments())
    if (auto type = dyn_cast<RankedTensorType>(argument.getType());
        type && type.getRank() > 0 && !input && !isParameter(argument))
      input = argument;
  return input ? cast<RankedTensorType>(input.getType()).getDimSize(kSampleDim) : 0;
}

namespace {
struct AnnotateData : mlir::dchag::impl::AnnotateDataBase<AnnotateData> {
  using AnnotateDataBase::AnnotateDataBase;

  void runOnOperation() override {
    auto program = getMarkedProgram(getOperation(), axis);
    if (failed(program))
      return signalPassFailure();
    for (func::FuncOp function : program->functions) {
      int64_t batch = findBatch(function);
      if (batch == 1 && program->mesh.getNumRanks(program->axes) > 1) {
        function.emitWarning() << "'" << function.getName() << "' has one sample, so nothing is "
                               << "split over '" << axis.str() << "': compile it with --batch=N";
        continue;
      }
      for (BlockArgument argument : function.getArguments()) {
        auto type = dyn_cast<RankedTensorType>(argument.getType());
        // An input that has this size by chance is resharded where it is used, which is still
        // correct.
        if (type && type.getRank() > 0 && type.getDimSize(kSampleDim) == batch &&
            !isParameter(argument))
          numMarked +=
              mark(argument, program->axes, {kSampleDim}, MarkPriority::Activations, "data");
      }
    }
  }
};
} // namespace
