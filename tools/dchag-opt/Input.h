//===- Input.h - the file that dchag-opt reads -----------------------------*- C++ -*-===//
#ifndef DCHAG_TOOLS_INPUT_H
#define DCHAG_TOOLS_INPUT_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace mlir::dchag {

enum class ModelFormat { Onnx, Mlir };

/// The format of a file, whatever its name; "-" is the standard input, which can be read again
/// afterwards, as "-" and as /dev/stdin. A named pipe replaces the standard input, and `path`
/// becomes "-". Reports on the standard error what is wrong with a file that is neither an ONNX
/// model nor MLIR (text or bytecode), or with text that cannot be parsed: nested too deeply, or
/// crashing upstream's parser. The format of a file that cannot be read, or can be read only once,
/// follows from its name.
FailureOr<ModelFormat> identifyInput(std::string &path, const DialectRegistry &registry);

/// Fails with a message on text that makes upstream's parser crash.
LogicalResult checkUpstreamParses(StringRef text, StringRef path, const DialectRegistry &registry);

/// The bytes of a file, mapped; named "<stdin>" for "-".
llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> mapInput(StringRef path);

} // namespace mlir::dchag

#endif // DCHAG_TOOLS_INPUT_H
