//===- Import.h - models from files to the global level --------------------*- C++ -*-===//
#ifndef DCHAG_IMPORT_IMPORT_H
#define DCHAG_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mlir::dchag {

/// What the user specifies about a model at import.
struct ImportOptions {
  /// --batch=N: the size of every dimension named after the batch, or, if there is none, of the
  /// leading dimension of each input that leaves it open.
  std::optional<int64_t> batch;
  /// --shape=NAME=2x3x5: the whole shape of an input.
  std::vector<std::string> shapes;
  /// --bind=NAME=file.npy (or .pb): an input becomes a constant.
  std::vector<std::string> binds;
};

/// Imports an ONNX file: a module with one function @step on the closed op set of the global level.
/// Emits an error for each problem of the file and returns null if there is one. Weights are not
/// copied: arguments refer to their bytes (`dchag.source`).
OwningOpRef<ModuleOp> importOnnx(StringRef path, const ImportOptions &options,
                                 MLIRContext *context);

/// The same from bytes in memory; the buffer's name is used as the path.
OwningOpRef<ModuleOp> importOnnx(std::unique_ptr<llvm::MemoryBuffer> buffer,
                                 const ImportOptions &options, MLIRContext *context);

/// Dialects that the imported module uses.
void registerImportDialects(DialectRegistry &registry);

} // namespace mlir::dchag

#endif // DCHAG_IMPORT_IMPORT_H
