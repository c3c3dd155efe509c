//===- Problems.cpp - what keeps values from being imported ----------------*- C++ -*-===//
//
// A node or tensor that cannot be imported is not an error by itself: its values carry the problem,
// and so do values that are computed from them. Those that reach an output of the model are
// reported.
//
//===----------------------------------------------------------------------===//

#include "Importer.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

const Problem *Importer::addProblem(Location loc, const Twine &message,
                                    ArrayRef<const Problem *> causes) {
  problems.push_back({loc, message.str(), SmallVector<const Problem *>(causes)});
  return &problems.back();
}

ImportedValue Importer::poison(const Twine &message) {
  return {{}, false, addProblem(FileLineColLoc::get(context, model->path, 0, 0), message)};
}

void Importer::reportProblems(ArrayRef<const Problem *> ofOutputs, const Scope &scope) {
  llvm::DenseSet<const Problem *> isNeeded;
  SmallVector<const Problem *> open(ofOutputs);
  while (!open.empty()) {
    const Problem *problem = open.pop_back_val();
    if (isNeeded.insert(problem).second)
      llvm::append_range(open, problem->causes);
  }
  for (const Problem &problem : problems) {
    if (problem.message.empty() || !isNeeded.contains(&problem))
      continue;
    ++numProblems;
    emitError(problem.loc) << problem.message;
  }
  for (const ValueInfo &info : model->graph->inputs)
    if (const ImportedValue *input = scope.lookup(info.name);
        input && input->problem && !isNeeded.contains(input->problem) && numProblems == 0)
      emitWarning(input->problem->loc)
          << input->problem->message << "; it is left out, since no output needs it";
}
