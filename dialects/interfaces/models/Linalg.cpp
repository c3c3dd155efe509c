//===- Linalg.cpp - evaluation of linalg ops -------------------------------*- C++ -*-===//

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "dialects/interfaces/EvalCopy.h"
#include "dialects/interfaces/EvalMath.h"
#include "dialects/interfaces/models/Elementwise.h"
#include "dialects/interfaces/models/Models.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::models;

//===----------------------------------------------------------------------===//
// contract
//===----------------------------------------------------------------------===//

namespace {
/// Loops of a contraction with the same role, with the stride of each in each tensor (0 if the
/// tensor does not have the loop).
struct Loops {
  SmallVector<int64_t> sizes, strides[3];

  int64_t count() const {
    int64_t result = 1;
    for (int64_t size : sizes)
      result *= size;
    return result;
  }
  /// Offset in tensor `t` of each index, row major.
  std::vector<int64_t> offsets(unsigned t) const { return offsetsOf(sizes, strides[t]); }
};

/// A contraction as batched matrix product: loops of both inputs and the result, rows (left
/// input and result), columns (right input and result), and those that are summed.
struct ContractLoops {
  Loops batch, rows, columns, summed;
};
} // namespace

/// Fails where a map is no projected permutation or a size is contradicted.
static FailureOr<ContractLoops> getLoops(linalg::ContractOp op, ArrayRef<EvalTensor> tensors) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  unsigned numLoops = maps[0].getNumDims();
  SmallVector<int64_t> sizes(numLoops, -1);
  SmallVector<std::array<int64_t, 3>> strides(numLoops, {0, 0, 0});
  SmallVector<unsigned> inTensors(numLoops, 0);
  for (auto [t, map] : llvm::enumerate(maps)) {
    SmallVector<int64_t> tensorStrides = tensors[t].getStrides();
    for (auto [d, expr] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      int64_t size = tensors[t].getDim(d);
      if (!dim || (sizes[dim.getPosition()] != -1 && sizes[dim.getPosition()] != size))
        return op.emitOpError("has the indexing map ")
               << AffineMapAttr::get(map)
               << ", wanted a projected permutation with one size for each loop";
      sizes[dim.getPosition()] = size;
      strides[dim.getPosition()][t] += tensorStrides[d];
      inTensors[dim.getPosition()] |= 1u << t;
    }
  }
  ContractLoops loops;
  for (unsigned loop = 0; loop < numLoops; ++loop) {
    bool left = inTensors[loop] & 1, right = inTensors[loop] & 2, result = inTensors[loop] & 4;
    if (!inTensors[loop])
      return op.emitOpError("has a loop that no operand uses");
    Loops &part = !result         ? loops.summed
                  : left && right ? loops.batch
                  : left          ? loops.rows
                                  : loops.columns;
    part.sizes.push_back(sizes[loop]);
    for (unsigned t = 0; t < 3; ++t)
      part.strides[t].push_back(strides[loop][t]);
  }
  return loops;
}

/// Elements of a tensor in the order of two groups of loops, for one batch index.
static std::vector<double> pack(const double *data, ArrayRef<int64_t> outer,
                                ArrayRef<int64_t> inner) {
  std::vector<double> result;
  result.reserve(outer.size() * inner.size());
  for (int64_t i : outer)
    for (int64_t j : inner)
      result.push_back(data[i + j]);
  return result;
}

static void contractFloats(const ContractLoops &loops, const double *a, const double *b,
                           double *c) {
  int64_t m = loops.rows.count(), n = loops.columns.count(), k = loops.summed.count();
  std::vector<int64_t> batchOf[3];
  for (unsigned t = 0; t < 3; ++t)
    batchOf[t] = loops.batch.offsets(t);
  std::vector<int64_t> rowsA = loops.rows.offsets(0), summedA = loops.summed.offsets(0);
  std::vector<int64_t> summedB = loops.summed.offsets(1), columnsB = loops.columns.offsets(1);
  std::vector<int64_t> rowsC = loops.rows.offsets(2), columnsC = loops.columns.offsets(2);
  for (int64_t i = 0, e = loops.batch.count(); i < e; ++i) {
    std::vector<double> packedA = pack(a + batchOf[0][i], rowsA, summedA);
    std::vector<double> packedB = pack(b + batchOf[1][i], summedB, columnsB);
    double *block = c + batchOf[2][i];
    std::vector<double> packedC = pack(block, rowsC, columnsC);
    addProduct(m, n, k, {packedA.data(), k, 1}, {packedB.data(), n, 1}, {packedC.data(), n, 1});
    for (int64_t row = 0; row < m; ++row)
      for (int64_t column = 0; column < n; ++column)
        block[rowsC[row] + columnsC[column]] = packedC[row * n + column];
  }
}

/// Products and sums that wrap; booleans: or of ands, as linalg has it.
static void contractInts(const ContractLoops &loops, const EvalTensor &a, const EvalTensor &b,
                         bool isUnsigned, EvalTensor &c) {
  Loops all;
  for (const Loops *part : {&loops.batch, &loops.rows, &loops.columns, &loops.summed}) {
    llvm::append_range(all.sizes, part->sizes);
    for (unsigned t = 0; t < 3; ++t)
      llvm::append_range(all.strides[t], part->strides[t]);
  }
  unsigned widths[] = {getWidth(a.getElementType()), getWidth(b.getElementType())};
  bool isBoolean = getWidth(c.getElementType()) == 1;
  int64_t *to = c.mutableInts();
  forEachIndex(all.sizes, [&](ArrayRef<int64_t> index) {
    int64_t offsets[3] = {0, 0, 0};
    for (auto [d, i] : llvm::enumerate(index))
      for (unsigned t = 0; t < 3; ++t)
        offsets[t] += i * all.strides[t][d];
    Int x = getInt(a, offsets[0], widths[0]), y = getInt(b, offsets[1], widths[1]);
    if (isBoolean) {
      to[offsets[2]] |= x.stored & y.stored;
      return;
    }
    uint64_t left = isUnsigned ? x.zext() : static_cast<uint64_t>(x.sext());
    uint64_t right = isUnsigned ? y.zext() : static_cast<uint64_t>(y.sext());
    to[offsets[2]] = static_cast<int64_t>(static_cast<uint64_t>(to[offsets[2]]) + left * right);
  });
  c.roundToType();
}

namespace {
struct Contract : EvaluableOpInterface::ExternalModel<Contract, linalg::ContractOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    auto contract = cast<linalg::ContractOp>(op);
    bool isFloat = operands[2].isFloat();
    if (operands[0].isFloat() != isFloat || operands[1].isFloat() != isFloat)
      return op->emitOpError("mixes integers and floats: convert its operands first "
                             "(arith.sitofp, arith.fptosi)");
    FailureOr<ContractLoops> loops = getLoops(contract, operands);
    if (failed(loops))
      return failure();
    EvalTensor result = operands[2];
    if (isFloat)
      contractFloats(*loops, operands[0].floats(), operands[1].floats(), result.mutableFloats());
    else
      contractInts(*loops, operands[0], operands[1],
                   contract.getCast() == linalg::TypeFn::cast_unsigned, result);
    results.push_back(std::move(result));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// reduce
//===----------------------------------------------------------------------===//

using FloatCombiner = double (*)(double, double);
using IntCombiner = int64_t (*)(Int, Int);
} // namespace

static FloatCombiner getFloatCombiner(Operation *op) {
  return TypeSwitch<Operation *, FloatCombiner>(op)
      .Case([](arith::AddFOp) { return +[](double a, double b) { return a + b; }; })
      .Case([](arith::MulFOp) { return +[](double a, double b) { return a * b; }; })
      .Case([](arith::MaximumFOp) { return +[](double a, double b) { return maxOrNaN(a, b); }; })
      .Case([](arith::MinimumFOp) { return +[](double a, double b) { return minOrNaN(a, b); }; })
      .Case([](arith::MaxNumFOp) { return +[](double a, double b) { return std::fmax(a, b); }; })
      .Case([](arith::MinNumFOp) { return +[](double a, double b) { return std::fmin(a, b); }; })
      .Default(FloatCombiner());
}

static IntCombiner getIntCombiner(Operation *op) {
  return TypeSwitch<Operation *, IntCombiner>(op)
      .Case([](arith::AddIOp) {
        return +[](Int a, Int b) { return static_cast<int64_t>(a.zext() + b.zext()); };
      })
      .Case([](arith::MulIOp) {
        return +[](Int a, Int b) { return static_cast<int64_t>(a.zext() * b.zext()); };
      })
      .Case([](arith::AndIOp) { return +[](Int a, Int b) { return a.stored & b.stored; }; })
      .Case([](arith::OrIOp) { return +[](Int a, Int b) { return a.stored | b.stored; }; })
      .Case([](arith::XOrIOp) { return +[](Int a, Int b) { return a.stored ^ b.stored; }; })
      .Case([](arith::MaxSIOp) {
        return +[](Int a, Int b) { return a.sext() > b.sext() ? a.stored : b.stored; };
      })
      .Case([](arith::MinSIOp) {
        return +[](Int a, Int b) { return a.sext() < b.sext() ? a.stored : b.stored; };
      })
      .Case([](arith::MaxUIOp) {
        return +[](Int a, Int b) { return a.zext() > b.zext() ? a.stored : b.stored; };
      })
      .Case([](arith::MinUIOp) {
        return +[](Int a, Int b) { return a.zext() < b.zext() ? a.stored : b.stored; };
      })
      .Default(IntCombiner());
}

/// The one op that combines the two arguments of the body, or null.
static Operation *getReduceCombiner(linalg::ReduceOp op) {
  Block *body = op.getBlock();
  if (body->getNumArguments() != 2 || !llvm::hasNItems(body->getOperations(), 2))
    return nullptr;
  Operation *combiner = &body->front(), *yield = body->getTerminator();
  if (combiner->getNumOperands() != 2 || combiner->getNumResults() != 1 ||
      combiner->getOperand(0) == combiner->getOperand(1) ||
      !llvm::all_of(combiner->getOperands(),
                    [&](Value value) { return value.getParentBlock() == body; }) ||
      yield->getOperand(0) != combiner->getResult(0))
    return nullptr;
  return combiner;
}

namespace {
struct Reduce : EvaluableOpInterface::ExternalModel<Reduce, linalg::ReduceOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    auto reduce = cast<linalg::ReduceOp>(op);
    Operation *combiner = getReduceCombiner(reduce);
    FloatCombiner onFloats = combiner ? getFloatCombiner(combiner) : nullptr;
    IntCombiner onInts = combiner ? getIntCombiner(combiner) : nullptr;
    if (!onFloats && !onInts)
      return op->emitOpError("cannot be evaluated: wanted one input and a body of one sum, "
                             "product, maximum, minimum, and, or, xor of the two arguments");
    const EvalTensor &input = operands[0];
    EvalTensor result = operands[1];
    // Strides of the result by dimension of the input: 0 where it is reduced.
    SmallVector<int64_t> strides(input.getRank(), 0), kept = result.getStrides();
    size_t next = 0;
    for (int64_t d = 0; d < input.getRank(); ++d)
      if (!llvm::is_contained(reduce.getDimensions(), d))
        strides[d] = kept[next++];
    double *floats = onFloats ? result.mutableFloats() : nullptr;
    int64_t *ints = onInts ? result.mutableInts() : nullptr;
    unsigned width = getWidth(input.getElementType());
    int64_t from = 0;
    forEachIndex(input.getShape(), [&](ArrayRef<int64_t> index) {
      int64_t to = 0;
      for (auto [i, stride] : llvm::zip_equal(index, strides))
        to += i * stride;
      if (onFloats)
        floats[to] = onFloats(floats[to], input.floats()[from]);
      else
        ints[to] = onInts({ints[to], width}, getInt(input, from, width));
      ++from;
    });
    if (onInts)
      result.roundToType();
    results.push_back(std::move(result));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Moves
//===----------------------------------------------------------------------===//

struct Broadcast : EvaluableOpInterface::ExternalModel<Broadcast, linalg::BroadcastOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    ArrayRef<int64_t> added = cast<linalg::BroadcastOp>(op).getDimensions();
    EvalTensor result = makeResult(op);
    SmallVector<int64_t> strides = operands[0].getStrides();
    StridedView from;
    size_t next = 0;
    for (int64_t d = 0; d < result.getRank(); ++d)
      from.strides.push_back(llvm::is_contained(added, d) ? 0 : strides[next++]);
    copyElements(result.getShape(), result, viewOf(result), operands[0], from);
    results.push_back(std::move(result));
    return success();
  }
};

struct Transpose : EvaluableOpInterface::ExternalModel<Transpose, linalg::TransposeOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    SmallVector<int64_t> strides = operands[0].getStrides();
    StridedView from;
    for (int64_t dim : cast<linalg::TransposeOp>(op).getPermutation())
      from.strides.push_back(strides[dim]);
    copyElements(result.getShape(), result, viewOf(result), operands[0], from);
    results.push_back(std::move(result));
    return success();
  }
};

struct Fill : EvaluableOpInterface::ExternalModel<Fill, linalg::FillOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    if (operands[0].isFloat() != result.isFloat())
      return op->emitOpError("fills a tensor of ")
             << result.getElementType() << " with a value of " << operands[0].getElementType()
             << ": convert the value first";
    StridedView scalar;
    scalar.strides.assign(result.getRank(), 0);
    copyElements(result.getShape(), result, viewOf(result), operands[0], scalar);
    results.push_back(std::move(result));
    return success();
  }
};
} // namespace

void mlir::dchag::registerLinalgEvaluation(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    attach<Contract, Reduce, Broadcast, Transpose, Fill>(context);
  });
}
