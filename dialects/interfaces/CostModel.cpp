//===- CostModel.cpp - seconds and bytes of ops and collectives ------------*- C++ -*-===//

#include "dialects/interfaces/CostModel.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::dchag;

Cost &Cost::operator+=(const Cost &other) {
  seconds += other.seconds;
  flops += other.flops;
  bytes += other.bytes;
  sent += other.sent;
  numUnknown += other.numUnknown;
  return *this;
}

CostModel::CostModel(MachineAttr machine, ArrayRef<int64_t> mesh) : machine(machine), mesh(mesh) {
  for (NetworkLevelAttr level : machine.getNetwork())
    levels.push_back({level.getRanks(), static_cast<float>(1 / level.getBandwidth()),
                      static_cast<float>(level.getLatency())});
}

CostModel CostModel::get(Operation *op) {
  MeshAttr mesh = MeshAttr::lookup(op);
  return CostModel(MachineAttr::lookup(op), mesh ? mesh.getSizes() : ArrayRef<int64_t>());
}

int64_t CostModel::getNumRanks(ArrayRef<unsigned> axes) const {
  int64_t ranks = 1;
  for (unsigned axis : axes)
    ranks *= mesh[axis];
  return ranks;
}

unsigned CostModel::getLevel(ArrayRef<unsigned> axes) const {
  unsigned outermost = mesh.size();
  for (unsigned axis : axes)
    if (mesh[axis] > 1)
      outermost = std::min(outermost, axis);
  // A group is within `period` consecutive ranks that start at a multiple of that.
  int64_t period = 1, all = 1;
  for (unsigned axis = 0; axis < mesh.size(); ++axis) {
    all *= mesh[axis];
    period *= axis < outermost ? 1 : mesh[axis];
  }
  for (auto [index, level] : llvm::enumerate(levels))
    if (level.ranks >= all || level.ranks % period == 0)
      return index;
  return levels.size() - 1;
}

Cost CostModel::getExchange(double sent, unsigned rounds, ArrayRef<unsigned> axes) const {
  const Level &level = levels[getLevel(axes)];
  Cost cost;
  cost.sent = sent;
  cost.seconds = rounds * double(level.latency) + sent * level.secondsPerByte;
  return cost;
}

Cost CostModel::getExchange(CollectiveKind kind, double bytes, ArrayRef<unsigned> axes) const {
  int64_t ranks = getNumRanks(axes);
  if (ranks == 1)
    return Cost();
  return getExchange(getBytesSentByKind(kind, bytes, ranks), getRoundsByKind(kind, ranks), axes);
}

double CostModel::getBound(double bytes) const {
  if (bytes <= 0)
    return 0;
  double best = std::numeric_limits<double>::infinity();
  for (const Level &level : levels)
    best = std::min(best, level.latency + bytes * level.secondsPerByte);
  return best;
}

Cost CostModel::getWork(double flops, double bytes, Type type) const {
  Cost cost;
  cost.flops = flops;
  cost.bytes = bytes;
  cost.seconds = std::max(flops / machine.getRate(type), bytes / machine.getMemory());
  return cost;
}

Type mlir::dchag::getWorkType(Operation *op) {
  for (TypeRange types : {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types)
      if (isa<FloatType>(getElementTypeOrSelf(type)))
        return getElementTypeOrSelf(type);
  if (op->getNumResults())
    return getElementTypeOrSelf(op->getResult(0).getType());
  return op->getNumOperands() ? getElementTypeOrSelf(op->getOperand(0).getType())
                              : NoneType::get(op->getContext());
}

Cost CostModel::getCost(Operation *op) const {
  if (CollectiveOpInterface collective = mlir::dchag::getExchange(op)) {
    auto axes = llvm::to_vector_of<unsigned>(collective.getMeshAxes());
    int64_t ranks = getNumRanks(axes);
    return ranks == 1
               ? Cost()
               : getExchange(collective.getBytesSent(ranks), collective.getNumRounds(ranks), axes);
  }
  if (auto model = dyn_cast<CostOpInterface>(op))
    return getWork(model.getFlops(), model.getBytes(), getWorkType(op));
  Cost cost = getWork(0, bytesOfOperandsAndResults(op), getWorkType(op));
  cost.numUnknown = 1;
  return cost;
}
