//===- Harness.h - runs and compares programs -------------------------------*- C++ -*-===//
//
// What the tool calls for --emit=run, --check-equal and --check-ranks. All functions report
// their errors as diagnostics (one clear message each) and return failure; results and the
// line of a success go to `os`.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_INTERPRETER_HARNESS_H
#define DCHAG_INTERPRETER_HARNESS_H

#include "dchag/Interpreter/Interpreter.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::dchag {

/// Values made up for inputs and parameters. Seeded by the name of each, so that neither
/// their order nor their number matters.
enum class InputKind {
  /// -3 ... 3
  Integers,
  /// standard normal; integer types as above
  Normal
};

/// Parses "integers,normal"; emits an error at `loc` that names the kinds there are.
FailureOr<SmallVector<InputKind>> parseInputKinds(StringRef list, Location loc);

/// A value for an argument of this name and type. Integer arguments are in
/// [range[0], range[1]] where `range` (attribute `dchag.range = array<i64: lo, hi>`) is given.
EvalTensor makeInput(StringRef name, Type type, InputKind kind, ArrayRef<int64_t> range = {});

//===----------------------------------------------------------------------===//
// --emit=run
//===----------------------------------------------------------------------===//

struct RunOptions {
  /// --input NAME=FILE (npy; npz, of which the array NAME is taken; .pb with an ONNX TensorProto)
  /// or FILE.npz, all of whose arrays are taken by their names. Repeatable.
  std::vector<std::string> inputs;
  /// --weights FILE.safetensors, repeatable. A parameter found in none of them is read from
  /// the bytes its `dchag.source` names.
  std::vector<std::string> weights;
  /// Folder of the model file: paths of `dchag.source` are relative to it.
  std::string modelFolder;
  /// --output DIR: each output is written to DIR/NAME.npy; empty: none is written.
  std::string outputFolder;
  /// --expect NAME=FILE, repeatable: fails unless the output equals the file's values.
  std::vector<std::string> expects;
  /// --tolerance: bound of max|y-ref| / max|ref| for --expect.
  std::optional<double> tolerance;
  /// --exec-mode=exact|typed
  ExecMode mode = ExecMode::Exact;
  /// --poison-empty
  bool poisonEmpty = false;
  /// --inputs=KIND: what inputs and parameters without a file get; none: it is an error.
  std::optional<InputKind> missing;
  /// --run-function NAME: this function only, instead of @step, or all public functions of a
  /// module without @step.
  std::string function;
};

/// Runs the module and prints a line for each output: name, type, and the elements of small
/// tensors or minimum, maximum and mean of large ones.
LogicalResult runModule(ModuleOp module, const RunOptions &options, llvm::raw_ostream &os);

//===----------------------------------------------------------------------===//
// --check-equal, --check-ranks
//===----------------------------------------------------------------------===//

struct CheckOptions {
  /// The pass pipeline in the textual form of --pass-pipeline, with or without the anchor
  /// `builtin.module(...)`; passes on functions may stand without `func.func(...)`.
  std::string pipeline;
  /// --inputs=integers,normal
  SmallVector<InputKind> inputs = {InputKind::Integers, InputKind::Normal};
  /// --tolerance: bound of max|y-ref| / max|ref| for each output. Not given: bit for bit on
  /// integers when the programs only move, add, multiply and take maxima and minima, else
  /// 1e-12 (exact mode) or a bound by the element type (typed mode).
  std::optional<double> tolerance;
  /// --allow-unchanged: do not fail when the pipeline rewrote nothing.
  bool allowUnchanged = false;
  ExecMode mode = ExecMode::Exact;
  bool poisonEmpty = true;
};

/// Applies the pipeline to a clone of the module and compares what both compute on the same
/// inputs, for each public function (with @step: for the module as a whole). Prints
/// `check-equal: @name: N outputs equal (max relative error e)` for each.
LogicalResult checkEqual(ModuleOp module, const CheckOptions &options, llvm::raw_ostream &os);

/// As checkEqual, where the pipeline makes a program for each device of a `shard.grid`, of a
/// program for one device or of one that is for each already (`dchag.global`). Cuts
/// inputs and parameters, and joins outputs, by `dchag.sharding` of arguments and results;
/// padding of inputs is poisoned, replicated outputs must agree on all ranks bit for bit.
/// Prints `check-ranks: @name: N outputs equal on R ranks (max relative error e)`.
LogicalResult checkRanks(ModuleOp module, const CheckOptions &options, llvm::raw_ostream &os);

} // namespace mlir::dchag

#endif // DCHAG_INTERPRETER_HARNESS_H
