//===- BufferTable.cpp - ports of entry points as buffers of one table -----*- C++ -*-===//

#include "BufferTable.h"

using namespace mlir;
using namespace mlir::dchag;

static RankedTensorType asTensor(Type type) {
  auto shaped = cast<ShapedType>(type);
  return RankedTensorType::get(shaped.getShape(), shaped.getElementType());
}

FailureOr<ArrayAttr> BufferTable::getAxes(const Port &port) const {
  Builder b(context);
  SmallVector<Attribute> dims(asTensor(port.getType()).getRank(), b.getDenseI32ArrayAttr({}));
  ShardingAttr sharding = port.getSharding();
  for (auto [dim, split] :
       llvm::enumerate(sharding ? sharding.getDims() : ArrayRef<DimShardingAttr>())) {
    SmallVector<int32_t> axes;
    for (StringAttr axis : split.getAxes()) {
      std::optional<unsigned> index = mesh ? mesh.getAxisIndex(axis) : std::nullopt;
      if (!index)
        return port.getFunction().emitOpError()
               << port << " is split over " << axis << ", which is no axis of the module's mesh";
      axes.push_back(*index);
    }
    dims[dim] = b.getDenseI32ArrayAttr(axes);
  }
  return b.getArrayAttr(dims);
}

/// The reads of a loaded value; of a parameter as the file has it, one of everything.
ArrayAttr BufferTable::getReads(const Port &port, RankedTensorType type) const {
  if (ArrayAttr reads = port.getReads())
    return reads;
  Builder b(context);
  SmallVector<int64_t> strides(type.getRank(), 1), at(type.getRank(), 0);
  for (int64_t i = type.getRank() - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * type.getDimSize(i + 1);
  return b.getArrayAttr({ReadAttr::get(context, b.getStringAttr(port.getName()), type, 0,
                                       b.getDenseI64ArrayAttr(strides), b.getDenseI64ArrayAttr(at),
                                       b.getDenseI64ArrayAttr(type.getShape()))});
}

std::optional<unsigned> BufferTable::find(BufferRoleAttrInterface role, StringRef name) const {
  for (auto [index, buffer] : llvm::enumerate(buffers))
    if (buffer.getRole() == role && buffer.getName().getValue() == name)
      return index;
  return std::nullopt;
}

FailureOr<unsigned> BufferTable::add(const Port &port, BufferRoleAttrInterface role) {
  FailureOr<ArrayAttr> axes = getAxes(port);
  if (failed(axes))
    return failure();
  RankedTensorType local = asTensor(port.getType());
  Type globalType = port.getGlobalType();
  RankedTensorType global = globalType == port.getType() ? local : asTensor(globalType);
  // Whoever fills or reads the buffer sees integers with the sign that files have.
  global = ReadAttr::withSign(global, port.isUnsigned());
  ArrayAttr reads = role.getFiller() == BufferFiller::File ? getReads(port, global) : ArrayAttr();
  auto error = [&] { return port.getFunction().emitOpError() << port << " is no buffer: "; };
  auto buffer = rt::BufferAttr::getChecked(error, context, StringAttr::get(context, port.getName()),
                                           Attribute(role), global, local, *axes, reads);
  if (!buffer)
    return failure();
  std::optional<unsigned> known = find(role, port.getName());
  if (known && buffers[*known] != buffer)
    return port.getFunction().emitOpError()
           << port << " and another port have the role " << role << " and the name '"
           << port.getName() << "', but " << buffer << " is not " << buffers[*known];
  if (known)
    return *known;
  buffers.push_back(buffer);
  return buffers.size() - 1;
}

void BufferTable::keepAsParameter(unsigned index, StringRef name) {
  rt::BufferAttr old = buffers[index];
  buffers[index] = rt::BufferAttr::get(context, StringAttr::get(context, name),
                                       getRoleAttr(context, RoleKind::Param), old.getType(),
                                       old.getLocal(), old.getAxes(), old.getReads());
}

ArrayAttr BufferTable::getAttr() const {
  SmallVector<Attribute> attrs(buffers.begin(), buffers.end());
  return ArrayAttr::get(context, attrs);
}
