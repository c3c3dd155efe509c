//===- Spmd.cpp - ops of distributed programs ------------------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

/// Whether both have one rank and each dimension of the first divides that of the second.
static bool dividesShape(Type small, Type large) {
  ArrayRef<int64_t> divisors = cast<RankedTensorType>(small).getShape();
  ArrayRef<int64_t> sizes = cast<RankedTensorType>(large).getShape();
  return divisors.size() == sizes.size() && llvm::all_of(llvm::zip(divisors, sizes), [](auto pair) {
           return divides(std::get<0>(pair), std::get<1>(pair));
         });
}

//===----------------------------------------------------------------------===//
// ReshardOp
//===----------------------------------------------------------------------===//

LogicalResult ReshardOp::verify() {
  auto global = dyn_cast<RankedTensorType>(getGlobal());
  if (!global || !global.hasStaticShape())
    return emitOpError("(C1) global must be a static tensor type: got ") << getGlobal();
  MeshAttr mesh = MeshAttr::lookup(*this);
  if (!mesh)
    return emitOpError("(C1) needs a module with the attribute ") << MeshAttr::attrName;
  auto error = [&] { return emitOpError("(C1) "); };
  if (failed(getFrom().verifyFor(error, global, mesh)) ||
      failed(getTo().verifyFor(error, global, mesh)))
    return failure();
  for (PartialAttr partial : getTo().getPartials())
    if (!llvm::is_contained(getFrom().getPartials(), partial))
      return emitOpError("(C1) cannot make a partial result: got ") << partial << " in to only";
  Type from = getFrom().getLocalType(global, mesh), to = getTo().getLocalType(global, mesh);
  bool isGlobal = getInput().getType() == global && getType() == global;
  bool isLocal = getInput().getType() == from && getType() == to;
  if (!isGlobal && !isLocal)
    return emitOpError("(C2) must go from ")
           << from << " to " << to << " (or have the global type twice): got "
           << getInput().getType() << " and " << getType();
  if (combinesSoftmax() != static_cast<bool>(getMaximum()))
    return emitOpError("(C3) must have a maximum exactly where parts of a softmax are combined");
  if (getMaximum() && !dividesShape(getMaximum().getType(), getInput().getType()))
    return emitOpError("(C3) the maximum must have dimensions that divide those of the input: got ")
           << getMaximum().getType() << " and " << getInput().getType();
  return success();
}

bool ReshardOp::combinesSoftmax() {
  return llvm::any_of(getFrom().getPartials(), [&](PartialAttr partial) {
    return partial.getKind() == FactorKind::Softmax &&
           !llvm::is_contained(getTo().getPartials(), partial);
  });
}

LogicalResult ReshardOp::evaluate(ArrayRef<EvalTensor> operands,
                                  SmallVectorImpl<EvalTensor> &results) {
  if (getInput().getType() != getGlobal() || getType() != getGlobal())
    return emitOpError("moves data between ranks: run reshards-to-collectives first");
  results.push_back(operands[0]);
  return success();
}

//===----------------------------------------------------------------------===//
// RescaleOp
//===----------------------------------------------------------------------===//

LogicalResult RescaleOp::verify() {
  if (!dividesShape(getFrom().getType(), getType()))
    return emitOpError("(C1) from must have dimensions that divide those of the input: got ")
           << getFrom().getType() << " for " << getType();
  if (tensorType(getFrom()).getElementType() != getType().getElementType())
    return emitOpError("(C2) from must have the element type of the input: got ")
           << tensorType(getFrom()).getElementType() << ", wanted " << getType().getElementType();
  return success();
}

LogicalResult RescaleOp::evaluate(ArrayRef<EvalTensor> operands,
                                  SmallVectorImpl<EvalTensor> &results) {
  EvalTensor result = operands[0];
  ArrayRef<int64_t> shape = result.getShape(), small = operands[1].getShape();
  double *y = result.mutableFloats();
  for (int64_t i = 0; i < result.getNumElements(); ++i) {
    int64_t rest = i, index = 0, stride = 1;
    for (int64_t d = shape.size() - 1; d >= 0; --d) {
      index += rest % shape[d] / (shape[d] / small[d]) * stride;
      rest /= shape[d];
      stride *= small[d];
    }
    y[i] *= std::exp(operands[1].floats()[index] - operands[2].floats()[index]);
  }
  results.push_back(std::move(result));
  return success();
}

//===----------------------------------------------------------------------===//
// MaskShardOp
//===----------------------------------------------------------------------===//

LogicalResult MaskShardOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (static_cast<int64_t>(getDim()) >= type.getRank())
    return emitOpError("(C1) dim must be below the rank: got ") << getDim() << " for " << type;
  if (getValue().getType() != type.getElementType())
    return emitOpError("(C3) value must have the element type ")
           << type.getElementType() << ": got " << getValue();
  MeshAttr mesh = MeshAttr::lookup(*this);
  for (Attribute axis : getAxes())
    if (!mesh || !mesh.getAxisIndex(cast<StringAttr>(axis).getValue()))
      return emitOpError("(C2) needs a mesh (module attribute ")
             << MeshAttr::attrName << ") with the axis " << axis;
  return success();
}

int64_t MaskShardOp::getKept(int64_t rank, MeshAttr mesh) {
  SmallVector<StringAttr> axes;
  for (Attribute axis : getAxes())
    axes.push_back(cast<StringAttr>(axis));
  int64_t local = cast<RankedTensorType>(getType()).getDimSize(getDim());
  int64_t rest = static_cast<int64_t>(getSize()) - mesh.getPosition(rank, axes) * local;
  return std::max<int64_t>(0, std::min(rest, local));
}

bool MaskShardOp::isExactOnIntegers() {
  auto number = dyn_cast<FloatAttr>(getValue());
  return !number || hasFewBits(number.getValue());
}

std::optional<SmallVector<int32_t>> MaskShardOp::getDependentAxes(MeshAttr mesh) {
  SmallVector<int32_t> axes;
  for (auto name : getAxes().getAsRange<StringAttr>())
    if (std::optional<unsigned> axis = mesh.getAxisIndex(name.getValue()))
      axes.push_back(*axis);
  return axes;
}

LogicalResult MaskShardOp::evaluate(ArrayRef<EvalTensor>, SmallVectorImpl<EvalTensor> &) {
  return emitOpError("depends on the rank: it has no value on a single device");
}

/// As EvalTensor stores integers: booleans as 0 or 1, others sign extended.
static int64_t getStored(const APInt &value) {
  return value.getBitWidth() == 1 ? value.getZExtValue() : value.getSExtValue();
}

LogicalResult MaskShardOp::evaluateOnRank(const GridPosition &position,
                                          ArrayRef<EvalTensor> operands,
                                          SmallVectorImpl<EvalTensor> &results) {
  MeshAttr mesh = MeshAttr::lookup(*this);
  if (!mesh || mesh.getSizes() != position.shape)
    return emitOpError("must run on the grid of the mesh of its module");
  EvalTensor result = operands[0];
  ArrayRef<int64_t> shape = result.getShape();
  int64_t inner = 1, extent = shape[getDim()], kept = getKept(position.rank, mesh);
  for (int64_t size : shape.drop_front(getDim() + 1))
    inner *= size;
  for (int64_t i = 0; i < result.getNumElements(); ++i) {
    if (i / inner % extent < kept)
      continue;
    if (auto number = dyn_cast<FloatAttr>(getValue()))
      result.mutableFloats()[i] = number.getValueAsDouble();
    else
      result.mutableInts()[i] = getStored(cast<IntegerAttr>(getValue()).getValue());
  }
  results.push_back(std::move(result));
  return success();
}
