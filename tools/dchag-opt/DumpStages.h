//===- DumpStages.h - the IR after each pass, in files ----------*- C++ -*-===//
#ifndef DCHAG_TOOLS_DUMPSTAGES_H
#define DCHAG_TOOLS_DUMPSTAGES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassInstrumentation.h"

namespace mlir::dchag {

/// Writes a module and what each pass makes of it to a folder:
///
///     000-input.mlir  001-raise-gelu.mlir  002-prepare.mlir ...
///
/// Each file is the whole module with locations, so that it runs alone. A pass that changes
/// nothing gets no file. Passes must not run in several threads: each prints ops that others
/// would change.
///
/// A folder belongs to one run at a time.
class DumpStages : public PassInstrumentation {
public:
  DumpStages(ModuleOp module, StringRef folder);
  /// Takes the folder for as long as the process lives; false if another one has it.
  static bool takeFolder(StringRef folder);
  void runAfterPass(Pass *pass, Operation *op) override;

private:
  void write(StringRef name);

  ModuleOp module;
  std::string folder, last;
  unsigned number = 0;
  bool broken = false;
};

} // namespace mlir::dchag

#endif // DCHAG_TOOLS_DUMPSTAGES_H
