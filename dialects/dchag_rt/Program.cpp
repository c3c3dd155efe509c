//===- Program.cpp - what a scheduled program is made of -------------------*- C++ -*-===//

#include "dialects/dchag/Program.h"
#include "dialects/dchag_rt/Runtime.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::rt;

using EmitError = function_ref<InFlightDiagnostic()>;

LogicalResult AxisAttr::verify(EmitError emitError, StringAttr name, int64_t size) {
  if (size <= 0)
    return emitError() << "(A1) axis " << name << " has the size " << size << ", wanted 1 or more";
  return success();
}

static LogicalResult verifyAxesOfDims(EmitError emitError, StringAttr name, RankedTensorType type,
                                      RankedTensorType local, ArrayAttr axes) {
  for (auto [dim, attr] : llvm::enumerate(axes)) {
    auto list = dyn_cast<DenseI32ArrayAttr>(attr);
    if (!list)
      return emitError() << "(B1) buffer " << name << " has the axes " << attr << " of dimension "
                         << dim << ", wanted array<i32>";
    if (list.empty() && type.getDimSize(dim) != local.getDimSize(dim))
      return emitError() << "(B2) buffer " << name << " has " << local.getDimSize(dim) << " of "
                         << type.getDimSize(dim) << " in dimension " << dim
                         << ", which no axis splits";
  }
  return success();
}

LogicalResult BufferAttr::verify(EmitError emitError, StringAttr name, Attribute role,
                                 RankedTensorType type, RankedTensorType local, ArrayAttr axes,
                                 ArrayAttr reads) {
  if (!isRole(role))
    return emitError() << "(B1) buffer " << name << " has the role " << role
                       << ", which is none: wanted one such as \"input\"";
  if (!type.hasStaticShape() || !local.hasStaticShape() || type.getRank() != local.getRank() ||
      type.getRank() != int64_t(axes.size()))
    return emitError() << "(B1) buffer " << name << " has the type " << type << ", of a rank "
                       << local << ", and axes of " << axes.size()
                       << " dimensions: wanted static shapes of one rank";
  if (failed(verifyAxesOfDims(emitError, name, type, local, axes)))
    return failure();
  bool isFromFile = cast<BufferRoleAttrInterface>(role).getFiller() == BufferFiller::File;
  if (isFromFile != bool(reads) || (reads && !llvm::all_of(reads, llvm::IsaPred<ReadAttr>)))
    return emitError() << "(B3) buffer " << name << " of the role " << role << " has "
                       << (reads ? "reads that are wrong here" : "no reads") << ": wanted "
                       << (isFromFile ? "a list of #dchag.read" : "none");
  return success();
}

LogicalResult EntryAttr::verify(EmitError emitError, StringAttr name, FlatSymbolRefAttr, EntryTime,
                                DenseI32ArrayAttr, int64_t arena, int64_t thread) {
  if (arena < 0 || thread < 0)
    return emitError() << "(E1) entry point " << name << " has an arena of " << arena
                       << " bytes and " << thread << " bytes for each thread";
  return success();
}

/// Whether all elements are of the kind; says which one is not.
template <typename AttrTy>
static LogicalResult verifyList(EmitError emitError, StringRef what, StringRef wanted,
                                ArrayAttr list) {
  for (Attribute element : list)
    if (!isa<AttrTy>(element))
      return emitError() << "(P1) " << what << " holds " << element << ", wanted " << wanted;
  return success();
}

static LogicalResult verifyNumbers(EmitError emitError, const Twine &what,
                                   ArrayRef<int32_t> numbers, size_t end) {
  for (int32_t number : numbers)
    if (number < 0 || size_t(number) >= end)
      return emitError() << "(P2) " << what << " names number " << number << " of " << end;
  return success();
}

static LogicalResult verifyBuffers(EmitError emitError, ArrayAttr axes, ArrayAttr buffers) {
  llvm::DenseSet<std::pair<Attribute, Attribute>> names;
  for (auto buffer : buffers.getAsRange<BufferAttr>()) {
    if (!names.insert({buffer.getRole(), buffer.getName()}).second)
      return emitError() << "(P2) two buffers of the role " << buffer.getRole() << " have the name "
                         << buffer.getName();
    for (Attribute list : buffer.getAxes())
      if (failed(verifyNumbers(emitError, "buffer " + buffer.getName().getValue(),
                               cast<DenseI32ArrayAttr>(list), axes.size())))
        return failure();
  }
  return success();
}

LogicalResult ProgramAttr::verify(EmitError emitError, StringAttr, ArrayAttr axes, ArrayAttr groups,
                                  ArrayAttr sites, ArrayAttr buffers, ArrayAttr entries) {
  if (failed(verifyList<AxisAttr>(emitError, "axes", "#dchag_rt.axis", axes)) ||
      failed(verifyList<DenseI32ArrayAttr>(emitError, "groups", "array<i32>", groups)) ||
      failed(verifyList<StringAttr>(emitError, "sites", "strings", sites)) ||
      failed(verifyList<BufferAttr>(emitError, "buffers", "#dchag_rt.buffer", buffers)) ||
      failed(verifyList<EntryAttr>(emitError, "entries", "#dchag_rt.entry", entries)) ||
      failed(verifyBuffers(emitError, axes, buffers)))
    return failure();
  for (auto group : groups.getAsRange<DenseI32ArrayAttr>())
    if (failed(verifyNumbers(emitError, "a group", group, axes.size())))
      return failure();
  llvm::StringSet<> names;
  for (auto entry : entries.getAsRange<EntryAttr>()) {
    if (!names.insert(entry.getName()).second)
      return emitError() << "(P2) two entry points have the name " << entry.getName();
    if (failed(verifyNumbers(emitError, "entry point " + entry.getName().getValue(),
                             entry.getBuffers(), buffers.size())))
      return failure();
  }
  return success();
}

std::optional<unsigned> ProgramAttr::getGroupIndex(DenseI32ArrayAttr axes) const {
  const auto *found = llvm::find(getGroups(), Attribute(axes));
  if (found == getGroups().end())
    return std::nullopt;
  return found - getGroups().begin();
}
