//===- InitAll.h - dialects, interfaces and passes of the compiler ---------*- C++ -*-===//
#ifndef DCHAG_INITALL_H
#define DCHAG_INITALL_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::dchag {

/// Registers the dialects the compiler uses, and the external models that give upstream
/// ops our interfaces. Models are registered one by one: a model that comes after an
/// upstream one for the same interface would be ignored without a word.
void registerAllDialects(DialectRegistry &registry);

/// Registers all passes and pipelines under their command-line names.
void registerAllPasses();

} // namespace mlir::dchag

#endif // DCHAG_INITALL_H
