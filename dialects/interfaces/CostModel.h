//===- CostModel.h - seconds and bytes of ops and collectives --------------*- C++ -*-===//
//
// One place says what something costs on a machine, for every pass that chooses:
//
//   an op          max(flops / rate of its element type, bytes / bandwidth of memory)
//   a collective   rounds * latency + bytes sent / bandwidth
//
// Bytes sent and rounds are what CollectiveOpInterface says (dialects/interfaces/Collective.h).
// Latency and bandwidth are those of the innermost level of the network that holds all groups
// of the collective.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_INTERFACES_COSTMODEL_H
#define DCHAG_INTERFACES_COSTMODEL_H

#include "dialects/interfaces/Collective.h"
#include "dialects/interfaces/Interfaces.h"

namespace mlir::dchag {

/// What something costs one rank.
struct Cost {
  double seconds = 0;
  /// Floating-point operations, and bytes to and from memory.
  double flops = 0, bytes = 0;
  /// Bytes sent to other ranks.
  double sent = 0;
  /// Ops that do not say their operations (no CostOpInterface): `flops` lacks them, and `seconds`
  /// has the time of their bytes.
  int64_t numUnknown = 0;

  Cost &operator+=(const Cost &other);
};

class CostModel {
public:
  /// Of a mesh with axes of these sizes, the last one fastest over the ranks.
  CostModel(MachineAttr machine, ArrayRef<int64_t> mesh);
  /// Of machine and mesh of the module that holds `op`; without a mesh it is one rank.
  static CostModel get(Operation *op);

  /// An op on the types that it has; an op of several ranks is what it exchanges.
  Cost getCost(Operation *op) const;
  /// Work on one rank; `type` is that of the elements that are multiplied.
  Cost getWork(double flops, double bytes, Type type) const;
  /// A collective of operands of `bytes` on each rank, along axes of the mesh.
  Cost getExchange(CollectiveKind kind, double bytes, ArrayRef<unsigned> axes) const;

  /// Least seconds in which a rank gets `bytes` from others, over any axes: 0 of no bytes.
  double getBound(double bytes) const;

  int64_t getNumRanks(ArrayRef<unsigned> axes) const;
  /// The level of the network (0 is the innermost) within which all groups along `axes` are.
  unsigned getLevel(ArrayRef<unsigned> axes) const;

private:
  Cost getExchange(double sent, unsigned rounds, ArrayRef<unsigned> axes) const;

  struct Level {
    int64_t ranks;
    /// With the bits of a float, so that sums of what messages take are the same number in any
    /// order, and ways that take as long are seen to.
    float secondsPerByte, latency;
  };
  MachineAttr machine;
  SmallVector<int64_t> mesh;
  SmallVector<Level> levels;
};

/// The element type by which an op multiplies: of its first tensor of floats, else of its first
/// value.
Type getWorkType(Operation *op);

} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_COSTMODEL_H
