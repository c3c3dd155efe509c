//===- DumpStages.h - the IR after each pass, in files ----------*- C++ -*-===//
#ifndef DCHAG_TOOLS_DUMPSTAGES_H
#define DCHAG_TOOLS_DUMPSTAGES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassInstrumentation.h"

namespace mlir::dchag {

/// Writes a module, and its state after each pass, to a folder:
///
///     000-input.mlir  001-raise-gelu.mlir  002-prepare.mlir ...
///
/// Each file is the whole module with locations, so that it can be run alone. A pass that changes
/// nothing gets no file. Passes must not run in several threads: printing reads ops that other
/// threads would change.
///
/// A folder can be used by one run at a time. Pass managers that run one after the other share it.
class StageFolder {
public:
  StageFolder(ModuleOp module, StringRef folder);
  /// Reserves the folder as long as the process lives; false if another process has reserved it.
  static bool take(StringRef folder);
  /// Writes the module unless it is as it was.
  void write(StringRef name);

private:
  ModuleOp module;
  std::string folder, last;
  unsigned number = 0;
  bool broken = false;
};

class DumpStages : public PassInstrumentation {
public:
  explicit DumpStages(StageFolder &stages) : stages(stages) {}
  void runAfterPass(Pass *pass, Operation *op) override;

private:
  StageFolder &stages;
};

} // namespace mlir::dchag

#endif // DCHAG_TOOLS_DUMPSTAGES_H
