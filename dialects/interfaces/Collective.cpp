//===- Collective.cpp - ops that ranks execute together --------------------*- C++ -*-===//

#include "dialects/interfaces/Collective.h"
#include "dialects/interfaces/Interfaces.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::dchag;

#include "dialects/interfaces/Collective.cpp.inc"

double mlir::dchag::getBytesSentByKind(CollectiveKind kind, double bytes, int64_t ranks) {
  double others = bytes * (ranks - 1) / ranks;
  switch (kind) {
  case CollectiveKind::AllGather:
    return bytes * (ranks - 1);
  case CollectiveKind::AllReduce:
    return 2 * others;
  case CollectiveKind::ReduceScatter:
  case CollectiveKind::AllToAll:
    return others;
  case CollectiveKind::AllSlice:
    return 0;
  case CollectiveKind::Other:
    return bytes;
  }
  return bytes;
}

unsigned mlir::dchag::getRoundsByKind(CollectiveKind kind, int64_t ranks) {
  if (kind == CollectiveKind::AllSlice)
    return 0;
  return llvm::Log2_64_Ceil(ranks) * (kind == CollectiveKind::AllReduce ? 2 : 1);
}
