//===- Buffers.cpp - the parts of tensors that a rank holds -----*- C++ -*-===//

#include "Buffers.h"

#include <algorithm>
#include <set>

using namespace dchag::rt;

std::vector<Part> dchag::rt::partsOf(const dchag_program &program, const dchag_buffer &buffer,
                                     const std::vector<int64_t> &coordinates) {
  std::vector<Part> parts(buffer.rank);
  for (int32_t d = 0; d < buffer.rank; ++d) {
    const dchag_dim &dim = buffer.dims[d];
    int64_t index = 0;
    for (int32_t a = 0; a < dim.num_axes; ++a)
      index = index * program.axes[dim.axes[a]].size + coordinates[dim.axes[a]];
    parts[d].local = dim.local;
    parts[d].begin = std::min(index * dim.local, dim.global);
    parts[d].end = std::min((index + 1) * dim.local, dim.global);
  }
  return parts;
}

std::vector<int64_t> dchag::rt::localStrides(const std::vector<Part> &parts) {
  std::vector<int64_t> strides(parts.size());
  int64_t stride = 1;
  for (size_t d = parts.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= parts[d].local;
  }
  return strides;
}

int64_t dchag::rt::localBytes(const dchag_buffer &buffer) {
  std::vector<int64_t> shape;
  for (int32_t d = 0; d < buffer.rank; ++d)
    shape.push_back(buffer.dims[d].local);
  int64_t count = countOf(shape), bytes = 0;
  if (count < 0 || __builtin_mul_overflow(count, sizeOf(buffer.dtype), &bytes))
    return -1;
  return bytes;
}

static int64_t alignedBytes(const dchag_buffer &buffer) {
  return (localBytes(buffer) + DCHAG_RT_ALIGNMENT - 1) / DCHAG_RT_ALIGNMENT * DCHAG_RT_ALIGNMENT;
}

const dchag_entry_point *dchag::rt::findEntry(const dchag_program &program,
                                              const std::string &name) {
  for (int32_t e = 0; e < program.num_entries; ++e) {
    const dchag_entry_point &entry = program.entries[e];
    if (entry.time != DCHAG_AT_LOAD &&
        (name.empty() ? entry.time == DCHAG_EACH_STEP : name == entry.name))
      return &entry;
  }
  return nullptr;
}

template <typename Predicate>
static std::vector<int32_t> select(const dchag_program &program, const dchag_entry_point &entry,
                                   Predicate predicate) {
  std::vector<int32_t> found;
  for (int32_t i = 0; i < entry.num_buffers; ++i)
    if (predicate(program.buffers[entry.buffers[i]]))
      found.push_back(entry.buffers[i]);
  return found;
}

std::vector<int32_t> dchag::rt::inputsOf(const dchag_program &program,
                                         const dchag_entry_point &entry) {
  return select(program, entry,
                [](const dchag_buffer &buffer) { return buffer.filler == DCHAG_FILLED_BY_CALLER; });
}

std::vector<int32_t> dchag::rt::outputsOf(const dchag_program &program,
                                          const dchag_entry_point &entry) {
  return select(program, entry, [](const dchag_buffer &buffer) {
    return buffer.filler == DCHAG_FILLED_BY_PROGRAM && buffer.lifetime == DCHAG_LIVES_FOR_RUN;
  });
}

/// Whether running `entry` needs each of the buffers: directly, or for what runs at load.
static std::vector<bool> neededBuffers(const dchag_program &program,
                                       const dchag_entry_point &entry) {
  std::vector<bool> needed(program.num_buffers, false);
  auto add = [&](const dchag_entry_point &one) {
    for (int32_t i = 0; i < one.num_buffers; ++i)
      needed[one.buffers[i]] = true;
  };
  add(entry);
  for (int32_t e = 0; e < program.num_entries; ++e)
    if (program.entries[e].time == DCHAG_AT_LOAD)
      add(program.entries[e]);
  return needed;
}

bool dchag::rt::runsAgain(const dchag_program &program, const dchag_entry_point &entry) {
  if (entry.time != DCHAG_AT_LOAD)
    return false;
  for (int32_t i = 0; i < entry.num_buffers; ++i)
    if (program.buffers[entry.buffers[i]].flags & DCHAG_UPDATED_IN_PLACE)
      return true;
  return false;
}

/// Whether each of the buffers can be freed after preparation: not if preparation is repeated.
static std::vector<bool> findForLoad(const dchag_program &program) {
  std::vector<bool> isForLoad;
  for (int32_t b = 0; b < program.num_buffers; ++b)
    isForLoad.push_back(program.buffers[b].lifetime == DCHAG_LIVES_FOR_LOAD);
  for (int32_t e = 0; e < program.num_entries; ++e)
    if (const dchag_entry_point &entry = program.entries[e]; runsAgain(program, entry))
      for (int32_t i = 0; i < entry.num_buffers; ++i)
        isForLoad[entry.buffers[i]] = false;
  return isForLoad;
}

std::vector<int32_t> dchag::rt::preparedBuffers(const dchag_program &program) {
  std::set<int32_t> found;
  for (int32_t e = 0; e < program.num_entries; ++e)
    if (const dchag_entry_point &entry = program.entries[e]; entry.time == DCHAG_AT_LOAD)
      for (int32_t i = 0; i < entry.num_buffers; ++i)
        if (program.buffers[entry.buffers[i]].filler == DCHAG_FILLED_BY_PROGRAM)
          found.insert(entry.buffers[i]);
  return {found.begin(), found.end()};
}

PlannedMemory dchag::rt::planMemory(const dchag_program &program, const dchag_entry_point &entry,
                                    int threads, bool prepares) {
  PlannedMemory memory;
  // The arena, and after it memory for each thread.
  auto scratchBytes = [&](const dchag_entry_point &which) {
    return which.arena_bytes + which.thread_bytes * threads;
  };
  std::vector<bool> needed = neededBuffers(program, entry), isForLoad = findForLoad(program);
  for (int32_t b = 0; b < program.num_buffers; ++b)
    if (needed[b])
      (isForLoad[b] ? memory.loaded : memory.kept) += alignedBytes(program.buffers[b]);
  memory.arena = scratchBytes(entry);
  for (int32_t e = 0; e < program.num_entries; ++e) {
    const dchag_entry_point &other = program.entries[e];
    if (other.time == DCHAG_AT_LOAD)
      memory.loadArena = std::max(memory.loadArena, scratchBytes(other));
    if (runsAgain(program, other))
      memory.arena = std::max(memory.arena, scratchBytes(other));
  }
  if (!prepares)
    memory.loaded = memory.loadArena = 0;
  return memory;
}

Error Buffers::allocate(const dchag_program &program, const dchag_entry_point &entry,
                        const Device &device) {
  for (int32_t b = 0; b < program.num_buffers; ++b)
    if (localBytes(program.buffers[b]) < 0)
      return failure("buffer \"%s\": has more bytes than can be counted: compile for more ranks",
                     program.buffers[b].name);
  // The default memory space is the one that the host reads and writes.
  for (int32_t b = 0; b < program.num_buffers; ++b)
    if (program.buffers[b].memory_space != 0)
      return failure("buffer \"%s\": is in memory space %d, which device %s does not have",
                     program.buffers[b].name, program.buffers[b].memory_space, device.ops->name);
  if (Error error = kept.allocate(device, planMemory(program, entry, 0).kept, "buffers"))
    return error;
  table.assign(program.num_buffers, nullptr);
  place(program, entry, /*forLoad=*/false, kept);
  return Error::success();
}

Error Buffers::allocateLoaded(const dchag_program &program, const dchag_entry_point &entry,
                              const Device &device) {
  if (Error error =
          loaded.allocate(device, planMemory(program, entry, 0).loaded, "buffers of weights"))
    return error;
  place(program, entry, /*forLoad=*/true, loaded);
  return Error::success();
}

void Buffers::place(const dchag_program &program, const dchag_entry_point &entry, bool forLoad,
                    const DeviceMemory &memory) {
  // An empty buffer still gets an aligned address that is not null.
  alignas(DCHAG_RT_ALIGNMENT) static char nothing[DCHAG_RT_ALIGNMENT];
  std::vector<bool> needed = neededBuffers(program, entry), isForLoad = findForLoad(program);
  int64_t at = 0;
  for (int32_t b = 0; b < program.num_buffers; ++b) {
    if (!needed[b] || isForLoad[b] != forLoad)
      continue;
    int64_t bytes = alignedBytes(program.buffers[b]);
    table[b] = bytes ? memory.data() + at : nothing;
    at += bytes;
  }
}

Error Buffers::load(const dchag_program &program, const dchag_context &context,
                    const Weights &weights) {
  for (int32_t b = 0; b < program.num_buffers; ++b) {
    const dchag_buffer &buffer = program.buffers[b];
    if (!table[b])
      continue;
    std::vector<Part> parts = partsOf(program, buffer, context.coordinates);
    for (int32_t r = 0; r < buffer.num_reads; ++r)
      if (Error error =
              executeRead(program, buffer, buffer.reads[r], parts, weights.params, table[b]))
        return error;
    if (buffer.num_reads)
      normalizeBooleans(buffer, table[b]);
  }
  return Error::success();
}

void Buffers::releaseLoaded(const dchag_program &program) {
  loaded.release();
  std::vector<bool> isForLoad = findForLoad(program);
  for (int32_t b = 0; b < program.num_buffers; ++b)
    if (isForLoad[b])
      table[b] = nullptr;
}

void dchag::rt::normalizeBooleans(const dchag_buffer &buffer, void *data) {
  if (buffer.dtype != DCHAG_BOOL)
    return;
  auto *bytes = static_cast<uint8_t *>(data);
  for (int64_t i = 0, end = localBytes(buffer); i < end; ++i)
    bytes[i] = bytes[i] != 0;
}
