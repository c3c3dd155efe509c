//===- Hash.cpp - a number for the content of bytes -------------*- C++ -*-===//

#include "Hash.h"
#include "Error.h"

#include <cstdlib>
#include <cstring>

// The functions become part of this file, so that programs need no further library.
#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace dchag::rt;

static XXH3_state_t *get(void *state) { return static_cast<XXH3_state_t *>(state); }

std::string dchag::rt::hexText(const Digest &digest) {
  std::string text;
  for (unsigned char byte : digest)
    text += format("%02x", byte);
  return text;
}

Hash::Hash() : state(XXH3_createState()) {
  // A few hundred bytes; without them nothing else would work either.
  if (!state)
    std::abort();
  XXH3_128bits_reset(get(state));
}

Hash::~Hash() { XXH3_freeState(get(state)); }

void Hash::add(const void *data, int64_t bytes) { XXH3_128bits_update(get(state), data, bytes); }

void Hash::add(const std::string &text) {
  add(static_cast<int64_t>(text.size()));
  add(text.data(), text.size());
}

Digest Hash::digest() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(get(state)));
  Digest result;
  std::memcpy(result.data(), canonical.digest, result.size());
  return result;
}
