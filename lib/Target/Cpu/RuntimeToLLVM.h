//===- RuntimeToLLVM.h - calls of the runtime ------------------------------*- C++ -*-===//
#ifndef DCHAG_LIB_TARGET_CPU_RUNTIMETOLLVM_H
#define DCHAG_LIB_TARGET_CPU_RUNTIMETOLLVM_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir {
class LLVMTypeConverter;
}

namespace mlir::dchag {

/// Whether the axes of each collective are a group of the module's program.
LogicalResult verifyGroups(ModuleOp module);

/// Adds to the converter the types of the dialect.
void populateRuntimeToLLVMPatterns(LLVMTypeConverter &converter, RewritePatternSet &patterns);

} // namespace mlir::dchag

#endif // DCHAG_LIB_TARGET_CPU_RUNTIMETOLLVM_H
