//===- Runtime.h - the dchag_rt dialect ------------------------------------*- C++ -*-===//
#ifndef DCHAG_RT_RUNTIME_H
#define DCHAG_RT_RUNTIME_H

#include "dialects/dchag/Dchag.h"
#include "dialects/interfaces/Collective.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

#include "dialects/dchag_rt/RuntimeEnums.h.inc"

namespace mlir::dchag::rt {
/// The reduction under its name in the shard dialect.
shard::ReductionKind convertReduction(Reduction reduction);
} // namespace mlir::dchag::rt

#define GET_ATTRDEF_CLASSES
#include "dialects/dchag_rt/RuntimeAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/dchag_rt/RuntimeTypes.h.inc"

#include "dialects/dchag_rt/RuntimeDialect.h.inc"
#define GET_OP_CLASSES
#include "dialects/dchag_rt/RuntimeOps.h.inc"

namespace mlir::dchag::rt {

/// Attribute of modules: texts for the collectives, until the program has them.
inline constexpr llvm::StringLiteral kSitesAttr = "dchag_rt.sites";

/// The communicators: what every collective reads and writes.
struct CommunicatorResource : SideEffects::Resource::Base<CommunicatorResource> {
  StringRef getName() final { return "communicators"; }
};

/// Lets the upstream bufferization handle the destination-passing ops of the dialect.
void registerBufferizableOpInterfaceModels(DialectRegistry &registry);

} // namespace mlir::dchag::rt

#endif // DCHAG_RT_RUNTIME_H
