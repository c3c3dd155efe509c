//===- BufferRole.h - what a buffer of a program is for --------------------*- C++ -*-===//
#ifndef DCHAG_INTERFACES_BUFFERROLE_H
#define DCHAG_INTERFACES_BUFFERROLE_H

#include "mlir/IR/Attributes.h"

namespace mlir::dchag {

/// Who fills a buffer.
enum class BufferFiller {
  Caller,  ///< the user, before each run of an entry point
  File,    ///< the weights file, once at load
  Program, ///< an entry point
  Zero     ///< nobody: its elements are 0 at the start
};

/// How long the elements of a buffer are needed.
enum class BufferLifetime {
  Load,   ///< until parameters are prepared
  Run,    ///< during one run of an entry point
  Program ///< as long as the program runs
};

} // namespace mlir::dchag

#include "dialects/interfaces/BufferRole.h.inc"

#endif // DCHAG_INTERFACES_BUFFERROLE_H
