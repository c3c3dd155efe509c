//===- Error.h - a failure as one line of text ------------------*- C++ -*-===//
//
// The runtime is built without exceptions. A function that can fail returns an `Error`,
// which is true when it failed, so that calls read `if (Error error = open(...)) return error;`.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_RUNTIME_ERROR_H
#define DCHAG_RUNTIME_ERROR_H

#include <string>
#include <utility>

namespace dchag::rt {

class [[nodiscard]] Error {
public:
  Error() = default;
  explicit Error(std::string text) : text(std::move(text)), failed(true) {}

  static Error success() { return Error(); }
  explicit operator bool() const { return failed; }
  const std::string &message() const { return text; }

private:
  std::string text;
  bool failed = false;
};

/// Text by a printf format.
std::string format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

/// A failure whose text is given by a printf format. The text says what was found, what was
/// wanted and what to do, without the name of the program or the rank.
Error failure(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

/// Text of the current value of errno.
std::string systemReason();

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_ERROR_H
