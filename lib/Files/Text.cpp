//===- Text.cpp - text of others on a terminal -----------------------------*- C++ -*-===//

#include "dchag/Files/Text.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectRegistry.h"
#include "runtime/src/Text.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::dchag;
namespace files = ::dchag::rt;

std::string mlir::dchag::escapeText(StringRef text) { return files::escapeText(text); }

//===----------------------------------------------------------------------===//
// Diagnostics
//===----------------------------------------------------------------------===//

static Location escapeLocation(Location loc) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](FileLineColRange range) -> std::optional<Attribute> {
    StringRef name = range.getFilename();
    if (files::isPrintable(name))
      return std::nullopt;
    return FileLineColLoc::get(range.getContext(), escapeText(name), range.getStartLine(),
                               range.getStartColumn());
  });
  return cast<LocationAttr>(replacer.replace(LocationAttr(loc)));
}

/// The text of a diagnostic in printable form. Upstream puts ops on separate lines, with names
/// escaped, and ends some lines.
static std::string getPrintable(Diagnostic &diagnostic) {
  std::string text = diagnostic.str();
  if (StringRef(text).starts_with("see current operation: \n"))
    return text;
  return escapeText(StringRef(text).rtrim('\n'));
}

static bool isPrintable(Diagnostic &diagnostic) {
  return getPrintable(diagnostic) == diagnostic.str() &&
         escapeLocation(diagnostic.getLocation()) == diagnostic.getLocation() &&
         llvm::all_of(diagnostic.getNotes(), isPrintable);
}

void mlir::dchag::escapeDiagnostics(MLIRContext &context) {
  DiagnosticEngine &engine = context.getDiagEngine();
  engine.registerHandler([&engine](Diagnostic &diagnostic) {
    if (isPrintable(diagnostic))
      return failure(); // the next handler's
    Diagnostic escaped(escapeLocation(diagnostic.getLocation()), diagnostic.getSeverity());
    escaped << getPrintable(diagnostic);
    for (Diagnostic &note : diagnostic.getNotes())
      escaped.attachNote(escapeLocation(note.getLocation())) << getPrintable(note);
    engine.emit(std::move(escaped));
    return success();
  });
}

void mlir::dchag::registerEscapedDiagnostics(DialectRegistry &registry) {
  registry.addExtension(
      +[](MLIRContext *context, func::FuncDialect *) { escapeDiagnostics(*context); });
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

std::unique_ptr<llvm::MemoryBuffer>
mlir::dchag::escapeSource(std::unique_ptr<llvm::MemoryBuffer> source) {
  StringRef text = source->getBuffer();
  auto isPlain = [](StringRef line) { return files::isPrintable(line.rtrim('\r')); };
  if (isBytecode(source->getMemBufferRef()))
    return source;
  std::string escaped;
  bool isChanged = false;
  for (StringRef rest = text; !rest.empty();) {
    // Tabs are printed as blanks.
    size_t end = rest.find_first_of("\t\n");
    StringRef piece = rest.take_front(end);
    bool keeps = isPlain(piece);
    isChanged |= !keeps;
    for (char c : piece) {
      // In a piece with something to escape, all non-ASCII bytes are escaped.
      if (keeps || llvm::isPrint(c) || c == '\r')
        escaped += c;
      else
        escaped += "\\" + llvm::utohexstr(static_cast<unsigned char>(c), /*LowerCase=*/false, 2);
    }
    rest = rest.drop_front(piece.size());
    if (!rest.empty()) {
      escaped += rest.front();
      rest = rest.drop_front();
    }
  }
  if (!isChanged)
    return source;
  return llvm::MemoryBuffer::getMemBufferCopy(escaped, source->getBufferIdentifier());
}
