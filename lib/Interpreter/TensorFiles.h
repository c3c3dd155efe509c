//===- TensorFiles.h - values from and to files ----------------------------*- C++ -*-===//
#ifndef DCHAG_LIB_INTERPRETER_TENSORFILES_H
#define DCHAG_LIB_INTERPRETER_TENSORFILES_H

#include "dialects/interfaces/EvalTensor.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"

namespace mlir::dchag {

/// Maps a file; the error names the path and says why.
FailureOr<std::unique_ptr<llvm::MemoryBuffer>> mapFile(StringRef path, Location loc);

/// Fills `tensor` from row-major little-endian bytes of its element type (i1: a byte each).
/// Fails, without a message, if there are not just as many bytes.
LogicalResult decodeElements(StringRef bytes, EvalTensor &tensor);

/// Reads a .npy file (versions 1 to 3), or a .pb file with an ONNX TensorProto. Unsigned
/// integers become int64.
FailureOr<EvalTensor> readTensorFromFile(StringRef path, Location loc);

/// Writes a .npy file in the element type of the tensor; bf16 as f32.
LogicalResult writeNpy(StringRef path, const EvalTensor &tensor, Location loc);

/// Gives `value`, read from `path`, the type of what it is for: same shape, floats for floats,
/// integers that fit for integers.
FailureOr<EvalTensor> convertTo(Type type, EvalTensor value, const Twine &what, Location loc);

/// The tensors of a safetensors file.
class SafetensorsFile {
public:
  static FailureOr<SafetensorsFile> open(StringRef path, Location loc);
  bool has(StringRef name) const { return entries.count(name); }
  FailureOr<EvalTensor> read(StringRef name, Location loc) const;

private:
  struct Entry {
    Type elementType;
    SmallVector<int64_t> shape;
    StringRef bytes;
  };
  std::string path;
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  llvm::StringMap<Entry> entries;
};

} // namespace mlir::dchag

#endif // DCHAG_LIB_INTERPRETER_TENSORFILES_H
