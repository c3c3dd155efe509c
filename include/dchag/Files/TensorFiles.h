//===- TensorFiles.h - values from and to files ----------------------------*- C++ -*-===//
//
// npy, npz and safetensors files are read by the functions of the runtime (runtime/src), as
// compiled programs do, and become values of the interpreter. Errors do not name the file.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_FILES_TENSORFILES_H
#define DCHAG_FILES_TENSORFILES_H

#include "dialects/interfaces/EvalTensor.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>
#include <vector>

namespace dchag::rt {
class Safetensors;
} // namespace dchag::rt

namespace mlir::dchag {

struct FileTensor {
  /// Integers are sign extended, unsigned ones too, as everywhere in the interpreter.
  EvalTensor value;
  /// The elements are unsigned integers (types of the IR are signless).
  bool isUnsigned = false;
};

/// Reads a tensor of an npy file, the array `name` of an npz archive, or a .pb file with one ONNX
/// TensorProto.
llvm::Expected<FileTensor> readTensor(StringRef path, StringRef name, MLIRContext *context);

/// Names of the arrays of an npz archive; another file is an error.
llvm::Expected<std::vector<std::string>> listArrays(StringRef path);

/// Fills `tensor` from row-major little-endian bytes of its element type (i1: a byte each). Fails,
/// without a message, if the number of bytes is wrong.
LogicalResult decodeElements(StringRef bytes, EvalTensor &tensor);

/// Converts a value from a file to the type of its port: same shape, floats for floats, integers
/// that fit for integers. Signless integers accept values that fit either as signed or as unsigned.
llvm::Expected<EvalTensor> convertTo(Type type, bool isUnsigned, FileTensor tensor);

/// Writes an npy file in the element type of the tensor. The error names the file.
llvm::Error writeNpy(StringRef path, const FileTensor &tensor);

/// The file name of an output: NAME.npy, without characters that file names should not have.
std::string getOutputFile(StringRef name);

/// The tensors of a safetensors file.
class SafetensorsFile {
public:
  static llvm::Expected<SafetensorsFile> open(StringRef path);
  SafetensorsFile(SafetensorsFile &&);
  ~SafetensorsFile();

  StringRef getPath() const;
  bool has(StringRef name) const;
  llvm::Expected<FileTensor> read(StringRef name, MLIRContext *context) const;

private:
  SafetensorsFile();
  std::unique_ptr<::dchag::rt::Safetensors> file;
};

} // namespace mlir::dchag

#endif // DCHAG_FILES_TENSORFILES_H
