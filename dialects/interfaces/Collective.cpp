//===- Collective.cpp - ops that ranks execute together --------------------*- C++ -*-===//

#include "dialects/interfaces/Collective.h"
#include "dialects/interfaces/Interfaces.h"

using namespace mlir;
using namespace mlir::dchag;

#include "dialects/interfaces/Collective.cpp.inc"

double mlir::dchag::getBytesSentByKind(CollectiveKind kind, Type input, int64_t ranks) {
  double bytes = getTensorBytes(input), others = bytes * (ranks - 1) / ranks;
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
