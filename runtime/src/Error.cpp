//===- Error.cpp - a failure as one line of text ----------------*- C++ -*-===//

#include "Error.h"
#include "Text.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

using namespace dchag::rt;

static std::string formatList(const char *pattern, va_list list) {
  va_list again;
  va_copy(again, list);
  int size = std::vsnprintf(nullptr, 0, pattern, again);
  va_end(again);
  if (size <= 0)
    return {};
  std::string text(size, '\0');
  std::vsnprintf(text.data(), text.size() + 1, pattern, list);
  return text;
}

std::string dchag::rt::format(const char *pattern, ...) {
  va_list list;
  va_start(list, pattern);
  std::string text = formatList(pattern, list);
  va_end(list);
  return text;
}

Error dchag::rt::failure(const char *pattern, ...) {
  va_list list;
  va_start(list, pattern);
  std::string text = formatList(pattern, list);
  va_end(list);
  // File names and tensor names may hold anything; an error stays on one line.
  return Error(escapeText(text));
}

std::string dchag::rt::systemReason() { return std::strerror(errno); }
