//===- KernelLoops.h - bodies and sums of one kernel -----------------------*- C++ -*-===//
//
// Long sums of f32 are not accumulated one by one: by the millionth addend half of its digits would
// be lost. Each lane of a vector adds up at most 16 addends in f32, a block, and blocks are added
// up in f64. With u = 2^-24 that bounds the relative error of a sum of positive numbers by 16 u,
// less than 1e-6, whatever its length. The order of the additions depends only on sizes, not on the
// number of threads nor on the position of a row.
//
//     for block in 0 .. S / 16:                   // of the summed loop, S long
//       part = 0 : vector<64xf32>                 // lanes are neighbours in memory
//       for s in 16 block .. 16 block + 16:
//         part += body(s)
//       total += extend(part) : vector<64xf64>
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_LIB_TARGET_CPU_KERNELLOOPS_H
#define DCHAG_LIB_TARGET_CPU_KERNELLOOPS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::dchag {

/// Emits the body of a linalg.generic on buffers for one position of its loops, or, as vectors, for
/// `width` neighbouring positions of loop `lane`.
class BodyEmitter {
public:
  BodyEmitter(linalg::GenericOp op, OpBuilder &b);

  Value constant(int64_t value);
  /// Distance in elements between neighbours along loop `dim` in an operand; 0 if it does not
  /// depend on the loop.
  int64_t getStride(OpOperand &operand, unsigned dim) const;
  /// Whether the body can be emitted for several neighbours along a loop: its calls and loads take
  /// single values.
  bool isVectorizable() const;
  /// Whether neighbours along `dim` are adjacent in all operands that depend on it.
  bool isContiguous(unsigned dim) const;

  /// The elements of an operand, or a scalar operand, at the current position.
  Value load(OpOperand &operand);
  void store(OpOperand &init, Value value);
  /// Emits the body without the ops in `skipped` and returns its values. Elements of results are
  /// `inits`, or are loaded if it is empty.
  IRMapping emit(ValueRange inits, const llvm::SmallPtrSetImpl<Operation *> &skipped);
  /// A value of the body in `values`; a vector if there are several neighbours.
  Value get(const IRMapping &values, Value value);

  /// Type of the values of `width` neighbours.
  Type getWide(Type type) const;

  OpBuilder &b;
  linalg::GenericOp op;
  Location loc;
  SmallVector<int64_t> sizes; ///< of the loops
  SmallVector<Value> indices; ///< the position in each loop, of the first neighbour along `lane`
  unsigned lane = 0;
  int64_t width = 1;

  /// Whether neighbours along `dim` are a vector in memory.
  bool isVectorAccess(OpOperand &operand, unsigned dim) const;
  /// Indices of an operand at the current position, or `offset` further along `lane`.
  SmallVector<Value> getIndices(OpOperand &operand, int64_t offset = 0);

private:
  Value emitIndex(unsigned dim);
  Value emitOp(Operation &inner, IRMapping &values);
};

/// Emits the reduction loops. Results are in registers until everything is combined.
class ReductionEmitter {
public:
  /// `sums` are the reduction loops, outermost first.
  ReductionEmitter(BodyEmitter &body, ArrayRef<unsigned> sums);

  /// Results for all positions of the parallel loop `lane`; `parallel`: by several threads.
  void emitColumns(unsigned lane, bool parallel);
  /// One result; the last of the reduction loops runs along the rows of the operands.
  void emitRow();

private:
  enum class Kind {
    BlockSum, ///< f32 sums: blocks in f32, their sum in f64
    Wide,     ///< sums of f64, products: in f64
    AnyOrder, ///< integers, maxima and minima
    InOrder   ///< one by one, by the body as it is
  };
  struct Output {
    OpOperand *init;
    Kind kind;
    Operation *combiner = nullptr; ///< the op of the body that combines
    Value addend;                  ///< what it combines with
  };
  /// The loop-carried values: a total for each result and, for block sums, the sum of a block.
  using State = SmallVector<Value>;
  using Step = llvm::function_ref<void(State &)>;

  Output classify(unsigned index);
  Type getTotalType(const Output &output) const;
  Value getNeutral(const Output &output);
  Value combine(const Output &output, Value lhs, Value rhs);
  State start();
  void loop(unsigned sum, int64_t from, int64_t count, int64_t step, State &state, Step inner);
  /// All reduction loops, the last one from `begin` in `count` steps.
  State sumAll(int64_t begin, int64_t count);
  void sumOuter(unsigned level, State &state);
  void sumBlock(unsigned level, Value from, int64_t count, State &state);
  void sumInner(unsigned level, State &state);
  void accumulate(State &state);
  void flush(State &state);
  void addRest(State &state, int64_t from, int64_t rest);
  Value joinLanes(const Output &output, Value total);
  void store(const State &state);
  int64_t getCount(unsigned level) const;

  BodyEmitter &body;
  OpBuilder &b;
  Location loc;
  SmallVector<unsigned> sums;
  SmallVector<Output> outputs;
  llvm::SmallPtrSet<Operation *, 4> combiners;
  bool inOrder = false;                               ///< some result is
  int64_t lastBegin = 0, lastCount = 0, lastStep = 1; ///< of the last summed loop
  /// Loops from this level on together have fewer iterations than a block.
  unsigned innerLevel = 0;
  int64_t perBlock = 1; ///< steps of the loop around them in a block
};

} // namespace mlir::dchag

#endif // DCHAG_LIB_TARGET_CPU_KERNELLOOPS_H
