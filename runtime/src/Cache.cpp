//===- Cache.cpp - prepared parameters kept for the next start --*- C++ -*-===//

#include "Cache.h"
#include "BuildId.h"
#include "Hash.h"
#include "Matmul.h"
#include "Text.h"

#include <cstring>

using namespace dchag::rt;

/// Names of files have 255 bytes at most; the key must be in them.
static constexpr size_t maxNameBytes = 128;

static std::vector<Span> spansOf(const dchag_program &program, const std::vector<void *> &table) {
  std::vector<Span> spans;
  for (int32_t b : preparedBuffers(program))
    spans.push_back({table[b], localBytes(program.buffers[b])});
  return spans;
}

Error Cache::open(const dchag_program &program, const std::string &theFolder) {
  folder = theFolder;
  buildId = findBuildId(&program);
  return buildId.empty() ? failure("cache %s: is not used, because the program has no build ID: "
                                   "link it with -Wl,--build-id=sha1",
                                   folder.c_str())
                         : Error::success();
}

Error Cache::hashWeights(const dchag_program &program, const dchag_context &context,
                         const Weights &weights, Digest &digest) const {
  Hash hash;
  for (int32_t e = 0; e < program.num_entries; ++e) {
    const dchag_entry_point &entry = program.entries[e];
    if (entry.time != DCHAG_AT_LOAD)
      continue;
    for (int32_t i = 0; i < entry.num_buffers; ++i) {
      const dchag_buffer &buffer = program.buffers[entry.buffers[i]];
      std::vector<Part> parts = partsOf(program, buffer, context.coordinates);
      for (int32_t r = 0; r < buffer.num_reads; ++r)
        if (Error error = hashRead(program, buffer, buffer.reads[r], parts, weights.params, hash))
          return error;
    }
  }
  digest = hash.digest();
  return Error::success();
}

void Cache::setKey(const dchag_program &program, const dchag_context &context,
                   const std::vector<Digest> &weights) {
  Hash hash;
  hash.add(buildId);
  hash.add(productLibrary());
  for (int64_t coordinate : context.coordinates)
    hash.add(coordinate);
  for (const Digest &digest : weights)
    hash.add(digest);
  key = hash.digest();
  file = fileName(program.name).substr(0, maxNameBytes) + "-" + hexText(key) + ".dchagcache";
}

Error Cache::read(const dchag_program &program, const std::vector<void *> &table,
                  bool &found) const {
  std::vector<Span> spans = spansOf(program, table);
  std::string reason;
  PreparedState state = readPrepared(folder + "/" + file, key, spans, reason);
  found = state == PreparedState::read;
  if (state != PreparedState::damaged)
    return Error::success();
  for (const Span &span : spans)
    std::memset(span.data, 0, span.bytes);
  return failure("cache %s/%s: %s: it is ignored and written anew", folder.c_str(), file.c_str(),
                 reason.c_str());
}

Error Cache::write(const dchag_program &program, const std::vector<void *> &table, int rank) const {
  Error error = writePrepared(folder, file, key, spansOf(program, table), rank);
  return error ? failure("cache %s: %s", folder.c_str(), error.message().c_str())
               : Error::success();
}
