//===- TensorFiles.h - tensors in files of their own -----------------------*- C++ -*-===//
#ifndef DCHAG_IMPORT_TENSORFILES_H
#define DCHAG_IMPORT_TENSORFILES_H

#include "dialects/interfaces/EvalTensor.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/Error.h"

namespace mlir::dchag {

struct FileTensor {
  EvalTensor value;
  /// The elements are unsigned integers (types of the IR are signless).
  bool isUnsigned = false;
};

/// Reads one tensor of a NumPy file (.npy, little endian), or of a file with one ONNX
/// TensorProto (.pb).
llvm::Expected<FileTensor> readTensor(StringRef path, MLIRContext *context);

} // namespace mlir::dchag

#endif // DCHAG_IMPORT_TENSORFILES_H
