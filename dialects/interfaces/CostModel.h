//===- CostModel.h - seconds and bytes of ops and collectives --------------*- C++ -*-===//
//
// The one model of what something costs on a machine, for every pass that chooses:
//
//   an op          max(flops / rate of its element type, bytes / bandwidth of memory)
//   a collective   rounds * latency + bytes sent / bandwidth
//
// Bytes sent and rounds are those of CollectiveOpInterface (dialects/interfaces/Collective.h).
// Latency and bandwidth are those of the innermost level of the network within which all groups of
// the collective are.
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
  /// Number of ops without operations (no CostOpInterface): `flops` lacks them, `seconds` has the
  /// time of their bytes only.
  int64_t numUnknown = 0;

  Cost &operator+=(const Cost &other);
};

class CostModel {
public:
  /// For a mesh with axes of these sizes, the last one fastest over the ranks.
  CostModel(MachineAttr machine, ArrayRef<int64_t> mesh);
  /// For the machine and the mesh of the module that holds `op`; without a mesh for one rank.
  static CostModel get(Operation *op);

  /// An op on its types; for a collective the cost of its communication.
  Cost getCost(Operation *op) const;
  /// Work on one rank; `type` is the element type of the multiplications.
  Cost getWork(double flops, double bytes, Type type) const;
  /// A collective on operands of `bytes` on each rank, along axes of the mesh.
  Cost getExchange(CollectiveKind kind, double bytes, ArrayRef<unsigned> axes) const;

  /// Lower bound of the seconds in which a rank receives `bytes` over any axes; 0 for no bytes.
  double getBound(double bytes) const;

  int64_t getNumRanks(ArrayRef<unsigned> axes) const;
  /// The level of the network (0 is the innermost) within which all groups along `axes` are.
  unsigned getLevel(ArrayRef<unsigned> axes) const;

private:
  Cost getExchange(double sent, unsigned rounds, ArrayRef<unsigned> axes) const;

  struct Level {
    int64_t ranks;
    /// Rounded to float precision, so that sums of the times of messages are equal in any order,
    /// and paths that take equally long are seen to.
    float secondsPerByte, latency;
  };
  MachineAttr machine;
  SmallVector<int64_t> mesh;
  SmallVector<Level> levels;
};

/// The element type of an op's multiplications: of its first tensor of floats, else of its first
/// value.
Type getWorkType(Operation *op);

} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_COSTMODEL_H
