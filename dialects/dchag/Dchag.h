//===- Dchag.h - the dchag dialect -----------------------------------------*- C++ -*-===//
#ifndef DCHAG_DCHAG_H
#define DCHAG_DCHAG_H

#include "dialects/dchag/DchagAttrs.h"
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/dchag/DchagDialect.h.inc"
#define GET_OP_CLASSES
#include "dialects/dchag/DchagOps.h.inc"

#endif // DCHAG_DCHAG_H
