//===- Input.cpp - the file that dchag-opt reads ---------------------------*- C++ -*-===//

#include "Input.h"
#include "dchag/Files/Text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/LEB128.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

using namespace mlir;
using namespace mlir::dchag;

namespace {

constexpr unsigned maxNesting = 256, maxOperators = 5000, maxAliases = 500000;

LogicalResult refuse(StringRef path, const Twine &text) {
  llvm::errs() << escapeText(path == "-" ? "<stdin>" : path) << ":0:0: error: " << text << "\n";
  return failure();
}

/// Makes the standard input a file that can be read twice: the content of a pipe is copied to a
/// file without a name.
LogicalResult keepStandardInput() {
  if (lseek(STDIN_FILENO, 0, SEEK_CUR) == 0)
    return success();
  std::FILE *copy = std::tmpfile();
  if (!copy)
    return refuse("-", "cannot be copied to a temporary file");
  std::vector<char> piece(1 << 20);
  while (true) {
    ssize_t size = read(STDIN_FILENO, piece.data(), piece.size());
    if (size < 0)
      return refuse("-", "cannot be read");
    if (size == 0)
      break;
    if (std::fwrite(piece.data(), 1, size, copy) != static_cast<size_t>(size))
      return refuse("-", "cannot be copied to a temporary file: no space");
  }
  if (std::fflush(copy) || dup2(fileno(copy), STDIN_FILENO) < 0 ||
      lseek(STDIN_FILENO, 0, SEEK_SET) != 0)
    return refuse("-", "cannot be copied to a temporary file");
  std::fclose(copy);
  return success();
}

/// Iterates over the fields of a message.
class Fields {
public:
  explicit Fields(StringRef bytes) : rest(bytes) {}

  bool atEnd() const { return rest.empty(); }
  /// Reads a field; false if there is none, or it reaches past the end.
  bool next(uint64_t &number, unsigned &wire) {
    uint64_t tag, size = 0;
    if (!readVarint(tag))
      return false;
    number = tag >> 3;
    wire = tag & 7;
    if (wire == 0)
      return readVarint(size);
    if (wire == 2 && !readVarint(size))
      return false;
    size = wire == 1 ? 8 : wire == 5 ? 4 : size;
    if ((wire != 1 && wire != 2 && wire != 5) || number == 0 || size > rest.size())
      return false;
    rest = rest.drop_front(size);
    return true;
  }

private:
  bool readVarint(uint64_t &value) {
    unsigned length = 0;
    const char *error = nullptr;
    value = llvm::decodeULEB128(rest.bytes_begin(), &length, rest.bytes_end(), &error);
    rest = rest.drop_front(error ? 0 : length);
    return !error;
  }
  StringRef rest;
};

/// Whether a file begins with a field of ModelProto.
bool beginsLikeOnnx(StringRef bytes) {
  if (bytes.empty())
    return false;
  unsigned number = static_cast<uint8_t>(bytes.front()) >> 3, wire = bytes.front() & 7;
  return wire == (number == 1 || number == 5 ? 0u : 2u) &&
         ((number >= 1 && number <= 8) || number == 14);
}

/// Whether a file consists of complete fields, one of them a graph.
bool isWholeOnnx(StringRef bytes) {
  Fields fields(bytes);
  bool hasGraph = false;
  while (!fields.atEnd()) {
    uint64_t number;
    unsigned wire;
    if (!fields.next(number, wire))
      return false;
    hasGraph |= number == 7 && wire == 2;
  }
  return hasGraph && beginsLikeOnnx(bytes);
}

/// Whether there are no control characters but white space.
bool isText(StringRef bytes) {
  return llvm::all_of(bytes.take_front(1 << 16), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' || llvm::isSpace(c);
  });
}

/// Whether text, after comments, begins like a module or an op.
bool beginsLikeMlir(StringRef text) {
  text = text.ltrim();
  while (text.consume_front("//"))
    text = text.drop_until([](char c) { return c == '\n'; }).ltrim();
  if (text.empty() || text.starts_with("{-#") || StringRef("#!%\"").contains(text.front()))
    return true;
  StringRef word = text.take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; });
  return word == "module" || word == "unrealized_conversion_cast" ||
         (word.contains('.') && llvm::isAlpha(word.front()));
}

/// What the parser recurses on, outside of strings and comments.
struct Complexity {
  unsigned nesting = 0;   ///< brackets inside of brackets
  unsigned operators = 0; ///< of one expression, between brackets and commas
  unsigned aliases = 0;   ///< definitions that others may refer to
};

Complexity measure(StringRef text) {
  Complexity found;
  unsigned depth = 0, operators = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if ((c == '#' || c == '!') && (i == 0 || text[i - 1] == '\n'))
      ++found.aliases;
    if (StringRef("()[]{}<>,=\"").contains(c))
      operators = 0;
    bool isMod = c == 'm' && text.substr(i, 3) == "mod";
    if (c == '+' || c == '-' || c == '*' || isMod)
      found.operators = std::max(found.operators, ++operators);
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"' && text[i] != '\n'; ++i)
        i += text[i] == '\\';
    } else if (c == '/' && text.substr(i, 2) == "//") {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '(' || c == '[' || c == '{' || c == '<') {
      found.nesting = std::max(found.nesting, ++depth);
    } else if (c == ')' || c == ']' || c == '}' || (c == '>' && i && text[i - 1] != '-')) {
      depth -= depth > 0;
    }
  }
  return found;
}

/// Refuses text on which upstream's parser would run out of stack or of time.
LogicalResult checkComplexity(StringRef path, StringRef text) {
  Complexity found = measure(text);
  auto check = [&](unsigned number, unsigned limit, StringRef what) {
    return number <= limit ? success()
                           : refuse(path, what + " " + Twine(number) + ", more than the " +
                                              Twine(limit) + " that are read");
  };
  return failure(failed(check(found.nesting, maxNesting, "depth of nested brackets:")) ||
                 failed(check(found.operators, maxOperators, "operators of one expression:")) ||
                 failed(check(found.aliases, maxAliases, "definitions of aliases:")));
}

} // namespace

llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> dchag::mapInput(StringRef path) {
  if (path != "-")
    return llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  uint64_t size;
  if (std::error_code error = llvm::sys::fs::file_size("/dev/stdin", size))
    return error;
  return llvm::MemoryBuffer::getOpenFile(llvm::sys::fs::convertFDToNativeFile(STDIN_FILENO),
                                         "<stdin>", size, /*RequiresNullTerminator=*/false);
}

FailureOr<ModelFormat> dchag::identifyInput(std::string &path, const DialectRegistry &registry) {
  ModelFormat byName = StringRef(path).ends_with(".onnx") ? ModelFormat::Onnx : ModelFormat::Mlir;
  // A pipe can be read only once: it replaces the standard input, whose content is kept in a file.
  llvm::sys::fs::file_status status;
  if (path != "-" && !llvm::sys::fs::status(path, status) &&
      status.type() == llvm::sys::fs::file_type::fifo_file) {
    int descriptor = open(path.c_str(), O_RDONLY);
    if (descriptor < 0 || dup2(descriptor, STDIN_FILENO) < 0)
      return refuse(path, "cannot be read");
    close(descriptor);
    path = "-";
  }
  if (path == "-" && isatty(STDIN_FILENO))
    return byName;
  if (path == "-" && failed(keepStandardInput()))
    return failure();
  // So can a device.
  if (path != "-" && !llvm::sys::fs::status(path, status) &&
      !llvm::sys::fs::is_regular_file(status))
    return byName;
  auto buffer = mapInput(path);
  if (!buffer)
    return byName;
  StringRef bytes = (*buffer)->getBuffer();
  if (bytes.empty() && byName == ModelFormat::Onnx)
    return byName;
  if (isText(bytes) && bytes.trim().empty())
    return refuse(path, "is empty");
  if (bytes.starts_with("ML\xefR"))
    return ModelFormat::Mlir;
  if (isWholeOnnx(bytes))
    return ModelFormat::Onnx;
  if (!isText(bytes)) {
    // A damaged ONNX file: its reader reports where.
    if (beginsLikeOnnx(bytes) || byName == ModelFormat::Onnx)
      return ModelFormat::Onnx;
    return refuse(path, "is neither an ONNX model nor MLIR (text or bytecode)");
  }
  if (!beginsLikeMlir(bytes))
    return refuse(path, "is text, but neither MLIR nor an ONNX model, which is not text: MLIR "
                        "begins with an operation, such as 'module' or 'func.func'");
  if (failed(checkComplexity(path, bytes)))
    return failure();
  if (failed(checkUpstreamParses(bytes, path == "-" ? "<stdin>" : path, registry)))
    return failure();
  return ModelFormat::Mlir;
}
