//===- Buffers.h - the parts of tensors that a rank holds -------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_BUFFERS_H
#define DCHAG_RUNTIME_BUFFERS_H

#include "Context.h"
#include "Weights.h"

#include <algorithm>

namespace dchag::rt {

class Hash;

/// The global elements [begin, end) of a dimension, stored at the start of `local` elements.
struct Part {
  int64_t begin = 0, end = 0, local = 0;
};

/// The part of each dimension that a rank at these coordinates holds.
std::vector<Part> partsOf(const dchag_program &program, const dchag_buffer &buffer,
                          const std::vector<int64_t> &coordinates);

/// Row-major element strides of the local buffer.
std::vector<int64_t> localStrides(const std::vector<Part> &parts);

/// Bytes of the local buffer, -1 if they overflow int64.
int64_t localBytes(const dchag_buffer &buffer);

/// The entry point with this name, or that of a step if it is empty; null if there is none.
const dchag_entry_point *findEntry(const dchag_program &program, const std::string &name);

/// The buffers of `entry` that the caller fills, and those that it returns, in table order.
std::vector<int32_t> inputsOf(const dchag_program &program, const dchag_entry_point &entry);
std::vector<int32_t> outputsOf(const dchag_program &program, const dchag_entry_point &entry);

/// Whether an entry point that runs at load runs again after each step that updates one of its
/// buffers.
bool runsAgain(const dchag_program &program, const dchag_entry_point &entry);

/// The buffers that entry points at load fill, in table order; they write no others.
std::vector<int32_t> preparedBuffers(const dchag_program &program);

/// Memory that one rank needs to run an entry point: buffers, rounded to the alignment, and
/// scratch.
struct PlannedMemory {
  int64_t loaded = 0, kept = 0;     ///< buffers until parameters are prepared, and others
  int64_t loadArena = 0, arena = 0; ///< scratch at load, and of a run
  /// The maximum that is held at one time: at load, or in a run.
  int64_t peak() const { return kept + std::max(loaded + loadArena, arena); }
};
/// `threads` of a rank have scratch of their own. `prepares`: whether the entry points at load run;
/// otherwise nothing is needed for them alone.
PlannedMemory planMemory(const dchag_program &program, const dchag_entry_point &entry, int threads,
                         bool prepares = true);

/// The buffer table of a rank and the memory behind it.
class Buffers {
public:
  /// Memory for what `entry` needs in its runs; other buffers stay null.
  Error allocate(const dchag_program &program, const dchag_entry_point &entry,
                 const Device &device);
  /// Memory for what is needed at load only, after `allocate`.
  Error allocateLoaded(const dchag_program &program, const dchag_entry_point &entry,
                       const Device &device);
  /// Runs the reads of all buffers that have some and are not null.
  Error load(const dchag_program &program, const dchag_context &context, const Weights &weights);
  /// Frees what is needed at load only; the pointers of those buffers become null.
  void releaseLoaded(const dchag_program &program);

  std::vector<void *> table;

private:
  /// Gives the needed buffers that are for load only, or the others, their places in `memory`.
  void place(const dchag_program &program, const dchag_entry_point &entry, bool forLoad,
             const DeviceMemory &memory);
  DeviceMemory kept, loaded;
};

/// Copies the part of a rank of one read; `params` are the found parameters.
Error executeRead(const dchag_program &program, const dchag_buffer &buffer, const dchag_read &read,
                  const std::vector<Part> &parts, const std::vector<FoundParam> &params,
                  void *data);

/// Adds the elements of the file that `executeRead` would copy to a hash, in an order that the
/// program determines.
Error hashRead(const dchag_program &program, const dchag_buffer &buffer, const dchag_read &read,
               const std::vector<Part> &parts, const std::vector<FoundParam> &params, Hash &hash);

/// Makes every byte of a boolean buffer 0 or 1.
void normalizeBooleans(const dchag_buffer &buffer, void *data);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_BUFFERS_H
