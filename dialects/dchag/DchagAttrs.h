//===- DchagAttrs.h - attributes of the dchag dialect ----------------------*- C++ -*-===//
#ifndef DCHAG_DCHAGATTRS_H
#define DCHAG_DCHAGATTRS_H

#include "dialects/interfaces/BufferRole.h"
#include "dialects/interfaces/Target.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include "dialects/dchag/DchagEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/dchag/DchagAttrs.h.inc"

#endif // DCHAG_DCHAGATTRS_H
