//===- Input.h - the file that dchag-opt reads -----------------------------*- C++ -*-===//
#ifndef DCHAG_TOOLS_INPUT_H
#define DCHAG_TOOLS_INPUT_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace mlir::dchag {

enum class ModelFormat { Onnx, Mlir };

/// What a file holds, whatever its name; "-" is the standard input, which can be read again
/// afterwards, as "-" and as /dev/stdin; a pipe by another name takes its place, and `path` becomes
/// "-". Says on the standard error what is wrong with a file that
/// is neither an ONNX model nor MLIR (text or bytecode), or text that cannot be parsed: nested too
/// deep, or one that makes upstream's parser crash. A file that cannot be read, and one that can be
/// read only once, counts as what its name says.
FailureOr<ModelFormat> identifyInput(std::string &path, const DialectRegistry &registry);

/// Fails, having said what is wrong, on text that makes upstream's parser crash.
LogicalResult checkUpstreamParses(StringRef text, StringRef path, const DialectRegistry &registry);

/// The bytes of a file, mapped; named "<stdin>" for "-".
llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> mapInput(StringRef path);

} // namespace mlir::dchag

#endif // DCHAG_TOOLS_INPUT_H
