//===- Linalg.cpp - evaluation of linalg ops -------------------------------*- C++ -*-===//

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "dialects/interfaces/EvalContract.h"
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

/// Products and sums that wrap; booleans: or of ands, as linalg has it.
static void contractInts(const ContractLoops &loops, const EvalTensor &a, const EvalTensor &b,
                         bool isUnsigned, EvalTensor &c) {
  ContractLoops::Part all;
  for (const ContractLoops::Part *part :
       {&loops.batch, &loops.rows, &loops.columns, &loops.summed}) {
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
    FailureOr<ContractLoops> loops =
        getContractLoops(op, contract.getIndexingMapsArray(), operands);
    if (failed(loops))
      return failure();
    EvalTensor result = operands[2];
    if (isFloat)
      addContraction(*loops, operands[0], operands[1], result);
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
