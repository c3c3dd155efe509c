//===- RuntimeToLLVM.h - calls of the runtime ------------------------------*- C++ -*-===//
#ifndef DCHAG_LIB_CODEGEN_RUNTIMETOLLVM_H
#define DCHAG_LIB_CODEGEN_RUNTIMETOLLVM_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir {
class LLVMTypeConverter;
}

namespace mlir::dchag {

/// Declares the runtime's functions, and gives each collective the number of its axes in the
/// program's table of groups (attribute `dchag_rt.group`).
LogicalResult numberGroups(ModuleOp module);

/// Adds to the converter the types of the dialect.
void populateRuntimeToLLVMPatterns(LLVMTypeConverter &converter, RewritePatternSet &patterns);

} // namespace mlir::dchag

#endif // DCHAG_LIB_CODEGEN_RUNTIMETOLLVM_H
