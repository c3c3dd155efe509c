//===- Text.h - text of others on a terminal -------------------------------*- C++ -*-===//
//
// Names and paths come from files of others and may contain characters that move the cursor or look
// like a line of the tool. Diagnostics and the text of programs are escaped in one place, where the
// tool prints them; anything that is printed otherwise must use escapeText.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_FILES_TEXT_H
#define DCHAG_FILES_TEXT_H

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>

namespace mlir {
class DialectRegistry;
namespace dchag {

/// `text` with control characters, line breaks and broken UTF-8 spelled out; other UTF-8 stays.
/// Escaped text is not changed again.
std::string escapeText(StringRef text);

/// Escapes the diagnostics of a context, with their notes and the file names of their locations,
/// before other handlers get them. Call it after these were registered.
void escapeDiagnostics(MLIRContext &context);

/// The same for contexts that are created later, as by upstream's driver: once they load the
/// dialect of functions, which they need to read a program.
void registerEscapedDiagnostics(DialectRegistry &registry);

/// The text of a program, lines of which appear in messages, with unprintable characters as \XX,
/// which means the same inside of strings. Bytecode and plain text are not changed.
std::unique_ptr<llvm::MemoryBuffer> escapeSource(std::unique_ptr<llvm::MemoryBuffer> source);

} // namespace dchag
} // namespace mlir

#endif // DCHAG_FILES_TEXT_H
