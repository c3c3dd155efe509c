//===- IndexNotation.h - tensors as expressions in index variables ---------*- C++ -*-===//
//
// Exporters write one computation with many orders of reshapes and transposes. In index
// notation they are all the same:
//
//     %t = linalg.transpose %x [1, 0]              : tensor<6x4>  from tensor<4x6>
//     %e = tensor.expand_shape %t                  : tensor<2x3x4>
//     %s = tensor.extract_slice %e[1, 0, 0] ...    : tensor<1x3x4>
//
// The element %s[0, i, j] is %x[j, 3 + i]. An index variable (an *atom*, here i of size 3 and
// j of size 4) runs over 0 .. size - 1; a dimension of a tensor is accessed by an offset plus
// a sum of atoms with strides. Going back from a value through views (transposes, reshapes,
// slices, broadcasts) only rewrites the accesses, and where a reshape cuts an atom in two it
// is replaced by its parts everywhere. Matchers compare accesses, never chains of views.
// Atoms of size 1 do not exist: such a dimension is accessed by 0.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_VIEWS_INDEXNOTATION_H
#define DCHAG_VIEWS_INDEXNOTATION_H

#include "dchag/Views/View.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::dchag {

using AtomList = SmallVector<Atom>;

/// An element of a value: one access for each of its dimensions.
struct Ref {
  Value value;
  SmallVector<Index> dims;
};

/// A tensor with one dimension for each atom that it depends on. Without a value (a dry run) it
/// only holds the atoms that a rebuilt tensor would depend on.
struct AtomTensor {
  Value value;
  AtomList atoms;
};

/// The atoms of one match, and the ops created from it.
class IndexNotation {
public:
  explicit IndexNotation(ParameterAnalysis &parameters) : parameters(parameters) {}

  Atom createAtom(int64_t size);
  int64_t getSize(Atom atom) const { return atoms[atom].size; }
  int64_t getSize(ArrayRef<Atom> list) const;
  /// All of a dimension: a new atom, or 0 for size 1.
  Index createFullIndex(int64_t size);
  /// A value with a new atom for each dimension.
  Ref createRef(Value value);

  /// Replaces atoms that were split by their parts.
  void resolve(Index &index) const;
  void resolve(Ref &ref) const;
  void resolve(AtomList &list) const;
  AtomList resolved(AtomList list) const {
    resolve(list);
    return list;
  }

  /// Atoms of an access or reference, each once, in order.
  AtomList getAtoms(const Index &index) const;
  AtomList getAtoms(const Ref &ref) const;
  /// The atoms of an access that is exactly 0 .. size - 1 in row-major order.
  std::optional<AtomList> getFullAtoms(const Index &index, int64_t size) const;
  /// The atoms of the last `dims` dimensions if these are accessed whole, and by no atom of the
  /// dimensions before.
  std::optional<AtomList> getLastAtoms(const Ref &ref, int64_t dims) const;

  /// Goes back through views as long as accesses can be expressed.
  Ref strip(Ref ref);

  /// The operands of a contraction for an element of its result; `reduced` gets the atoms
  /// that are summed over.
  struct Product {
    Ref lhs, rhs;
    SmallVector<Index> reduced;
  };
  Product getProduct(linalg::ContractOp op, const Ref &result);

  /// Whether to rebuild an op that is found on the way back in index notation.
  using Policy = llvm::function_ref<bool(Operation *)>;
  /// Rebuilds a reference with one dimension for each atom it depends on: broadcasts vanish,
  /// element-wise ops, contractions and norms for which `policy` holds are created on the new
  /// shapes, everything else is read through views. Ops are created at `b`; without it this is a
  /// dry run.
  FailureOr<AtomTensor> rebuild(Ref ref, Policy policy, OpBuilder *b, Location loc);
  /// Rebuilds everything that depends on parameters only.
  FailureOr<AtomTensor> rebuildParameters(const Ref &ref, OpBuilder *b, Location loc);
  /// Reads the value itself through views.
  FailureOr<AtomTensor> read(Ref ref, OpBuilder *b, Location loc);

  /// Reshapes and transposes a tensor to the shape given by lists of atoms, one list for each
  /// dimension; atoms it does not depend on are broadcast.
  Value arrange(AtomTensor tensor, ArrayRef<AtomList> dims, OpBuilder &b, Location loc);
  /// The inverse: a value whose dimensions are lists of atoms.
  AtomTensor split(Value value, ArrayRef<AtomList> dims, OpBuilder &b, Location loc);
  /// Brings `tensor` to the shape and order of `root`, which has full dimensions.
  Value arrangeAs(AtomTensor tensor, const Ref &root, OpBuilder &b, Location loc);

private:
  struct AtomInfo {
    int64_t size;
    /// The slow and the fast part, if the atom was split.
    std::optional<std::pair<Atom, Atom>> parts;
  };
  bool stripOnce(Ref &ref);
  /// index = quotient * size + remainder with 0 <= remainder < size.
  bool divide(const Index &index, int64_t size, Index &quotient, Index &remainder);
  int64_t getMax(const Index &index) const;
  bool enter(Ref &ref, const ViewSource &source);
  void update(AtomTensor &tensor, OpBuilder *b, Location loc);
  Value broadcastTo(AtomTensor tensor, ArrayRef<Atom> order, OpBuilder &b, Location loc);
  FailureOr<AtomTensor> rebuildElementwise(Operation *op, const Ref &ref, Policy policy,
                                           OpBuilder *b, Location loc);
  FailureOr<AtomTensor> rebuildContract(linalg::ContractOp op, const Ref &ref, Policy policy,
                                        OpBuilder *b, Location loc);
  FailureOr<AtomTensor> rebuildNorm(Operation *op, const Ref &ref, Policy policy, OpBuilder *b,
                                    Location loc);

  ParameterAnalysis &parameters;
  SmallVector<AtomInfo> atoms;
};

/// The number of trailing dimensions that a normalisation runs over; 0 for any other op.
int64_t getNormDims(Operation *op);
/// The number of a splat constant of floats, seen through views.
std::optional<double> getSplat(Value value);
/// Reshapes by collapsing and expanding; element counts must agree.
Value reshape(OpBuilder &b, Location loc, Value value, ArrayRef<int64_t> shape);
/// Whether all tensors of the op and of what is nested in it have static shapes.
bool hasStaticShapes(Operation *op);
/// Erases ops of the block without a use.
void eraseDeadOps(Block &block);

inline bool containsAll(ArrayRef<Atom> list, ArrayRef<Atom> wanted) {
  return llvm::all_of(wanted, [&](Atom atom) { return llvm::is_contained(list, atom); });
}
inline bool containsNone(ArrayRef<Atom> list, ArrayRef<Atom> others) {
  return llvm::none_of(others, [&](Atom atom) { return llvm::is_contained(list, atom); });
}
inline AtomList without(ArrayRef<Atom> list, ArrayRef<Atom> others) {
  AtomList result;
  llvm::copy_if(list, std::back_inserter(result),
                [&](Atom atom) { return !llvm::is_contained(others, atom); });
  return result;
}
inline AtomList intersect(ArrayRef<Atom> list, ArrayRef<Atom> others) {
  AtomList result;
  llvm::copy_if(list, std::back_inserter(result),
                [&](Atom atom) { return llvm::is_contained(others, atom); });
  return result;
}

} // namespace mlir::dchag

#endif // DCHAG_VIEWS_INDEXNOTATION_H
