//===- Text.h - text of others on a terminal -------------------------------*- C++ -*-===//
//
// Names and paths come from model files and programs of others, who may put into them what moves
// a cursor or looks like a line of the tool. Diagnostics and the text of programs are made
// printable in one place, at the rim of the tool; whatever is printed past diagnostics takes
// escapeText.
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

/// `text` without control characters, line breaks and broken UTF-8, which are spelled out; other
/// UTF-8 stays. Text that was escaped before is not changed again.
std::string escapeText(StringRef text);

/// Has the diagnostics of a context escaped, their notes and the file names of their locations
/// too, before other handlers get them. Call it after these were registered.
void escapeDiagnostics(MLIRContext &context);

/// The same for contexts that are made later, as upstream's driver does: once they load the
/// dialect of functions, for which they read a program.
void registerEscapedDiagnostics(DialectRegistry &registry);

/// The text of a program, of which messages show lines, with what terminals should not get as
/// \XX, which says the same inside of strings. Bytecode and plain text stay as they are.
std::unique_ptr<llvm::MemoryBuffer> escapeSource(std::unique_ptr<llvm::MemoryBuffer> source);

} // namespace dchag
} // namespace mlir

#endif // DCHAG_FILES_TEXT_H
