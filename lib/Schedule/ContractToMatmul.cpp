//===- ContractToMatmul.cpp - contractions by the runtime ------------------*- C++ -*-===//

#include "dchag/Schedule/Passes.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_CONTRACTTOMATMUL
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;
using rt::MatmulOp;

/// Whether each loop is one of both operands or of the result, and some is summed over.
static bool isProduct(AffineMap lhs, AffineMap rhs, AffineMap init) {
  bool sums = false;
  for (AffineMap map : {lhs, rhs, init})
    if (!map.isProjectedPermutation())
      return false;
  for (unsigned dim = 0; dim < init.getNumDims(); ++dim) {
    bool inLhs = lhs.isFunctionOfDim(dim), inRhs = rhs.isFunctionOfDim(dim);
    bool inInit = init.isFunctionOfDim(dim);
    if (inInit ? !inLhs && !inRhs : !inLhs || !inRhs)
      return false;
    sums |= !inInit;
  }
  return sums;
}

/// What the products of the target take of this element type.
static ProductAbilities getAbilities(Operation *op, Type element) {
  return getTarget(op->getParentOfType<ModuleOp>()).getProductAbilities(element);
}
static ProductAbilities getAbilities(MatmulOp op) {
  return getAbilities(op, getElementTypeOrSelf(op.getLhs()));
}

/// Whether it is rather a few long sums than a product: those are taken in blocks by kernels.
static bool isLongSum(linalg::ContractOp op, const ProductAbilities &abilities) {
  int64_t results = cast<ShapedType>(op.getResultTypes()[0]).getNumElements(), addends = 1;
  for (auto [size, type] : llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    if (type == utils::IteratorType::reduction)
      addends *= size;
  return results <= abilities.fewResults && addends >= abilities.longSum;
}

static Value makeEmpty(OpBuilder &builder, Location loc, Value like) {
  auto type = cast<RankedTensorType>(like.getType());
  return tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
}

static Value widen(OpBuilder &builder, Value value, FloatType element) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getElementType() == element)
    return value;
  return arith::ExtFOp::create(builder, value.getLoc(), type.clone(element), value);
}

static bool isZeroFill(Value value) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
}

/// The product that `value` is, if nothing else uses it.
static MatmulOp getOnlyUsedProduct(Value value) {
  auto matmul = value.getDefiningOp<MatmulOp>();
  return matmul && value.hasOneUse() ? matmul : MatmulOp();
}

namespace {
struct Parts {
  Value lhs, rhs, bias, init;
  SmallVector<AffineMap> maps; ///< lhs, rhs, bias if there is one, init
  rt::Activation activation;
  bool accumulate;
  double alpha;

  explicit Parts(MatmulOp op)
      : lhs(op.getLhs()), rhs(op.getRhs()), bias(op.getBias()), init(op.getInit()),
        activation(op.getActivation()), accumulate(op.getAccumulate()),
        alpha(op.getAlpha().convertToDouble()) {
    for (Attribute map : op.getIndexingMaps())
      maps.push_back(cast<AffineMapAttr>(map).getValue());
  }

  Value build(OpBuilder &builder, Location loc) const {
    return MatmulOp::create(builder, loc, init.getType(), lhs, rhs, bias, init,
                            builder.getAffineMapArrayAttr(maps), activation, accumulate,
                            APFloat(alpha))
        .getResult();
  }
};

struct ConvertContract : OpRewritePattern<linalg::ContractOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::ContractOp op, PatternRewriter &rewriter) const override {
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    if (op.getInputs().size() != 2 || !op.hasPureTensorSemantics() ||
        !isProduct(maps[0], maps[1], maps[2]))
      return failure();
    Value lhs = op.getInputs()[0], rhs = op.getInputs()[1], init = op.getOutputs()[0];
    auto sum = dyn_cast<FloatType>(getElementTypeOrSelf(init));
    auto left = dyn_cast<FloatType>(getElementTypeOrSelf(lhs));
    auto right = dyn_cast<FloatType>(getElementTypeOrSelf(rhs));
    if (!sum || !left || !right || left.getWidth() > sum.getWidth() ||
        right.getWidth() > sum.getWidth())
      return failure();
    bool accumulate = !isZeroFill(init);
    ProductAbilities abilities = getAbilities(op, left == right ? left : sum);
    if (!abilities.exists || isLongSum(op, abilities) || (accumulate && !abilities.accumulate))
      return failure();
    // Factors meet in one type: both as they are stored, or both in the type of the sum.
    if (left != right) {
      lhs = widen(rewriter, lhs, sum);
      rhs = widen(rewriter, rhs, sum);
    }
    if (!accumulate)
      init = makeEmpty(rewriter, op.getLoc(), init);
    auto matmul = MatmulOp::create(rewriter, op.getLoc(), init.getType(), lhs, rhs, Value(), init,
                                   rewriter.getAffineMapArrayAttr(maps), rt::Activation::None,
                                   accumulate, APFloat(1.0));
    rewriter.replaceOp(op, matmul.getResult());
    return success();
  }
};

/// The runtime sums in f32 and rounds once, to the type that it stores.
struct FoldRounding : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    MatmulOp matmul = getOnlyUsedProduct(op.getIn());
    if (!matmul || matmul.getAccumulate() || !getElementTypeOrSelf(op.getIn()).isF32() ||
        !getAbilities(matmul).rounds)
      return failure();
    Parts parts(matmul);
    parts.init = makeEmpty(rewriter, op.getLoc(), op.getResult());
    rewriter.replaceOp(op, parts.build(rewriter, matmul.getLoc()));
    return success();
  }
};

/// Products of two bf16 or two f16 are exact in f32: factors that were converted alike are taken as
/// they are stored.
struct FoldWidenedFactors : OpRewritePattern<MatmulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatmulOp op, PatternRewriter &rewriter) const override {
    auto lhs = op.getLhs().getDefiningOp<arith::ExtFOp>();
    auto rhs = op.getRhs().getDefiningOp<arith::ExtFOp>();
    if (!lhs || !rhs || getElementTypeOrSelf(lhs.getIn()) != getElementTypeOrSelf(rhs.getIn()) ||
        !getElementTypeOrSelf(op.getLhs()).isF32() ||
        !getAbilities(op, getElementTypeOrSelf(lhs.getIn())).exists)
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getLhsMutable().assign(lhs.getIn());
      op.getRhsMutable().assign(rhs.getIn());
    });
    return success();
  }
};

/// A transposed operand is the operand with its map permuted.
struct FoldTransposedOperand : OpRewritePattern<MatmulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatmulOp op, PatternRewriter &rewriter) const override {
    for (unsigned i = 0; i + 1 < op->getNumOperands(); ++i) {
      auto transpose = op->getOperand(i).getDefiningOp<linalg::TransposeOp>();
      if (!transpose)
        continue;
      // Result dimension r of the transpose is its input's dimension permutation[r].
      AffineMap map = op.getMap(i);
      SmallVector<AffineExpr> exprs(map.getNumResults());
      for (auto [result, input] : llvm::enumerate(transpose.getPermutation()))
        exprs[input] = map.getResult(result);
      SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
      maps[i] = AffineMapAttr::get(AffineMap::get(map.getNumDims(), 0, exprs, getContext()));
      rewriter.modifyOpInPlace(op, [&] {
        op->setOperand(i, transpose.getInput());
        op.setIndexingMapsAttr(rewriter.getArrayAttr(maps));
      });
      return success();
    }
    return failure();
  }
};

struct FoldTransposedResult : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::TransposeOp op, PatternRewriter &rewriter) const override {
    MatmulOp matmul = getOnlyUsedProduct(op.getInput());
    if (!matmul || matmul.getAccumulate())
      return failure();
    Parts parts(matmul);
    AffineMap map = parts.maps.back();
    SmallVector<AffineExpr> exprs;
    for (int64_t input : op.getPermutation())
      exprs.push_back(map.getResult(input));
    parts.maps.back() = AffineMap::get(map.getNumDims(), 0, exprs, getContext());
    parts.init = makeEmpty(rewriter, op.getLoc(), op->getResult(0));
    rewriter.replaceOp(op, parts.build(rewriter, matmul.getLoc()));
    return success();
  }
};

struct FoldFactor : OpRewritePattern<arith::MulFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::MulFOp op, PatternRewriter &rewriter) const override {
    for (auto [value, other] : {std::pair(op.getLhs(), op.getRhs()), {op.getRhs(), op.getLhs()}}) {
      MatmulOp matmul = getOnlyUsedProduct(value);
      SplatElementsAttr factor;
      if (!matmul || !matchPattern(other, m_Constant(&factor)) || matmul.getBias() ||
          matmul.getAccumulate() || matmul.getActivation() != rt::Activation::None ||
          !getAbilities(matmul).factor)
        continue;
      Parts parts(matmul);
      parts.alpha *= factor.getSplatValue<APFloat>().convertToDouble();
      rewriter.replaceOp(op, parts.build(rewriter, matmul.getLoc()));
      return success();
    }
    return failure();
  }
};

/// An addend that is broadcast becomes the bias, any other the value to add to.
struct FoldAddition : OpRewritePattern<arith::AddFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::AddFOp op, PatternRewriter &rewriter) const override {
    for (auto [value, other] : {std::pair(op.getLhs(), op.getRhs()), {op.getRhs(), op.getLhs()}}) {
      MatmulOp matmul = getOnlyUsedProduct(value);
      if (!matmul || matmul.getActivation() != rt::Activation::None ||
          matchPattern(other, m_Constant()))
        continue;
      Parts parts(matmul);
      ProductAbilities abilities = getAbilities(matmul);
      auto broadcast = other.getDefiningOp<linalg::BroadcastOp>();
      if (broadcast && !parts.bias && abilities.bias)
        addBias(parts, broadcast);
      else if (!broadcast && !parts.accumulate && abilities.accumulate)
        parts.init = other, parts.accumulate = true;
      else
        continue;
      rewriter.setInsertionPoint(op);
      rewriter.replaceOp(op, parts.build(rewriter, matmul.getLoc()));
      return success();
    }
    return failure();
  }

  static void addBias(Parts &parts, linalg::BroadcastOp broadcast) {
    AffineMap init = parts.maps.back();
    SmallVector<AffineExpr> exprs;
    for (unsigned i = 0; i < init.getNumResults(); ++i)
      if (!llvm::is_contained(broadcast.getDimensions(), int64_t(i)))
        exprs.push_back(init.getResult(i));
    parts.bias = broadcast.getInput();
    parts.maps.insert(parts.maps.begin() + 2,
                      AffineMap::get(init.getNumDims(), 0, exprs, init.getContext()));
  }
};

struct FoldGelu : OpRewritePattern<GeluOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GeluOp op, PatternRewriter &rewriter) const override {
    MatmulOp matmul = getOnlyUsedProduct(op.getInput());
    if (!matmul || matmul.getActivation() != rt::Activation::None ||
        !getElementTypeOrSelf(op.getInput()).isF32())
      return failure();
    Parts parts(matmul);
    parts.activation =
        op.getForm() == GeluKind::Erf ? rt::Activation::GeluErf : rt::Activation::GeluTanh;
    if (!llvm::is_contained(getAbilities(matmul).activations, parts.activation))
      return failure();
    rewriter.replaceOp(op, parts.build(rewriter, matmul.getLoc()));
    return success();
  }
};

struct ContractToMatmul : mlir::dchag::impl::ContractToMatmulBase<ContractToMatmul> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ConvertContract, FoldRounding, FoldWidenedFactors, FoldTransposedOperand,
                 FoldTransposedResult, FoldFactor, FoldAddition, FoldGelu>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([&](MatmulOp) { ++numMatmuls; });
  }
};
} // namespace
