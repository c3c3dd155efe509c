//===- RuleTest.cpp - sharding rules say what is true ---*- C++ -*-===//
//
// Every factor of every rule is tried: the op runs on the parts of its operands that the
// rule says are enough, with `cloneLocal`, and the results must be the parts of the whole
// result (parallel factors) or add up to it (sums).
//
//===----------------------------------------------------------------------===//

#include "unit/dialects/EvalTest.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// Indices begin .. end - 1 of one factor of a rule.
struct Part {
  int64_t factor, begin, end;
};

class RuleTest : public EvalTest {
protected:
  static DenseI64ArrayAttr dimFactors(ArrayAttr values, unsigned value, unsigned dim) {
    return cast<DenseI64ArrayAttr>(cast<ArrayAttr>(values[value])[dim]);
  }

  /// The indices of a dimension made of `factors` that belong to the part.
  static SmallVector<int64_t> indicesOf(RuleAttr rule, ArrayRef<int64_t> factors, int64_t size,
                                        Part part) {
    int64_t inner = 1, own = 0;
    bool found = false;
    for (int64_t factor : llvm::reverse(factors)) {
      if (factor == part.factor) {
        found = true;
        own = inner;
      }
      inner *= rule.getFactor(factor).getSize();
    }
    SmallVector<int64_t> indices;
    int64_t factorSize = rule.getFactor(part.factor).getSize();
    for (int64_t i = 0; i < size; ++i)
      if (!found || (i / own % factorSize >= part.begin && i / own % factorSize < part.end))
        indices.push_back(i);
    return indices;
  }

  /// The part of an array whose dimensions are made of the factors in `values[value]`.
  static Array slice(RuleAttr rule, ArrayAttr values, unsigned value, const Array &array,
                     Part part) {
    SmallVector<SmallVector<int64_t>> indices;
    SmallVector<int64_t> shape;
    for (auto [d, size] : llvm::enumerate(array.shape)) {
      indices.push_back(indicesOf(rule, dimFactors(values, value, d), size, part));
      shape.push_back(indices.back().size());
    }
    Array result(shape);
    int64_t to = 0;
    forEachIndex(shape, [&](ArrayRef<int64_t> index) {
      int64_t from = 0;
      for (auto [d, i] : llvm::enumerate(index))
        from = from * array.shape[d] + indices[d][i];
      result.data[to++] = array.data[from];
    });
    return result;
  }

  static Array toArray(const EvalTensor &tensor) {
    Array array(tensor.getShape());
    for (int64_t i = 0; i < tensor.getNumElements(); ++i)
      array.data[i] = tensor.getAsDouble(i);
    return array;
  }

  /// Results of the op on one part.
  SmallVector<Array> runPart(Operation *op, RuleAttr rule, Part part) {
    SmallVector<Value> operands;
    for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
      const EvalTensor &value = values.find(operand)->second;
      auto type = dyn_cast<IntegerType>(value.getElementType());
      Array local = slice(rule, rule.getOperands(), i, toArray(value), part);
      operands.push_back(arg(local, type ? type.getWidth() : 0));
    }
    SmallVector<Type> types;
    for (auto [i, type] : llvm::enumerate(op->getResultTypes())) {
      Array whole(cast<RankedTensorType>(type).getShape());
      types.push_back(floatType(slice(rule, rule.getResults(), i, whole, part).shape));
    }
    SmallVector<int64_t> sizes;
    for (Attribute factor : rule.getFactors())
      sizes.push_back(cast<FactorAttr>(factor).getSize());
    sizes[part.factor] = part.end - part.begin;
    return run(cast<ShardingRuleOpInterface>(op).cloneLocal(builder, operands, types, sizes));
  }

  /// Whether some result has the factor.
  static bool isInResult(RuleAttr rule, int64_t factor) {
    for (Attribute value : rule.getResults())
      for (Attribute dim : cast<ArrayAttr>(value))
        if (llvm::is_contained(cast<DenseI64ArrayAttr>(dim).asArrayRef(), factor))
          return true;
    return false;
  }

  /// Tries all factors; returns their kinds in words, "p" parallel, "s" sum, "x" softmax, "w"
  /// whole.
  std::string check(Operation *op) {
    RuleAttr rule = cast<ShardingRuleOpInterface>(op).getShardingRule();
    EXPECT_TRUE(rule);
    if (!rule)
      return "";
    EXPECT_EQ(rule.getOperands().size(), op->getNumOperands());
    EXPECT_EQ(rule.getResults().size(), op->getNumResults());
    SmallVector<Array> whole = run(op);
    std::string kinds;
    for (int64_t f = 0; f < static_cast<int64_t>(rule.getFactors().size()); ++f) {
      FactorAttr factor = rule.getFactor(f);
      static const char letters[] = "ps??xw";
      kinds += letters[static_cast<int>(factor.getKind())];
      if (factor.getSize() < 2)
        continue;
      SCOPED_TRACE("factor " + std::to_string(f) + " of " + op->getName().getStringRef().str());
      if (factor.getKind() == FactorKind::Parallel)
        checkParallel(op, rule, f, factor.getSize(), whole);
      if (factor.getKind() == FactorKind::Sum)
        checkSum(op, rule, f, factor.getSize(), whole);
      if (factor.getKind() == FactorKind::Softmax && rule.getMaximum())
        checkSoftmax(op, rule, f, factor.getSize(), whole);
    }
    return kinds;
  }

  void checkParallel(Operation *op, RuleAttr rule, int64_t f, int64_t size, ArrayRef<Array> whole) {
    EXPECT_TRUE(isInResult(rule, f)) << "a parallel factor must be in a result";
    for (Part part : {Part{f, 0, 1}, Part{f, 1, size}})
      for (auto [i, local] : llvm::enumerate(runPart(op, rule, part)))
        expectNear(local, slice(rule, rule.getResults(), i, whole[i], part), 1e-12);
  }
  void checkSum(Operation *op, RuleAttr rule, int64_t f, int64_t size, ArrayRef<Array> whole) {
    EXPECT_FALSE(isInResult(rule, f)) << "a sum must not be in a result";
    Array a = runPart(op, rule, {f, 0, 1})[0], b = runPart(op, rule, {f, 1, size})[0];
    for (size_t i = 0; i < a.data.size(); ++i)
      a.data[i] += b.data[i];
    expectNear(a, whole[0], 1e-12);
  }

  /// Parts of an online softmax merge to the whole; heads are the last dimension of the maximum.
  void checkSoftmax(Operation *op, RuleAttr rule, int64_t f, int64_t size, ArrayRef<Array> whole) {
    EXPECT_FALSE(isInResult(rule, f)) << "parts of a softmax must not be in a result";
    SmallVector<Array> a = runPart(op, rule, {f, 0, 1}), b = runPart(op, rule, {f, 1, size});
    unsigned top = rule.getMaximum().getInt();
    Array max = a[top];
    for (size_t i = 0; i < max.data.size(); ++i)
      max.data[i] = std::max(a[top].data[i], b[top].data[i]);
    expectNear(max, whole[top], 1e-12);
    for (size_t r = 0; r < whole.size(); ++r) {
      if (r == top)
        continue;
      EXPECT_EQ(rule.getPartialKind(r, f), FactorKind::Softmax);
      size_t width = a[r].data.size() / max.data.size();
      for (size_t i = 0; i < a[r].data.size(); ++i) {
        double to = max.data[i / width];
        a[r].data[i] = a[r].data[i] * std::exp(a[top].data[i / width] - to) +
                       b[r].data[i] * std::exp(b[top].data[i / width] - to);
      }
      expectNear(a[r], whole[r], 1e-12);
    }
  }

  IntegerAttr integer(int64_t value) { return builder.getI64IntegerAttr(value); }
  FloatAttr number(double value) { return builder.getF64FloatAttr(value); }
};
} // namespace

TEST_F(RuleTest, Tokenize) {
  Array x = randomArray({2, 3, 2, 4, 6}, 1), own = randomArray({3, 5, 2, 2, 3}, 2);
  Array shared = randomArray({1, 5, 2, 2, 3}, 3), bias = randomArray({3, 5}, 4);
  Type type = floatType({2, 3, 4, 5});
  EXPECT_EQ(check(build<TokenizeOp>(type, arg(x), arg(own), arg(bias), arg(bias))), "pppwpwww");
  EXPECT_EQ(check(build<TokenizeOp>(type, arg(x), arg(shared), Value(), arg(bias))), "pppwpwww");
  EXPECT_EQ(check(build<TokenizeOp>(type, arg(x), arg(own), Value(), Value())), "pppspwww");
}

TEST_F(RuleTest, Aggregate) {
  // B 2, G 3, K 5, N 2, Dt 8, Q 2, A 6, V 4, Do 5, 2 heads.
  Array t = randomArray({2, 3, 5, 2, 8}, 1), q = randomArray({3, 2, 6}, 2);
  Array wk = randomArray({3, 6, 8}, 3), bk = randomArray({3, 6}, 4), wv = randomArray({3, 4, 8}, 5);
  Array bv = randomArray({3, 4}, 6), wo = randomArray({3, 5, 4}, 7), bo = randomArray({3, 5}, 8);
  Array mask({2, 3, 5}), mask1({1, 3, 5});
  for (size_t i = 0; i < mask.data.size(); ++i)
    mask.data[i] = i % 3 != 1;
  mask1.data = {1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1};
  auto aggregate = [&](bool output, bool outputBias, bool perSample) {
    return check(build<AggregateOp>(
        floatType({2, 3, 2, 2, output ? 5 : 4}), arg(t), arg(q), arg(wk), arg(bk), arg(wv), arg(bv),
        output ? arg(wo) : Value(), outputBias ? arg(bo) : Value(),
        arg(perSample ? mask : mask1, 1), integer(2), number(0.5), UnitAttr(), KeyNormAttr()));
  };
  // Heads, B, G, K, N, Q, width of a key, width of a value, Dt and Do.
  EXPECT_EQ(aggregate(false, false, true), "pppxppwww");
  EXPECT_EQ(aggregate(true, false, false), "sppxppwwwp");
  EXPECT_EQ(aggregate(true, true, true), "wppxppwwwp");
}

TEST_F(RuleTest, AggregateOfTokensThemselves) {
  Array t = randomArray({2, 3, 5, 2, 8}, 1), q = randomArray({3, 2, 8}, 2);
  Array w = randomArray({3, 8, 8}, 3);
  auto aggregate = [&](bool keys, bool values) {
    return check(build<AggregateOp>(floatType({2, 3, 2, 2, 8}), arg(t), arg(q),
                                    keys ? arg(w) : Value(), Value(), values ? arg(w) : Value(),
                                    Value(), Value(), Value(), Value(), integer(4), number(0.5),
                                    UnitAttr(), KeyNormAttr()));
  };
  EXPECT_EQ(aggregate(false, false), "pppxppww");
  EXPECT_EQ(aggregate(true, false), "wppxppwww");
  EXPECT_EQ(aggregate(false, true), "wppxppwww");
}

TEST_F(RuleTest, AggregateOfNormalisedKeys) {
  Array t = randomArray({2, 3, 5, 2, 8}, 1), q = randomArray({3, 2, 8}, 2);
  Array w = randomArray({3, 8, 8}, 3), wo = randomArray({3, 5, 8}, 4);
  auto aggregate = [&](bool projects, bool output, NormWidth width, double epsilon) {
    Value weight = projects ? arg(w) : Value();
    return check(build<AggregateOp>(floatType({2, 3, 2, 2, output ? 5 : 8}), arg(t), arg(q), weight,
                                    Value(), weight, Value(), output ? arg(wo) : Value(), Value(),
                                    Value(), integer(4), number(0.5), UnitAttr(),
                                    KeyNormAttr::get(&context, NormKind::Layer, width, epsilon)));
  };
  // Heads stay whole if they are normalised together.
  EXPECT_EQ(aggregate(true, false, NormWidth::PerHead, 1e-5), "pppxppwww");
  EXPECT_EQ(aggregate(true, false, NormWidth::AllHeads, 1e-5), "wppxppwww");
  EXPECT_EQ(aggregate(false, false, NormWidth::PerHead, 1e-5), "pppxppww");
  EXPECT_EQ(aggregate(false, false, NormWidth::AllHeads, 1e-5), "wppxppww");
  // The padding of a sum over heads is 0, which cannot be normalised without an epsilon.
  EXPECT_EQ(aggregate(true, true, NormWidth::PerHead, 1e-5), "sppxppwwwp");
  EXPECT_EQ(aggregate(true, true, NormWidth::PerHead, 1e-50), "wppxppwwwp");
  EXPECT_EQ(aggregate(true, false, NormWidth::PerHead, 0), "pppxppwww");
}

TEST_F(RuleTest, AggregatePartial) {
  Array t = randomArray({2, 3, 5, 2, 8}, 1), q = randomArray({3, 2, 6}, 2);
  Array wk = randomArray({3, 6, 8}, 3), wv = randomArray({3, 4, 8}, 5), bv = randomArray({3, 4}, 6);
  Array mask({2, 3, 5});
  for (size_t i = 0; i < mask.data.size(); ++i)
    mask.data[i] = i % 3 != 1;
  for (bool masked : {false, true}) {
    auto op = build<AggregatePartialOp>(
        TypeRange{floatType({2, 3, 2, 2, 2}), floatType({2, 3, 2, 2, 2}),
                  floatType({2, 3, 2, 2, 4})},
        arg(t), arg(q), arg(wk), Value(), arg(wv), arg(bv), masked ? arg(mask, 1) : Value(),
        integer(2), number(0.5), UnitAttr(), KeyNormAttr());
    EXPECT_EQ(check(op), "pppxppwww");
    // Padding can be left out where there is a mask.
    EXPECT_EQ(op.getShardingRule().hasPadding(3), masked);
  }
}

TEST_F(RuleTest, FoldedAggregate) {
  // B 2, G 3, K 4, N 2, P 3, F 5, Q 2, 2 heads, V 6.
  Array x = randomArray({2, 3, 4, 2, 3}, 1), f = randomArray({2, 3, 4, 2, 5}, 2);
  Array own = randomArray({3, 2, 2, 4, 3}, 3), shared = randomArray({3, 2, 2, 1, 3}, 4);
  Array offset = randomArray({2, 3, 4, 2, 2}, 5), bias = randomArray({1, 3, 4, 2, 2}, 6);
  Array values = randomArray({3, 6, 4, 5}, 7), pooled = randomArray({3, 6, 1, 3}, 8);
  Array valueBias = randomArray({2, 3, 4, 6}, 9), constant = randomArray({1, 3, 1, 6}, 10);
  Array normFactor = randomArray({3, 4, 2, 3, 3}, 11), oneFactor = randomArray({3, 1, 1, 3, 3}, 12);
  Array linear = randomArray({2, 3, 4, 2, 3}, 13), square = randomArray({2, 3, 4, 2}, 14);
  Array mask({2, 3, 4});
  for (size_t i = 0; i < mask.data.size(); ++i)
    mask.data[i] = i % 3 != 1;
  Type all = floatType({2, 3, 2, 2, 6}), byHead = floatType({2, 3, 2, 2, 2});
  // Heads, B, G, K, N, Q, pixels, width of a head's values, and that of the features.
  EXPECT_EQ(check(build<FoldedAggregateOp>(all, arg(x), arg(own), arg(offset), arg(bias), arg(f),
                                           arg(values), Value(), arg(valueBias), arg(normFactor),
                                           arg(linear), arg(square), arg(mask, 1), integer(2),
                                           number(0.1), UnitAttr(), UnitAttr())),
            "pppxppwww");
  EXPECT_EQ(check(build<FoldedAggregateOp>(all, arg(x), arg(shared), Value(), Value(), Value(),
                                           arg(pooled), arg(constant), arg(valueBias),
                                           arg(oneFactor), Value(), Value(), Value(), integer(2),
                                           number(0.1), builder.getUnitAttr(), UnitAttr())),
            "pppxppww");
  // Features that are the values split by heads.
  Array direct = randomArray({2, 3, 4, 2, 6}, 15);
  EXPECT_EQ(check(build<FoldedAggregateOp>(all, arg(x), arg(shared), Value(), Value(), arg(direct),
                                           Value(), Value(), Value(), Value(), Value(), Value(),
                                           Value(), integer(2), number(0), UnitAttr(), UnitAttr())),
            "pppxppww");
  auto parts = build<FoldedAggregatePartialOp>(
      TypeRange{byHead, byHead, all}, arg(x), arg(own), Value(), arg(bias), arg(f), arg(values),
      Value(), arg(valueBias), Value(), Value(), Value(), arg(mask, 1), integer(2), number(0),
      UnitAttr(), builder.getUnitAttr());
  EXPECT_EQ(check(parts), "pppxppwww");
  // Padding of channels can be left out: it is masked.
  EXPECT_TRUE(parts.getShardingRule().hasPadding(3));
}

TEST_F(RuleTest, FoldWeights) {
  Array image = randomArray({2, 3, 2, 4, 6}, 1), x = randomArray({2, 2, 3, 4, 5}, 2);
  EXPECT_EQ(
      check(build<ChannelPatchesOp>(floatType({2, 3, 6, 8}), arg(image), ArrayRef<int64_t>{2, 2})),
      "ppwpwww");
  Array linear = randomArray({2, 3, 7, 3, 5}, 3);
  EXPECT_EQ(check(build<FoldedLinearOp>(floatType({2, 2, 3, 4, 7}), arg(x), arg(linear))),
            "ppspspp");
  Array query = randomArray({2, 3, 6}, 4), wk = randomArray({2, 6, 5}, 5);
  EXPECT_EQ(
      check(build<FoldQueryOp>(floatType({2, 6, 5}), arg(query), arg(wk), integer(2), number(0.5))),
      "pppwp");
  EXPECT_EQ(
      check(build<FoldQueryOp>(floatType({2, 6, 6}), arg(query), Value(), integer(2), number(0.5))),
      "wppw");
  Array rows = randomArray({2, 4, 5}, 6), own = randomArray({2, 3, 5, 6}, 7);
  Array shared = randomArray({1, 1, 5, 6}, 8);
  EXPECT_EQ(check(build<FoldProjectionOp>(floatType({2, 4, 3, 6}), arg(rows), arg(own))), "pppsp");
  EXPECT_EQ(check(build<FoldProjectionOp>(floatType({2, 4, 1, 6}), arg(rows), arg(shared))),
            "pppsp");
  Array weight = randomArray({2, 3, 6, 4}, 9);
  SmallVector<Type> types = {floatType({2, 3, 2, 3, 4}), floatType({2, 3, 2, 4, 4})};
  EXPECT_EQ(check(build<FoldNormOp>(types, arg(weight), integer(2), builder.getUnitAttr())),
            "pppww");
}

TEST_F(RuleTest, MergePartials) {
  Array m = randomArray({3, 2, 2, 3, 2, 2}, 1), l = randomArray({3, 2, 2, 3, 2, 2}, 2);
  Array u = randomArray({3, 2, 2, 3, 2, 6}, 3);
  EXPECT_EQ(check(build<MergePartialsOp>(floatType({2, 2, 3, 2, 6}), arg(m), arg(l), arg(u))),
            "wpppppw");
}

TEST_F(RuleTest, AggregateLinear) {
  Array t = randomArray({2, 2, 3, 4, 5}, 1), w = randomArray({2, 2, 3}, 2);
  Array bias = randomArray({2, 2}, 3);
  Type type = floatType({2, 2, 2, 4, 5});
  EXPECT_EQ(check(build<AggregateLinearOp>(type, arg(t), arg(w), arg(bias))), "ppwppp");
  EXPECT_EQ(check(build<AggregateLinearOp>(type, arg(t), arg(w), Value())), "ppsppp");
}

TEST_F(RuleTest, Attention) {
  Array q = randomArray({2, 4, 3, 5}, 1), bias = randomArray({1, 4, 1, 7}, 4), mask({2, 1, 3, 7});
  for (size_t i = 0; i < mask.data.size(); ++i)
    mask.data[i] = i % 3 != 0;
  for (int64_t keyHeads : {4, 2, 1}) {
    Array k = randomArray({2, keyHeads, 7, 5}, 2), v = randomArray({2, keyHeads, 7, 6}, 3);
    EXPECT_EQ(check(build<AttentionOp>(floatType({2, 4, 3, 6}), arg(q), arg(k), arg(v), arg(bias),
                                       arg(mask, 1), number(0.5))),
              "pppwwwp");
  }
}

TEST_F(RuleTest, NormsAndActivations) {
  Array x = randomArray({2, 3, 4, 5}, 1), scale = randomArray({4, 5}, 2);
  Type type = floatType({2, 3, 4, 5});
  EXPECT_EQ(
      check(build<LayerNormOp>(type, arg(x), arg(scale), arg(scale), integer(2), number(0.1))),
      "ppww");
  EXPECT_EQ(check(build<RmsNormOp>(type, arg(x), arg(scale), integer(2), number(0.1))), "ppww");
  EXPECT_EQ(check(build<SoftmaxOp>(type, arg(x), integer(1))), "pwpp");
  EXPECT_EQ(check(build<GeluOp>(type, arg(x), GeluKind::Tanh)), "pppp");
}

TEST_F(RuleTest, Moves) {
  Array x = randomArray({2, 5, 3}, 1), indices({2, 4}), list({4}), u = randomArray({2, 4, 3}, 2);
  indices.data = {0, -1, 3, 3, 7, 2, 1, 4};
  list.data = {4, 0, 4, -2};
  EXPECT_EQ(check(build<GatherOp>(floatType({2, 2, 4, 3}), arg(x), arg(indices, 64), 1, 0)),
            "ppppw");
  EXPECT_EQ(check(build<GatherOp>(floatType({2, 4, 3}), arg(x), arg(indices, 64), 1, 1)), "pppw");
  for (ScatterKind kind : {ScatterKind::Set, ScatterKind::Add}) {
    EXPECT_EQ(
        check(build<ScatterOp>(floatType({2, 5, 3}), arg(x), arg(list, 64), arg(u), 1, 0, kind)),
        "pwpw");
    EXPECT_EQ(
        check(build<ScatterOp>(floatType({2, 5, 3}), arg(x), arg(indices, 64), arg(u), 1, 1, kind)),
        "pwpw");
  }
  Array image = randomArray({2, 3, 4, 6}, 1), patches = randomArray({2, 4, 18}, 2);
  int64_t patch[] = {2, 3};
  for (PatchLayout layout : {PatchLayout::ChannelsFirst, PatchLayout::ChannelsLast}) {
    EXPECT_EQ(check(build<PatchifyOp>(floatType({2, 4, 18}), arg(image), ArrayRef(patch), layout)),
              "pppwww");
    EXPECT_EQ(
        check(build<UnpatchifyOp>(floatType({2, 3, 4, 6}), arg(patches), ArrayRef(patch), layout)),
        "pppwww");
  }
}

TEST_F(RuleTest, Convolution) {
  Array x = randomArray({2, 4, 5, 7}, 1), bias = randomArray({6}, 3);
  auto convolve = [&](int64_t groups, bool withBias) {
    Array w = randomArray({6, 4 / groups, 2, 3}, 2);
    return check(build<ConvolutionOp>(floatType({2, 6, 3, 2}), arg(x), arg(w),
                                      withBias ? arg(bias) : Value(), ArrayRef<int64_t>{2, 3},
                                      ArrayRef<int64_t>{2, 1}, ArrayRef<int64_t>{1, 0},
                                      ArrayRef<int64_t>{2, 1}, groups));
  };
  // Groups, B, features, channels, and for each spatial dimension positions and kernel.
  EXPECT_EQ(convolve(2, true), "ppwwwwww");
  EXPECT_EQ(convolve(1, true), "pppwwwww");
  EXPECT_EQ(convolve(1, false), "pppswwww");
}

TEST_F(RuleTest, NothingToSplitHasNoRule) {
  Array x({0, 3});
  GeluOp op = build<GeluOp>(floatType({0, 3}), arg(x), GeluKind::Erf);
  EXPECT_FALSE(op.getShardingRule());
}
