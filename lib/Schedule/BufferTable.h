//===- BufferTable.h - ports of entry points as buffers of one table -------*- C++ -*-===//
#ifndef DCHAG_LIB_SCHEDULE_BUFFERTABLE_H
#define DCHAG_LIB_SCHEDULE_BUFFERTABLE_H

#include "dialects/dchag/Program.h"
#include "dialects/dchag_rt/Runtime.h"

namespace mlir::dchag {

/// The buffers of a program. Ports of one role and name are one buffer, whatever entry points
/// they belong to.
class BufferTable {
public:
  explicit BufferTable(ModuleOp module)
      : context(module.getContext()), mesh(MeshAttr::lookup(module)) {}

  /// The buffer of a port that has `role`, its own or another one. Emits an error if there is a
  /// buffer of the name that does not fit.
  FailureOr<unsigned> add(const Port &port, BufferRoleAttrInterface role);
  /// Makes a loaded buffer the parameter `name`, which stays after the preparation.
  void keepAsParameter(unsigned index, StringRef name);
  /// The number of a buffer, or nothing.
  std::optional<unsigned> find(BufferRoleAttrInterface role, StringRef name) const;
  BufferRoleAttrInterface getRole(unsigned index) const {
    return buffers[index].getRoleInterface();
  }
  ArrayAttr getAttr() const;

private:
  FailureOr<ArrayAttr> getAxes(const Port &port) const;
  ArrayAttr getReads(const Port &port, RankedTensorType type) const;

  MLIRContext *context;
  MeshAttr mesh;
  SmallVector<rt::BufferAttr> buffers;
};

} // namespace mlir::dchag

#endif // DCHAG_LIB_SCHEDULE_BUFFERTABLE_H
