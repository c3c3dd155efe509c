//===- RandomProgram.h - makes programs at random --------------------------*- C++ -*-===//
//
// A program is written as text, op by op, from values that are there or, where none has the
// shape that an op needs, from new arguments. Two kinds: `exact` has ops alone that are exact on
// small integers and may compare values; `smooth` has all others too, kept to sizes and slopes
// with which rounding does not grow. Quotients, logarithms, roots and powers are of numbers that
// are positive, but not where they are padding.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_BENCH_RANDOMPROGRAM_H
#define DCHAG_BENCH_RANDOMPROGRAM_H

#include "bench/RandomTypes.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::dchag::bench {

using Shape = SmallVector<int64_t, 6>;

class ProgramWriter {
public:
  struct Variable {
    std::string name;
    Shape shape;
    /// "f32", "i32", "i64", "i1"
    std::string element;
    /// No element is larger.
    double bound = 3;
    std::string getType() const;
  };

  ProgramWriter(Random &random, bool isExact, FloatKind kind)
      : random(random), isExact(isExact), kind(kind) {}

  /// The whole module, as text. It is written in f32 and then put in the wanted type.
  std::string write(unsigned numOps);
  /// A module whose @step is made of views of parameters, some of them padded with zeros.
  std::string writeViews(unsigned numOps);

private:
  using Maker = void (ProgramWriter::*)();

  // Values.
  Variable add(const Twine &op, Shape shape, StringRef element, double bound);
  Variable addArgument(Shape shape, StringRef element = "f32", StringRef attrs = "");
  std::string addScalar(StringRef element, double value);
  std::string addFill(StringRef literal, ArrayRef<int64_t> shape, StringRef element);
  /// `x` repeated along the dimensions `dims` of `shape`.
  Variable addBroadcast(const Variable &x, Shape shape, ArrayRef<int64_t> dims);
  Variable pick(StringRef element, llvm::function_ref<bool(const Variable &)> fits);
  Variable pickRank(unsigned low, unsigned high, StringRef element = "f32");
  Variable pickShape(ArrayRef<int64_t> shape, StringRef element = "f32");
  Shape makeShape(unsigned rank);
  SmallVector<int64_t> makeOrder(unsigned count);
  /// Makes a value small and of small slope.
  Variable tame(Variable x, double bound);
  /// No value is made that might be larger: f16 ends at 65504, and in exact programs of small types
  /// integers must be exact.
  double limit() const;
  /// An argument of the numbers 1 to 3 along some dimensions of `shape`, repeated along the others.
  /// In padding it is 0, or what no number is: what is made of it there is not finite.
  Variable addPositive(ArrayRef<int64_t> shape, StringRef element);
  /// (x - mean) / deviation, both of dimension `dim` alone.
  Variable normalise(Variable x, unsigned dim);

  // Upstream ops.
  void makeBinary();
  void makeUnary();
  void makeQuotient();
  void makeInteger();
  void makeSelect();
  void makeConvert();
  void makeContract();
  void makeReduce();
  void makeBroadcast();
  void makeTranspose();
  void makeFill();
  void makeExpand();
  void makeCollapse();
  void makeExtract();
  void makeInsert();
  void makeConcat();
  void makePad();

  // Ops of the model.
  void makeTokenize();
  void makeNormalisedTokens();
  void makeAggregate();
  void makeAggregateLinear();
  void makePartials();
  void makeAttention();
  void makeNorm();
  void makeSoftmax();
  void makeGelu();
  void makeGather();
  void makeScatter();
  void makeConvolution();
  void makePatchify();
  void makeUnpatchify();

  struct Aggregation {
    Variable tokens, query;
    /// `keyNorm`: the attribute behind a comma, or nothing.
    std::string operands, types, keyNorm;
    int64_t heads, width;
    double bound;
  };
  Aggregation makeAggregation(bool forPartials);
  void writeTokenize(bool normalises);

  Random &random;
  bool isExact;
  FloatKind kind;
  bool onlyViews = false;
  SmallVector<Variable> variables;
  std::string arguments, body;
  unsigned numNames = 0;
};

/// Adds marks, shardings and storage at random to arguments, results and ops.
void addRandomMarks(ModuleOp module, MeshAttr mesh, Random &random);

} // namespace mlir::dchag::bench

#endif // DCHAG_BENCH_RANDOMPROGRAM_H
