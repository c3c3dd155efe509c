//===- Reads.cpp - views of file parameters as strided boxes ---------------*- C++ -*-===//

#include "Reads.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::dchag;

/// Above this number of boxes computing a value is cheaper than reading it box by box.
static constexpr size_t maxBoxes = 4096;

static bool isZero(Value value) {
  return matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_Zero());
}

/// Whether the op creates a tensor to write into, which has no boxes yet.
static bool holdsZeros(Operation *op) {
  if (auto fill = dyn_cast<linalg::FillOp>(op))
    return isZero(fill.getInputs()[0]);
  return isa<tensor::EmptyOp>(op) || (isa<arith::ConstantOp>(op) && isZero(op->getResult(0)));
}

static Boxes readAll(BlockArgument parameter) {
  Box box;
  box.parameter = parameter;
  box.sizes.assign(cast<RankedTensorType>(parameter.getType()).getShape());
  box.at.assign(box.sizes.size(), 0);
  int64_t stride = 1;
  for (int64_t size : llvm::reverse(box.sizes)) {
    box.strides.insert(box.strides.begin(), stride);
    stride *= size;
  }
  return {box};
}

//===----------------------------------------------------------------------===//
// From the dimensions of a source to atoms
//===----------------------------------------------------------------------===//

namespace {
/// The part of a box that is in one dimension of a source.
struct Run {
  int64_t at, count, stride;
};
} // namespace

/// Restricts a box to one step of `term`: it covers whole steps, or a part of one. Returns false
/// for a run that starts or ends inside of a step and touches other steps, too.
static bool enterStep(Term term, Run &run, Box &placed) {
  int64_t first = run.at / term.stride, last = (run.at + run.count - 1) / term.stride;
  bool isWhole = run.at % term.stride == 0 && run.count % term.stride == 0;
  if (!isWhole && first != last)
    return false;
  placed.at[term.atom] = first;
  placed.sizes[term.atom] = last - first + 1;
  placed.strides[term.atom] = isWhole ? run.stride * term.stride : 0;
  run.at %= term.stride;
  if (isWhole)
    run.count = term.stride;
  return true;
}

/// Intersects the run with offset + i * stride of the last term; returns false if that is empty.
static bool clip(int64_t offset, Term term, Run run, Box &placed) {
  int64_t begin = llvm::divideCeilSigned(run.at - offset, term.stride);
  int64_t end = llvm::divideFloorSigned(run.at + run.count - 1 - offset, term.stride) + 1;
  begin = std::max<int64_t>(begin, 0);
  end = std::min(end, placed.sizes[term.atom]);
  placed.offset += (offset + term.stride * begin - run.at) * run.stride;
  placed.at[term.atom] = begin;
  placed.sizes[term.atom] = end - begin;
  placed.strides[term.atom] = run.stride * term.stride;
  return begin < end;
}

/// Appends the part of a source's box that the view shows, as a box over the view's atoms. Returns
/// false if that part is not a box.
static bool place(const Box &box, const ViewSource &source, Boxes &result) {
  Box placed = box;
  placed.sizes = source.atomSizes;
  placed.strides.assign(placed.sizes.size(), 0);
  placed.at.assign(placed.sizes.size(), 0);
  for (auto [dim, access] : llvm::enumerate(source.dims)) {
    Run run{box.at[dim], box.sizes[dim], box.strides[dim]};
    if (access.terms.empty()) {
      if (access.offset < run.at || access.offset >= run.at + run.count)
        return true;
      placed.offset += (access.offset - run.at) * run.stride;
      continue;
    }
    for (Term term : ArrayRef<Term>(access.terms).drop_back())
      if (!enterStep(term, run, placed))
        return false;
    if (!clip(access.offset, access.terms.back(), run, placed))
      return true;
  }
  result.push_back(placed);
  return true;
}

//===----------------------------------------------------------------------===//
// From atoms to the dimensions of the result
//===----------------------------------------------------------------------===//

/// Merges the atoms `dim` and `dim + 1` of all boxes; a box that is not contiguous in the merged
/// dimension is split into its rows.
static bool mergeAtoms(Boxes &boxes, unsigned dim, int64_t innerSize) {
  Boxes result;
  for (const Box &box : boxes) {
    bool isWhole = box.at[dim + 1] == 0 && box.sizes[dim + 1] == innerSize;
    bool isRun =
        box.sizes[dim] == 1 || (isWhole && (box.sizes[dim + 1] == 1 ||
                                            box.strides[dim] == box.strides[dim + 1] * innerSize));
    int64_t rows = isRun ? 1 : box.sizes[dim];
    if (result.size() + rows > maxBoxes)
      return false;
    for (int64_t row = 0; row < rows; ++row) {
      Box merged = box;
      merged.offset += row * box.strides[dim];
      merged.at[dim] = (box.at[dim] + row) * innerSize + box.at[dim + 1];
      merged.sizes[dim] = (isRun ? box.sizes[dim] : 1) * box.sizes[dim + 1];
      merged.strides[dim] =
          box.sizes[dim + 1] == 1 && isRun ? box.strides[dim] : box.strides[dim + 1];
      merged.at.erase(merged.at.begin() + dim + 1);
      merged.sizes.erase(merged.sizes.begin() + dim + 1);
      merged.strides.erase(merged.strides.begin() + dim + 1);
      result.push_back(merged);
    }
  }
  boxes = result;
  return true;
}

/// Maps boxes of the source to boxes of the view's result.
static std::optional<Boxes> pass(const Boxes &boxes, const ViewSource &source) {
  Boxes result;
  for (const Box &box : boxes)
    if (!place(box, source, result))
      return std::nullopt;
  // From the last dimension, so that the numbers of earlier atoms stay valid.
  unsigned end = source.atomSizes.size();
  for (unsigned count : llvm::reverse(source.numAtoms)) {
    int64_t inner = 1;
    for (unsigned atom = end - 1; atom > end - count; --atom) {
      inner *= source.atomSizes[atom];
      if (!mergeAtoms(result, atom - 1, inner))
        return std::nullopt;
    }
    end -= count;
  }
  for (Box &box : result)
    for (auto [position, start] : llvm::zip_equal(box.at, source.at))
      position += start;
  return result;
}

std::optional<Boxes> ReadAnalysis::compute(Value value) {
  // Values that are updated in place no longer equal the file.
  if (auto argument = dyn_cast<BlockArgument>(value))
    return Port::of(argument).getRole().isUpdatedInPlace() ? std::nullopt
                                                           : std::optional(readAll(argument));
  Operation *op = value.getDefiningOp();
  if (holdsZeros(op))
    return Boxes();
  std::optional<View> view = getView(op);
  if (!view || (view->padding && !isZero(view->padding)))
    return std::nullopt;
  Boxes result;
  for (auto [number, source] : llvm::enumerate(view->sources)) {
    const Boxes *boxes = getBoxes(source.value);
    std::optional<Boxes> part = boxes ? pass(*boxes, source) : std::nullopt;
    if (!part || result.size() + part->size() > maxBoxes)
      return std::nullopt;
    // A box that a later source hides in part is no longer a box.
    for (const ViewSource &earlier : ArrayRef<ViewSource>(view->sources).take_front(number))
      if (llvm::any_of(*part, [&](const Box &box) { return earlier.meets(box); }))
        return std::nullopt;
    llvm::append_range(result, *part);
  }
  return result;
}

const Boxes *ReadAnalysis::getBoxes(Value value) {
  auto it = cache.find(value);
  if (it == cache.end()) {
    std::optional<Boxes> boxes = compute(value);
    it = cache.insert_or_assign(value, std::move(boxes)).first;
  }
  return it->second ? &*it->second : nullptr;
}
