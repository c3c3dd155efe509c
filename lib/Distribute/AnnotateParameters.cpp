//===- AnnotateParameters.cpp - parameters stored in parts -----------------*- C++ -*-===//

#include "Marks.h"
#include "dchag/Distribute/Passes.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_ANNOTATEPARAMETERS
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct AnnotateParameters : mlir::dchag::impl::AnnotateParametersBase<AnnotateParameters> {
  using AnnotateParametersBase::AnnotateParametersBase;

  void runOnOperation() override {
    auto program = getMarkedProgram(getOperation(), axis);
    if (failed(program))
      return signalPassFailure();
    SmallVector<Attribute> names(program->axes.begin(), program->axes.end());
    ArrayAttr attr = ArrayAttr::get(&getContext(), names);
    for (func::FuncOp function : program->functions)
      for (BlockArgument argument : function.getArguments()) {
        auto type = dyn_cast<RankedTensorType>(argument.getType());
        if (!type || !isParameter(argument) || type.getNumElements() < minElements)
          continue;
        ++numMarked;
        function.setArgAttr(argument.getArgNumber(), kStorageAxes, attr);
      }
  }
};
} // namespace
