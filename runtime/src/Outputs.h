//===- Outputs.h - files that all ranks write together ----------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_OUTPUTS_H
#define DCHAG_RUNTIME_OUTPUTS_H

#include "Inputs.h"

namespace dchag::rt {

/// One npy file for each output. The first rank creates an unfinished file of the full size
/// (PartialFiles.h), every rank writes its part into it, and when all have, the first rank renames
/// it: a file under its final name is complete, and written by one run.
class Outputs {
public:
  ~Outputs();

  /// The first rank makes folder and files. Other ranks then `join`, with its tag.
  Error create(const dchag_program &program, const dchag_entry_point &entry,
               const std::string &folder, const Batches &batches);
  Error join(const dchag_program &program, const dchag_entry_point &entry,
             const std::string &folder, const std::string &tag);
  const std::string &tag() const { return ownTag; }
  /// Writes this rank's part of step `step`.
  Error write(const dchag_program &program, const dchag_context &context, const Batches &batches,
              int64_t step, const std::vector<void *> &table);
  /// Makes what was written durable.
  Error sync();
  /// Gives the files their names; on the first rank, when all ranks have synced.
  Error commit();
  /// Keeps the files: called after `commit` on the first rank.
  void keep();

  /// A line for each output whose name is not that of its file.
  std::string renamed(const dchag_program &program) const;

private:
  struct File {
    int32_t buffer;
    std::string path, temporary;
    int descriptor = -1;
    int64_t headerBytes = 0;
  };
  Error list(const dchag_program &program, const dchag_entry_point &entry,
             const std::string &folder);
  void nameTemporaries();
  void discard();
  Error createFile(const dchag_program &program, File &file, const Batches &batches);

  std::vector<File> files;
  std::string folder, ownTag;
  bool owner = false, done = false;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_OUTPUTS_H
