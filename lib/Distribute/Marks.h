//===- Marks.h - what strategies and users ask of values ----------------------------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_MARKS_H
#define DCHAG_DISTRIBUTE_MARKS_H

#include "Splits.h"
#include "dchag/Distribute/Strategy.h"

namespace mlir::dchag {

/// Attribute of arguments: axes over which a parameter is stored in addition to the way it is
/// used, and over which it is gathered for that.
constexpr llvm::StringLiteral kStorageAxes = "dchag.storage";

/// Marks of a value; none where it has none.
SmallVector<MarkAttr> getMarks(Value value);

/// Whether a mark or a sharding of the user says where `axis` goes in `value`.
bool isDecided(Value value, StringAttr axis);

/// Where axes go in a value: dimension `dim` is split over them in blocks of `blockSize` elements;
/// without a dimension the value is the same on all their ranks.
struct MarkedDim {
  std::optional<unsigned> dim;
  int64_t blockSize = 1;
};

/// Marks a value unless one of the axes is decided already; returns whether it did.
bool mark(Value value, ArrayRef<StringAttr> axes, MarkedDim where, MarkPriority priority,
          StringRef by);
void addMark(Value value, MarkAttr mark);

/// Axes named by a pass option: those of the mesh with the name, and
/// those that were made of it ("tp.groups"). Emits an error when there is none.
FailureOr<SmallVector<StringAttr>> resolveAxes(ModuleOp module, const AxisNames &names);

/// What a pass that marks values works on: the mesh, the axes that it places, and all entry points
/// but `@prepare`, which follows from them.
struct MarkedProgram {
  MeshAttr mesh;
  SmallVector<StringAttr> axes;
  SmallVector<func::FuncOp> functions;
};
/// Emits an error when there is no mesh, or when it lacks axes named by `axes` (see resolveAxes).
FailureOr<MarkedProgram> getMarkedProgram(ModuleOp module, const AxisNames &axes = {});

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_MARKS_H
