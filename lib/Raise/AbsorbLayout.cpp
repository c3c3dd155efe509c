//===- AbsorbLayout.cpp - composes views, absorbs transposes ---------------*- C++ -*-===//

#include "dchag/Raise/Passes.h"
#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_ABSORBLAYOUT
#include "dchag/Raise/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// Number of views between a value and `source`; -1 if the value is not a view of it.
static int countViews(Value value, Value source) {
  int count = 0;
  while (value != source) {
    Operation *op = value.getDefiningOp();
    value = op ? getOnlySource(op) : Value();
    if (!value)
      return -1;
    ++count;
  }
  return count;
}

/// Erases the views of a rebuilt chain that is not shorter than the old one.
static void eraseChain(Value value, Value source) {
  while (value != source) {
    Operation *op = value.getDefiningOp();
    Value next = op->getOperand(0);
    if (!op->use_empty())
      return;
    Operation *init = op->getNumOperands() > 1 ? op->getOperand(1).getDefiningOp() : nullptr;
    op->erase();
    if (init && init->use_empty())
      init->erase();
    value = next;
  }
}

/// Replaces a value unless the replacement is the value itself, or a view of it: nothing is gained
/// then, and the views would become their own operands.
static void replaceValue(Value value, Value replacement) {
  if (countViews(replacement, value) >= 0)
    return eraseChain(replacement, value);
  value.replaceAllUsesWith(replacement);
}

/// Replaces the end of a chain of two or more views by the shortest equivalent chain.
static void composeViews(Operation *op, ParameterAnalysis &parameters) {
  if (!isView(op) || op->use_empty())
    return;
  // Only where a chain ends or branches.
  if (op->hasOneUse() && getOnlySource(*op->user_begin()))
    return;
  IndexNotation notation(parameters);
  Value value = op->getResult(0);
  Ref root = notation.createRef(value);
  Ref leaf = notation.strip(root);
  int before = countViews(value, leaf.value);
  if (leaf.value == value || (before >= 0 && before < 2))
    return;
  OpBuilder b(op);
  FailureOr<AtomTensor> tensor = notation.read(leaf, nullptr, op->getLoc());
  if (failed(tensor))
    return;
  Value result = notation.arrangeAs(*notation.read(leaf, &b, op->getLoc()), root, b, op->getLoc());
  int after = countViews(result, leaf.value);
  if (before >= 0 && after >= before)
    return eraseChain(result, leaf.value);
  replaceValue(value, result);
}

//===----------------------------------------------------------------------===//
// Concatenations of slices
//===----------------------------------------------------------------------===//

namespace {
/// The dimension in which the operands of a concatenation read consecutive parts.
struct Consecutive {
  unsigned dim = 0;
  int64_t offset = 0, stride = 0;
};
} // namespace

/// Whether `refs`, which have `sizes[i]` elements with atom `own[i]` each, read consecutive parts
/// of one dimension and are equal otherwise.
static std::optional<Consecutive> findConsecutive(ArrayRef<Ref> refs, ArrayRef<int64_t> sizes,
                                                  ArrayRef<AtomList> own) {
  std::optional<Consecutive> found;
  int64_t position = 0;
  for (unsigned i = 0; i < refs.size(); position += sizes[i++]) {
    if (refs[i].value != refs[0].value)
      return std::nullopt;
    bool isShifted = false;
    for (unsigned dim = 0; dim < refs[0].dims.size(); ++dim) {
      const Index &first = refs[0].dims[dim], &index = refs[i].dims[dim];
      auto ownStride = [&](const Index &access, ArrayRef<Atom> list) -> int64_t {
        for (Term term : access.terms)
          if (llvm::is_contained(list, term.atom))
            return term.stride;
        return 0;
      };
      auto others = [&](const Index &access, ArrayRef<Atom> list) {
        SmallVector<Term> terms;
        llvm::copy_if(access.terms, std::back_inserter(terms),
                      [&](Term term) { return !llvm::is_contained(list, term.atom); });
        return terms;
      };
      if (others(first, own[0]) != others(index, own[i]))
        return std::nullopt;
      int64_t delta = index.offset - first.offset;
      int64_t stride = ownStride(index, own[i]);
      if (delta == 0 && stride == 0)
        continue;
      // A part of more than one element must run along the same dimension.
      if (stride == 0 && (position == 0 || delta % position != 0 || !own[i].empty()))
        return std::nullopt;
      isShifted = true;
      if (stride == 0)
        stride = delta / position;
      if (stride <= 0 || delta != stride * position)
        return std::nullopt;
      if (found && (found->dim != dim || found->stride != stride))
        return std::nullopt;
      found = Consecutive{dim, first.offset, stride};
    }
    // Only the first part may have offset 0 and no atom in the dimension.
    if (!isShifted && (i != 0 || !own[0].empty()))
      return std::nullopt;
  }
  return found;
}

/// A concatenation of consecutive slices of one value is a slice of it.
static void foldConcat(tensor::ConcatOp op, ParameterAnalysis &parameters) {
  if (op->use_empty())
    return;
  IndexNotation notation(parameters);
  Ref root = notation.createRef(op.getResult());
  SmallVector<Ref> refs;
  SmallVector<int64_t> sizes;
  SmallVector<AtomList> own;
  for (Value input : op.getInputs()) {
    int64_t size = cast<RankedTensorType>(input.getType()).getDimSize(op.getDim());
    Ref ref{input, root.dims};
    ref.dims[op.getDim()] = notation.createFullIndex(size);
    own.push_back(notation.getAtoms(ref.dims[op.getDim()]));
    refs.push_back(notation.strip(ref));
    sizes.push_back(size);
  }
  for (auto [ref, list] : llvm::zip(refs, own)) {
    notation.resolve(ref);
    // A part whose atom was cut again is not one contiguous run.
    if (notation.resolved(list) != list)
      return;
  }
  std::optional<Consecutive> found = findConsecutive(refs, sizes, own);
  if (!found)
    return;
  Ref whole = refs[0];
  Index &index = whole.dims[found->dim];
  llvm::erase_if(index.terms, [&](Term term) { return llvm::is_contained(own[0], term.atom); });
  for (Atom atom : notation.getAtoms(root.dims[op.getDim()]))
    index.terms.push_back({atom, found->stride});
  notation.resolve(whole);
  OpBuilder b(op);
  if (failed(notation.read(whole, nullptr, op.getLoc())))
    return;
  AtomTensor tensor = *notation.read(whole, &b, op.getLoc());
  replaceValue(op.getResult(), notation.arrangeAs(tensor, root, b, op.getLoc()));
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

static bool isBehindTranspose(Value value) {
  for (Operation *op; value && (op = value.getDefiningOp()); value = getOnlySource(op))
    if (isa<linalg::TransposeOp>(op))
      return true;
  return false;
}

/// Absorbs transposes of operands into the indexing maps.
static void absorbTransposes(linalg::ContractOp op, ParameterAnalysis &parameters) {
  if (op->use_empty() || llvm::none_of(op.getInputs(), isBehindTranspose))
    return;
  IndexNotation notation(parameters);
  Ref root = notation.createRef(op.getResult(0));
  auto policy = [&](Operation *other) { return other == op; };
  // The first, dry run cuts atoms where views require it, so that the second finds the short form.
  if (failed(notation.rebuild(root, policy, nullptr, op.getLoc())))
    return;
  OpBuilder b(op);
  FailureOr<AtomTensor> tensor = notation.rebuild(root, policy, &b, op.getLoc());
  if (failed(tensor) || tensor->value == op.getResult(0))
    return;
  replaceValue(op.getResult(0), notation.arrangeAs(*tensor, root, b, op.getLoc()));
}

namespace {
struct AbsorbLayout : mlir::dchag::impl::AbsorbLayoutBase<AbsorbLayout> {
  template <typename Op, typename Function>
  void forAll(Block &block, Function function) {
    ParameterAnalysis parameters;
    SmallVector<Op> ops(block.getOps<Op>());
    for (Op op : ops)
      function(op, parameters);
    eraseDeadOps(block);
  }
  void composeAll(Block &block) {
    ParameterAnalysis parameters;
    SmallVector<Operation *> ops;
    for (Operation &op : block)
      ops.push_back(&op);
    for (Operation *op : ops)
      composeViews(op, parameters);
    eraseDeadOps(block);
  }
  void runOnOperation() override {
    if (!hasStaticShapes(getOperation()))
      return;
    for (Block &block : getOperation().getBody()) {
      eraseDeadOps(block);
      forAll<tensor::ConcatOp>(block, foldConcat);
      forAll<linalg::ContractOp>(block, absorbTransposes);
      composeAll(block);
    }
  }
};
} // namespace
