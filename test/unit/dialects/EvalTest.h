//===- EvalTest.h - evaluates single ops on arrays ---*- C++ -*-===//
#ifndef DCHAG_TEST_UNIT_DIALECTS_EVALTEST_H
#define DCHAG_TEST_UNIT_DIALECTS_EVALTEST_H

#include "dialects/dchag/Dchag.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

namespace mlir::dchag {

/// A small dense array with an index for each dimension.
struct Array {
  SmallVector<int64_t> shape;
  std::vector<double> data;

  explicit Array(ArrayRef<int64_t> shape) : shape(shape.begin(), shape.end()) {
    int64_t count = 1;
    for (int64_t size : shape)
      count *= size;
    data.resize(count);
  }
  template <typename... Index>
  double &operator()(Index... index) {
    int64_t at = 0;
    unsigned d = 0;
    ((at = at * shape[d++] + index), ...);
    return data[at];
  }
  int64_t size(unsigned d) const { return shape[d]; }
};

/// Normal numbers, the same for the same seed.
inline Array randomArray(ArrayRef<int64_t> shape, unsigned seed) {
  Array result(shape);
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  for (double &x : result.data)
    x = normal(generator);
  return result;
}

inline void expectNear(const Array &got, const Array &wanted, double tolerance) {
  ASSERT_EQ(got.shape, wanted.shape);
  for (auto [i, pair] : llvm::enumerate(llvm::zip_equal(got.data, wanted.data))) {
    auto [x, y] = pair;
    if (std::isnan(y))
      EXPECT_TRUE(std::isnan(x)) << "element " << i;
    else
      EXPECT_NEAR(x, y, tolerance * std::max(1.0, std::fabs(y))) << "element " << i;
  }
}

/// Builds ops on block arguments that stand for arrays and evaluates them.
class EvalTest : public testing::Test {
protected:
  EvalTest() : builder(&context) {
    context.loadDialect<DchagDialect>();
    module = ModuleOp::create(builder.getUnknownLoc());
    builder.setInsertionPointToEnd(module->getBody());
  }

  RankedTensorType floatType(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, builder.getF64Type());
  }
  /// An argument of floats, or of integers of the given width.
  Value arg(const Array &array, unsigned integerWidth = 0) {
    Type element =
        integerWidth ? Type(builder.getIntegerType(integerWidth)) : Type(builder.getF64Type());
    EvalTensor tensor(array.shape, element);
    for (auto [i, x] : llvm::enumerate(array.data)) {
      if (integerWidth)
        tensor.mutableInts()[i] = static_cast<int64_t>(x);
      else
        tensor.mutableFloats()[i] = x;
    }
    Value value =
        block.addArgument(RankedTensorType::get(array.shape, element), builder.getUnknownLoc());
    values.try_emplace(value, tensor);
    return value;
  }
  template <typename OpT, typename... Args>
  OpT build(Args &&...args) {
    return OpT::create(builder, builder.getUnknownLoc(), std::forward<Args>(args)...);
  }
  /// Results of an op on arguments; the op must verify.
  SmallVector<Array> run(Operation *op) {
    EXPECT_TRUE(succeeded(verify(op)));
    SmallVector<EvalTensor> operands, results;
    for (Value operand : op->getOperands())
      operands.push_back(values.lookup(operand));
    EXPECT_TRUE(succeeded(cast<EvaluableOpInterface>(op).evaluate(operands, results)));
    EXPECT_EQ(results.size(), op->getNumResults());
    SmallVector<Array> arrays;
    for (auto [tensor, type] : llvm::zip_equal(results, op->getResultTypes())) {
      EXPECT_EQ(tensor.getShape(), cast<RankedTensorType>(type).getShape());
      EXPECT_EQ(tensor.getElementType(), cast<RankedTensorType>(type).getElementType());
      Array array(tensor.getShape());
      for (int64_t i = 0; i < tensor.getNumElements(); ++i)
        array.data[i] = tensor.getAsDouble(i);
      arrays.push_back(array);
    }
    return arrays;
  }

  MLIRContext context;
  Block block;
  OpBuilder builder;
  OwningOpRef<ModuleOp> module;
  llvm::DenseMap<Value, EvalTensor> values;
};

} // namespace mlir::dchag

#endif // DCHAG_TEST_UNIT_DIALECTS_EVALTEST_H
