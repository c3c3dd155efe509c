//===- CostModel.cpp - seconds and bytes of ops and collectives ------------*- C++ -*-===//

#include "dialects/interfaces/CostModel.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

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
  // A group lies within `period` ranks in a row that start at a multiple of that.
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

Cost CostModel::getExchange(ExchangeKind kind, double bytes, ArrayRef<unsigned> axes) const {
  Cost cost;
  int64_t ranks = getNumRanks(axes);
  if (ranks == 1)
    return cost;
  double part = bytes * static_cast<double>(ranks - 1) / static_cast<double>(ranks);
  unsigned rounds = llvm::Log2_64_Ceil(ranks);
  switch (kind) {
  case ExchangeKind::AllGather:
    cost.sent = bytes * static_cast<double>(ranks - 1);
    break;
  case ExchangeKind::AllReduce:
    cost.sent = 2 * part;
    rounds *= 2;
    break;
  case ExchangeKind::ReduceScatter:
  case ExchangeKind::AllToAll:
    cost.sent = part;
    break;
  case ExchangeKind::Broadcast:
    cost.sent = bytes;
    break;
  case ExchangeKind::Shift:
    cost.sent = bytes;
    rounds = 1;
    break;
  }
  const Level &level = levels[getLevel(axes)];
  cost.seconds = rounds * double(level.latency) + cost.sent * level.secondsPerByte;
  return cost;
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
  auto model = dyn_cast<CostOpInterface>(op);
  if (!model) {
    Cost cost = getWork(0, bytesOfOperandsAndResults(op), getWorkType(op));
    cost.numUnknown = 1;
    return cost;
  }
  if (std::optional<Exchange> exchange = model.getExchange()) {
    SmallVector<unsigned> axes(exchange->axes.begin(), exchange->axes.end());
    return getExchange(exchange->kind, getTensorBytes(op->getOperand(0).getType()), axes);
  }
  return getWork(model.getFlops(), model.getBytes(), getWorkType(op));
}
