//===- RuleBuilder.h - writes sharding rules -------------------------------*- C++ -*-===//
//
// A product y[i, j] = sum_k a[i, k] b[k, j] with an op of two operands and one result:
//
//     RuleBuilder rule(op);
//     int64_t i = rule.factor(8), j = rule.factor(5), k = rule.factor(3, FactorKind::Sum);
//     rule.operand(0, {i, k}).operand(1, {k, j}).result(0, {i, j});
//     return rule.build();
//
// A dimension made of several factors, slowest first, or of none, is given as a list:
// `rule.operand(0, {{b}, {head, width}, {}})`. A value that is never named, or a scalar, has no
// factors, so that every rank needs all of it.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_RULEBUILDER_H
#define DCHAG_RULEBUILDER_H

#include "dialects/dchag/DchagAttrs.h"
#include "mlir/IR/Operation.h"

namespace mlir::dchag {

class RuleBuilder {
public:
  /// Factors of one dimension, slowest first; implicit from a single factor.
  struct Dim {
    Dim(int64_t factor) : factors({factor}) {}
    Dim(std::initializer_list<int64_t> factors) : factors(factors) {}
    Dim(ArrayRef<int64_t> factors) : factors(factors) {}
    SmallVector<int64_t, 2> factors;
  };

  explicit RuleBuilder(Operation *op);

  /// A new factor of the iteration space.
  int64_t factor(int64_t size, FactorKind kind = FactorKind::Parallel);
  /// A new factor for each dimension of a shape.
  SmallVector<int64_t> factors(ArrayRef<int64_t> shape, FactorKind kind = FactorKind::Parallel);

  /// Sets the factors of the dimensions of an operand or result. The list has an entry for each
  /// dimension; broadcast dimensions, of size 1 with a larger factor, lose them.
  RuleBuilder &operand(unsigned index, ArrayRef<Dim> dims);
  RuleBuilder &result(unsigned index, ArrayRef<Dim> dims);
  RuleBuilder &operand(unsigned index, ArrayRef<int64_t> dims);
  RuleBuilder &result(unsigned index, ArrayRef<int64_t> dims);
  RuleBuilder &operand(unsigned index, std::initializer_list<Dim> dims) {
    return operand(index, ArrayRef<Dim>(dims.begin(), dims.size()));
  }
  RuleBuilder &result(unsigned index, std::initializer_list<Dim> dims) {
    return result(index, ArrayRef<Dim>(dims.begin(), dims.size()));
  }
  /// The same for an operand that may be absent, such as `aggregate.getWkMutable()`.
  RuleBuilder &optionalOperand(MutableOperandRange range, ArrayRef<Dim> dims);
  RuleBuilder &optionalOperand(MutableOperandRange range, std::initializer_list<Dim> dims) {
    return optionalOperand(range, ArrayRef<Dim>(dims.begin(), dims.size()));
  }

  /// Requires a value in the padding of an operand when a factor is split unevenly; sum, max and
  /// min factors require their neutral element anyway.
  RuleBuilder &padding(unsigned operand, int64_t factor, TypedAttr value);

  /// Names the result that holds the maximum of an online softmax; the others are relative to it.
  RuleBuilder &maximum(unsigned result) {
    maximumResult = result;
    return *this;
  }

  /// Operands in which the op is jointly linear.
  RuleBuilder &linear(ArrayRef<int64_t> operands);

  /// The rule, or null if a list does not fit its value: then the op has no rule, which passes
  /// report.
  RuleAttr build();

  /// Element-wise ops: a parallel factor for each dimension of the result, shared by all operands
  /// of its shape; operands of rank 0 and scalars are replicated. `padding` has the value that the
  /// padding of an operand (by number) must hold because other values could trap or have no result.
  static RuleAttr elementwise(Operation *op, ArrayRef<SmallVector<int64_t>> linear = {},
                              std::optional<std::pair<unsigned, TypedAttr>> padding = {});

private:
  void set(SmallVectorImpl<SmallVector<Dim>> &values, unsigned index, Type type,
           ArrayRef<Dim> dims);

  Operation *op;
  SmallVector<FactorAttr> allFactors;
  SmallVector<SmallVector<Dim>> operands, results;
  SmallVector<Attribute> paddings, linears;
  std::optional<unsigned> maximumResult;
  bool valid = true;
};

} // namespace mlir::dchag

#endif // DCHAG_RULEBUILDER_H
