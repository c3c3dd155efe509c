//===- Options.h - options of dchag-opt, and where each has an effect ------*- C++ -*-===//
//
// A run of the tool has one of a few modes. Each option says in its definition (Options.cpp) in
// which modes it has an effect; in another mode it is refused, since it would be ignored:
//
//     ModelOption<cl::list<std::string>> inputFiles(In(Run, "it is for --emit=run"), "input", ...);
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_TOOLS_OPTIONS_H
#define DCHAG_TOOLS_OPTIONS_H

#include "dchag/Distribute/Passes.h"
#include "dchag/Fold/Passes.h"
#include "dchag/Interpreter/Harness.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/CommandLine.h"

namespace mlir::dchag {

enum class EmitKind { None, Mlir, Llvm, Obj, Exe, Run };

/// The modes of a run of the tool, as bits.
enum Mode : unsigned {
  /// The module as text after the passes.
  Print = 1 << 0,
  EmitMlir = 1 << 1,
  EmitLlvm = 1 << 2,
  EmitObj = 1 << 3,
  EmitExe = 1 << 4,
  /// --emit=run
  Run = 1 << 5,
  /// --check-equal, --check-ranks: together with --emit, or alone.
  Check = 1 << 6,
  Program = EmitMlir | EmitLlvm | EmitObj | EmitExe,
  Always = Print | Program | Run | Check,
};

/// The modes in which an option has an effect.
struct In {
  In(unsigned modes, StringRef advice = "") : modes(modes), advice(advice) {}
  /// Only for ONNX models.
  In onlyOnnx() && {
    isForOnnx = true;
    return *this;
  }
  /// Only together with another option, unless the mode is in `butIn`.
  In onlyWith(StringRef option, unsigned butIn = 0) && {
    other = option;
    without = butIn;
    return *this;
  }

  unsigned modes;
  /// Advice for other modes: what the option is for, or what to add.
  StringRef advice;
  bool isForOnnx = false;
  StringRef other;
  unsigned without = 0;
};

namespace options {

llvm::cl::OptionCategory &getCategory();
void add(llvm::cl::Option &option, In where);

/// An option of the tool, which cannot be defined without the modes in which it has an effect.
template <typename Option>
struct ModelOption : Option {
  template <typename... Args>
  explicit ModelOption(In where, Args &&...args)
      : Option(std::forward<Args>(args)..., llvm::cl::cat(getCategory())) {
    add(*this, where);
  }
};

template <typename T>
using One = ModelOption<llvm::cl::opt<T>>;
using Strings = ModelOption<llvm::cl::list<std::string>>;

extern One<EmitKind> emitKind;
extern One<FoldMode> fold;
extern One<std::string> mesh, machine, strategy, commReport, target, cpu, runtimeDir, dumpStages;
extern One<DistributeMode> mode;
extern Strings shard;
extern One<bool> showRemarks;
extern One<int64_t> batch;
extern Strings shapes, bindings;
extern One<std::string> weightsOut;
extern Strings inputFiles, weightFiles, expectFiles;
extern One<std::string> outputFolder, runFunction;
extern One<ExecMode> execMode;
extern One<bool> poisonEmpty;
extern Strings checkEquals, checkRanksOf;
extern One<std::string> inputKinds;
extern One<double> tolerance;
extern One<bool> allowUnchanged;

/// The modes of this run.
unsigned getModes();
/// Whether upstream's driver can do everything that is asked for.
bool isUpstreamEnough();
/// Refuses, with a line on the standard error, the first option that would be ignored.
LogicalResult checkEffects(bool isOnnx);
/// --print-option-modes: prints for each option the values of --emit, and "check", with which it
/// has an effect. Returns whether the option was given.
bool printModes();

} // namespace options
} // namespace mlir::dchag

#endif // DCHAG_TOOLS_OPTIONS_H
