//===- Text.h - text of others on a terminal --------------------*- C++ -*-===//
//
// Names of tensors, paths and bytes come from files of others. Printed text contains no control
// characters, line breaks or broken UTF-8 of them, so that it can neither move the cursor nor look
// like a line of the program.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_RUNTIME_TEXT_H
#define DCHAG_RUNTIME_TEXT_H

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace dchag::rt {

/// `text` with what is not printable spelled out: \n, \r, \t; bytes as \x1b; characters that
/// change lines or the direction of writing as \u{202e}. Other UTF-8 stays as it is, and so does
/// the backslash: text that was escaped before is not changed again.
std::string escapeText(std::string_view text);

/// Whether escapeText would change anything.
bool isPrintable(std::string_view text);

/// A name in double quotes, escaped; truncated after 200 bytes.
std::string quoteName(std::string_view name);

/// A file name made from the name of a tensor: path separators and characters that shells and file
/// systems do not accept become underscores.
std::string fileName(std::string_view name);

/// Prints one line, escaped, and its end.
void printLine(std::FILE *file, std::string_view line);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_TEXT_H
