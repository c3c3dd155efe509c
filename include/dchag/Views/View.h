//===- View.h - where the elements of a view come from ---------------------*- C++ -*-===//
//
// A view moves elements and computes none. What each op does to an element is described once,
// by atoms that number the elements of its result and an access of each dimension of its source:
//
//     %s = tensor.extract_slice %x[1, 3] [1, 4] [1, 2]   : tensor<4x12xf32> to tensor<4xf32>
//     %c = tensor.collapse_shape %y [[0, 1]]             : tensor<2x3xf32> into tensor<6xf32>
//     %p = tensor.pad %z low[2] high[0] { yield %zero }  : tensor<5xf32> to tensor<7xf32>
//
// %s[a0] is %x[1, 3 + 2 a0]. The dimension of %c has two atoms, a0 of size 2 and a1 of size 3:
// %c[3 a0 + a1] is %y[a0, a1]. The source %z fills the box of size 5 at 2 of %p, %p[2 + a0] is
// %z[a0], and the rest is %zero.
//
// Two algorithms read the descriptions. `IndexNotation::strip` goes back from an element of the
// result; reads (lib/Prepare/Reads.cpp) go forward from boxes of the sources. Neither depends on
// single ops.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_VIEWS_VIEW_H
#define DCHAG_VIEWS_VIEW_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace mlir::dchag {

using Atom = unsigned;

/// An atom times a stride.
struct Term {
  Atom atom;
  int64_t stride;
  bool operator==(const Term &other) const { return atom == other.atom && stride == other.stride; }
};

/// The access of one dimension: offset + sum of the terms, strides in falling order.
struct Index {
  int64_t offset = 0;
  SmallVector<Term, 2> terms;
  bool operator==(const Index &other) const {
    return offset == other.offset && terms == other.terms;
  }
};

/// A box of elements.
struct Extent {
  SmallVector<int64_t> at, sizes;
  bool meets(const Extent &other) const;
  bool contains(const Extent &other) const;
};

/// An operand of a view, and the region of the result that it fills, but for what earlier sources
/// fill.
struct ViewSource : Extent {
  Value value;
  /// Sizes of the atoms 0, 1, ...; each dimension of the region has `numAtoms[dim]` of them, in
  /// row-major order. Here atoms may have size 1.
  SmallVector<int64_t> atomSizes;
  SmallVector<unsigned> numAtoms;
  /// The access of each dimension of the operand. An atom without a term repeats elements. Where
  /// there are several terms they are row-major, without an offset.
  SmallVector<Index> dims;

  /// Whether elements of the operand occur several times in the result.
  bool repeats() const;
};

struct View {
  SmallVector<ViewSource, 1> sources;
  /// The scalar that elements without a source have; null if there are none.
  Value padding;
};

/// Describes a view of static shape that has elements. Operands without elements are omitted, and
/// so are those that do not fill an element of `part` of the result, if that is given: a
/// concatenation may have hundreds of operands, for each of which this is called.
std::optional<View> getView(Operation *op, const Extent *part = nullptr);
/// Whether all elements are those of operands: a view that `IndexNotation::strip` may pass.
bool isView(Operation *op);
/// The operand that holds all elements of a view; null for other ops, and for views that join or
/// pad.
Value getOnlySource(Operation *op);

} // namespace mlir::dchag

#endif // DCHAG_VIEWS_VIEW_H
