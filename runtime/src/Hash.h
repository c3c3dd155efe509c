//===- Hash.h - a number for the content of bytes ---------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_HASH_H
#define DCHAG_RUNTIME_HASH_H

#include <array>
#include <cstdint>
#include <string>

namespace dchag::rt {

/// 128 bits that different contents have in common by accident only. They do not protect against
/// files that are made to have the same.
using Digest = std::array<unsigned char, 16>;

/// 32 hexadecimal digits.
std::string hexText(const Digest &digest);

/// The XXH3 of a sequence of bytes that is given piece by piece.
class Hash {
public:
  Hash();
  Hash(const Hash &) = delete;
  ~Hash();

  void add(const void *data, int64_t bytes);
  void add(int64_t number) { add(&number, sizeof(number)); }
  void add(const Digest &digest) { add(digest.data(), digest.size()); }
  /// With its length: "a" and then "b" does not count as "ab".
  void add(const std::string &text);
  Digest digest() const;

private:
  void *state; ///< hides the library's header
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_HASH_H
