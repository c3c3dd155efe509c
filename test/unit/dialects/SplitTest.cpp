//===- SplitTest.cpp - aggregations in several ops ---*- C++ -*-===//

#include "dialects/dchag/AggregateSplit.h"
#include "unit/dialects/EvalTest.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
class SplitTest : public EvalTest {
protected:
  SplitTest() {
    context.loadDialect<arith::ArithDialect, linalg::LinalgDialect, tensor::TensorDialect>();
  }
  AggregateOp makeAggregate(bool wo, bool bo) {
    auto value = [&](ArrayRef<int64_t> shape) { return arg(Array(shape)); };
    return build<AggregateOp>(floatType({2, 3, 1, 4, wo ? 5 : 8}), value({2, 3, 2, 4, 8}),
                              value({3, 1, 8}), Value(), Value(), Value(), Value(),
                              wo ? value({3, 5, 8}) : Value(), bo ? value({3, 5}) : Value(),
                              Value(), 2, llvm::APFloat(0.5));
  }
};
} // namespace

TEST_F(SplitTest, OutputProjectionAndBiasFollowTheAggregation) {
  IRRewriter rewriter(&context);
  AggregateOp op = makeAggregate(true, true);
  Value wo = op.getWo(), bo = op.getBo();
  ASSERT_TRUE(succeeded(splitOutputProjection(op, rewriter)));
  for (Operation &made : module->getOps())
    EXPECT_TRUE(succeeded(verify(&made)));
  auto merged = *module->getOps<AggregateOp>().begin();
  EXPECT_FALSE(merged.getWo() || merged.getBo());
  EXPECT_EQ(merged.getType(), floatType({2, 3, 1, 4, 8}));
  auto contract = *module->getOps<linalg::ContractOp>().begin();
  EXPECT_EQ(contract.getInputs()[0], merged.getResult());
  EXPECT_EQ(contract.getInputs()[1], wo);
  auto broadcast = *module->getOps<linalg::BroadcastOp>().begin();
  EXPECT_EQ(broadcast.getInput(), bo);
  auto add = *module->getOps<arith::AddFOp>().begin();
  EXPECT_EQ(add.getLhs(), contract->getResult(0));
  EXPECT_EQ(add.getType(), floatType({2, 3, 1, 4, 5}));
}

TEST_F(SplitTest, NothingIsAddedWithoutABias) {
  IRRewriter rewriter(&context);
  ASSERT_TRUE(succeeded(splitOutputProjection(makeAggregate(true, false), rewriter)));
  EXPECT_TRUE(module->getOps<arith::AddFOp>().empty());
}

TEST_F(SplitTest, NothingToSplit) {
  IRRewriter rewriter(&context);
  EXPECT_TRUE(failed(splitOutputProjection(makeAggregate(false, false), rewriter)));
}
