//===- Inputs.h - arrays given by the user ----------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_INPUTS_H
#define DCHAG_RUNTIME_INPUTS_H

#include "ArrayFile.h"
#include "Buffers.h"

#include <map>

namespace dchag::rt {

/// An `--input NAME=FILE` of the command line; NAME may be empty for an npz file.
struct InputOption {
  std::string name, path;
};

/// How the samples of the files are cut into steps of the compiled batch.
struct Batches {
  int64_t compiled = 0; ///< 0: the files hold just what the model was compiled for
  int64_t samples = 0;
  int64_t steps() const { return compiled ? (samples + compiled - 1) / compiled : 1; }
  /// Whether the first dimension of this buffer counts samples.
  bool covers(const dchag_buffer &buffer) const {
    return compiled && buffer.rank > 0 && buffer.dims[0].global == compiled;
  }
  /// Samples of this step that are not padding.
  int64_t valid(int64_t step) const { return std::min(compiled, samples - step * compiled); }
};

class Inputs {
public:
  /// Opens all files and compares names, types and shapes with those that the program wants
  /// for a run of `entry`.
  Error open(const dchag_program &program, const dchag_entry_point &entry,
             const std::vector<InputOption> &options);
  /// Copies the rank's part of step `step` into the input buffers.
  void fill(const dchag_program &program, const dchag_context &context, int64_t step,
            const std::vector<void *> &table) const;

  Batches batches;

private:
  struct Source {
    std::string path;
    ArrayView view;
  };
  Error openFile(const dchag_program &program, const InputOption &option);
  Error openArchive(const dchag_program &program, const InputOption &option, ArrayFile &file);
  Error add(const dchag_program &program, const std::string &name, Source source);
  Error checkShapes(const dchag_program &program);

  std::string names(const dchag_program &program) const;

  std::vector<int32_t> wanted;       ///< numbers of the buffers that the entry point takes
  std::vector<int32_t> results;      ///< and of those that it gives
  std::map<int32_t, Source> sources; ///< by the number of the buffer
  std::vector<std::unique_ptr<ArrayFile>> files;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_INPUTS_H
