//===- Elementwise.h - evaluation of element-wise ops ----------------------*- C++ -*-===//
//
// Models of ops that are one function of numbers. An op is a line in a table:
//
//     attach<FloatBinary<arith::AddFOp, addF>, FloatBinary<arith::SubFOp, subF>>(context);
//
// Integers are stored sign extended in 64 bits (booleans as 0 or 1); the functions get them
// as `Int`, which gives either reading, and results are wrapped to the width of their type.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_INTERFACES_MODELS_ELEMENTWISE_H
#define DCHAG_INTERFACES_MODELS_ELEMENTWISE_H

#include "dialects/interfaces/Interfaces.h"

namespace mlir::dchag::models {

/// Gives each model to its op.
template <typename... Models>
void attach(MLIRContext *context) {
  (Models::ConcreteEntity::template attachInterface<Models>(*context), ...);
}

inline unsigned getWidth(Type elementType) {
  auto type = dyn_cast<IntegerType>(elementType);
  return type ? type.getWidth() : 64;
}

/// An integer of `width` bits as it is stored.
struct Int {
  int64_t stored;
  unsigned width;

  /// Two's complement: true is -1 as a signed boolean.
  int64_t sext() const { return width == 1 ? -stored : stored; }
  uint64_t zext() const {
    uint64_t bits = static_cast<uint64_t>(stored);
    return width >= 64 ? bits : bits & ((uint64_t(1) << width) - 1);
  }
};

inline Int getInt(const EvalTensor &tensor, int64_t index, unsigned width) {
  return {tensor.ints()[index], width};
}

/// The value of the type of `op`'s first result; its elements are to be filled.
inline EvalTensor makeResult(Operation *op, unsigned result = 0) {
  return EvalTensor(op->getResult(result).getType());
}

template <typename OpTy, double (*fn)(double)>
struct FloatUnary : EvaluableOpInterface::ExternalModel<FloatUnary<OpTy, fn>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    double *to = result.mutableFloats();
    const double *from = operands[0].floats();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i)
      to[i] = fn(from[i]);
    results.push_back(std::move(result));
    return success();
  }
};

template <typename OpTy, double (*fn)(double, double)>
struct FloatBinary : EvaluableOpInterface::ExternalModel<FloatBinary<OpTy, fn>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    double *to = result.mutableFloats();
    const double *a = operands[0].floats(), *b = operands[1].floats();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i)
      to[i] = fn(a[i], b[i]);
    results.push_back(std::move(result));
    return success();
  }
};

template <typename OpTy, double (*fn)(double, double, double)>
struct FloatTernary : EvaluableOpInterface::ExternalModel<FloatTernary<OpTy, fn>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    double *to = result.mutableFloats();
    const double *a = operands[0].floats(), *b = operands[1].floats(), *c = operands[2].floats();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i)
      to[i] = fn(a[i], b[i], c[i]);
    results.push_back(std::move(result));
    return success();
  }
};

template <typename OpTy, bool (*fn)(double)>
struct FloatTest : EvaluableOpInterface::ExternalModel<FloatTest<OpTy, fn>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    int64_t *to = result.mutableInts();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i)
      to[i] = fn(operands[0].floats()[i]);
    results.push_back(std::move(result));
    return success();
  }
};

template <typename OpTy, int64_t (*fn)(Int)>
struct IntUnary : EvaluableOpInterface::ExternalModel<IntUnary<OpTy, fn>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    unsigned width = getWidth(operands[0].getElementType());
    int64_t *to = result.mutableInts();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i)
      to[i] = fn(getInt(operands[0], i, width));
    result.roundToType();
    results.push_back(std::move(result));
    return success();
  }
};

template <typename OpTy, int64_t (*fn)(Int, Int)>
struct IntBinary : EvaluableOpInterface::ExternalModel<IntBinary<OpTy, fn>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    unsigned width = getWidth(operands[0].getElementType());
    int64_t *to = result.mutableInts();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i)
      to[i] = fn(getInt(operands[0], i, width), getInt(operands[1], i, width));
    result.roundToType();
    results.push_back(std::move(result));
    return success();
  }
};

/// As IntBinary; a divisor of 0 is an error, as no machine defines it.
template <typename OpTy, int64_t (*fn)(Int, Int)>
struct IntDivision : EvaluableOpInterface::ExternalModel<IntDivision<OpTy, fn>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    const int64_t *divisors = operands[1].ints();
    for (int64_t i = 0, e = operands[1].getNumElements(); i < e; ++i)
      if (divisors[i] == 0)
        return op->emitOpError("divides by 0 at element ")
               << i << " (row-major): keep zeros out of the divisor, for example by arith.select";
    return IntBinary<OpTy, fn>().evaluate(op, operands, results);
  }
};

} // namespace mlir::dchag::models

#endif // DCHAG_INTERFACES_MODELS_ELEMENTWISE_H
