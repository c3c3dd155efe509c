//===- Cache.h - prepared parameters kept for the next start ----*- C++ -*-===//
//
// What the entry points at load compute is the same at each start of a program with the same
// weights. A cache is a folder with a file for each rank, NAME-KEY.dchagcache. The key is a hash of
// all that the values depend on: the content of the program, the position of the rank, the library
// of matrix products, and the elements of the weights that the entry points read on any rank, since
// they may exchange them. A start that finds the files of all ranks reads them instead, and no
// buffer that is needed at load only.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_RUNTIME_CACHE_H
#define DCHAG_RUNTIME_CACHE_H

#include "Buffers.h"
#include "PreparedFile.h"

namespace dchag::rt {

class Cache {
public:
  /// Fails if nothing names the content of the program.
  Error open(const dchag_program &program, const std::string &folder);

  /// The hash of what the entry points at load read of the weights on this rank.
  Error hashWeights(const dchag_program &program, const dchag_context &context,
                    const Weights &weights, Digest &digest) const;
  /// Finds the key of this rank; `weights` are the hashes of all ranks.
  void setKey(const dchag_program &program, const dchag_context &context,
              const std::vector<Digest> &weights);

  /// Fills the prepared buffers from the file; leaves them zero if there is none. An error says why
  /// the file is ignored.
  Error read(const dchag_program &program, const std::vector<void *> &table, bool &found) const;
  /// Writes the file, anew where there is one.
  Error write(const dchag_program &program, const std::vector<void *> &table, int rank) const;

private:
  std::string folder, buildId, file;
  Digest key;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_CACHE_H
