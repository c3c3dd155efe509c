//===- Marks.h - what strategies and users ask of values ----------------------------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_MARKS_H
#define DCHAG_DISTRIBUTE_MARKS_H

#include "Splits.h"
#include "dchag/Distribute/Strategy.h"

namespace mlir::dchag {

/// Attribute of arguments: axes that a parameter is sharded over where it is stored, in addition to
/// the sharding its uses need; it is gathered over them before use.
constexpr llvm::StringLiteral kStorageAxes = "dchag.storage";

/// Marks of a value; empty if it has none.
SmallVector<MarkAttr> getMarks(Value value);

/// Whether a mark or a user's sharding decides where `axis` goes in `value`.
bool isDecided(Value value, StringAttr axis);

/// Where axes go in a value: they split dimension `dim` in blocks of `blockSize` elements; without
/// a dimension the value is replicated over them.
struct MarkedDim {
  std::optional<unsigned> dim;
  int64_t blockSize = 1;
};

/// Marks a value unless one of the axes is already decided; returns whether it did.
bool mark(Value value, ArrayRef<StringAttr> axes, MarkedDim where, MarkPriority priority,
          StringRef by);
void addMark(Value value, MarkAttr mark);

/// The axes that a pass option names: the mesh axis with the name, or the axes it was split into
/// ("tp.groups"). Emits an error when there is none.
FailureOr<SmallVector<StringAttr>> resolveAxes(ModuleOp module, const AxisNames &names);

/// What a pass that puts marks works on: the mesh, the axes that it places, and all entry points
/// except `@prepare`, whose shardings follow from theirs.
struct MarkedProgram {
  MeshAttr mesh;
  SmallVector<StringAttr> axes;
  SmallVector<func::FuncOp> functions;
};
/// Emits an error when there is no mesh, or when it lacks axes named by `axes` (see resolveAxes).
FailureOr<MarkedProgram> getMarkedProgram(ModuleOp module, const AxisNames &axes = {});

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_MARKS_H
