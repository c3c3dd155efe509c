//===- ExpandMath.cpp - functions of f32 and narrower ----------------------*- C++ -*-===//

#include "ElementTypes.h"
#include "ExpandDivisions.h"
#include "ExpandExp.h"
#include "ExpandPowers.h"
#include "VectorMath.h"
#include "dchag/Target/Cpu/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_EXPANDMATH
#include "dchag/Target/Cpu/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

ArrayRef<llvm::StringLiteral> mlir::dchag::getVectorMathFunctions() {
  static constexpr llvm::StringLiteral functions[] = {
      "acos", "asin",  "atan", "atan2", "atanh", "cbrt", "cos", "erf", "erfc", "exp",
      "exp2", "expm1", "log",  "log10", "log1p", "log2", "pow", "sin", "tan",  "tanh"};
  return functions;
}

/// The library function of a math op, or an empty name.
static StringRef getFunction(Operation *op) {
  StringRef name = op->getName().stripDialect();
  if (isa<math::PowFOp>(op))
    name = "pow";
  if (!isa<math::MathDialect>(op->getDialect()) ||
      !llvm::is_contained(getVectorMathFunctions(), name))
    return {};
  return name;
}

/// Functions for which the library is not accurate near the largest number, and which models hardly
/// use: computed in f64 by the C library and rounded.
static bool isComputedInF64(Operation *op) {
  return isa<math::SinhOp, math::CoshOp, math::AsinhOp, math::AcoshOp>(op);
}

namespace {
/// Computes an op on a narrow float in a wider one, and rounds once.
struct ComputeWider : RewritePattern {
  explicit ComputeWider(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/2, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa_and_nonnull<math::MathDialect>(op->getDialect()) || op->getNumResults() != 1)
      return failure();
    auto element = dyn_cast<FloatType>(getElementTypeOrSelf(op->getResult(0)));
    if (!element || element.getWidth() > 32)
      return failure();
    bool isNarrow = element.getWidth() < 32;
    if (!isNarrow && !isComputedInF64(op))
      return failure();
    Type wide = isNarrow ? Type(rewriter.getF32Type()) : rewriter.getF64Type();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      bool isFloat = isa<FloatType>(getElementTypeOrSelf(operand));
      Type type = cloneWithElement(operand.getType(), wide);
      operands.push_back(
          isFloat ? arith::ExtFOp::create(rewriter, op->getLoc(), type, operand).getResult()
                  : operand);
    }
    Type type = op->getResult(0).getType();
    OperationState state(op->getLoc(), op->getName(), operands, {cloneWithElement(type, wide)},
                         op->getAttrs());
    Value result = rewriter.create(state)->getResult(0);
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, type, result);
    return success();
  }
};

/// For large x log1p(x) equals log(x) to the last digit, and the library's log1p overflows.
struct LimitLog1p : OpRewritePattern<math::Log1pOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::Log1pOp op, PatternRewriter &rewriter) const override {
    constexpr llvm::StringLiteral done = "dchag.limited";
    if (!getElementTypeOrSelf(op.getType()).isF32() || op->hasAttr(done))
      return failure();
    Location loc = op.getLoc();
    TypedAttr bound = rewriter.getF32FloatAttr(1e30f);
    if (auto vector = dyn_cast<VectorType>(op.getType()))
      bound = SplatElementsAttr::get(vector, bound);
    Value isLarge = arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::OGT, op.getOperand(),
                                          arith::ConstantOp::create(rewriter, loc, bound));
    Value large = math::LogOp::create(rewriter, loc, op.getOperand());
    auto small = math::Log1pOp::create(rewriter, loc, op.getOperand());
    small->setAttr(done, rewriter.getUnitAttr());
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isLarge, large, small);
    return success();
  }
};

/// A math op of f32 as a call; a vector in pieces of 16, the rest one by one.
struct CallFunction : RewritePattern {
  CallFunction(MLIRContext *context, llvm::StringMap<func::FuncOp> &functions, ModuleOp module)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context), functions(functions),
        module(module) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    StringRef name = getFunction(op);
    if (name.empty() || !getElementTypeOrSelf(op->getResult(0)).isF32())
      return failure();
    auto vector = dyn_cast<VectorType>(op->getResult(0).getType());
    if (vector && vector.getRank() != 1)
      return failure();
    Value result = vector ? callByPieces(rewriter, op, name, vector)
                          : call(rewriter, op->getLoc(), name, op->getOperands());
    rewriter.replaceOp(op, result);
    return success();
  }

  Value call(PatternRewriter &rewriter, Location loc, StringRef name, ValueRange operands) const {
    Type type = operands.front().getType();
    std::string symbol = (kVectorMathPrefix + name).str();
    if (isa<VectorType>(type))
      symbol += kVectorMathSuffix;
    func::FuncOp &function = functions[symbol];
    if (!function) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(module.getBody());
      auto functionType =
          rewriter.getFunctionType(SmallVector<Type>(operands.size(), type), {type});
      function = func::FuncOp::create(rewriter, loc, symbol, functionType);
      function.setPrivate();
    }
    return func::CallOp::create(rewriter, loc, function, operands).getResult(0);
  }

  Value callByPieces(PatternRewriter &rewriter, Operation *op, StringRef name,
                     VectorType type) const {
    Location loc = op->getLoc();
    int64_t size = type.getNumElements(), from = 0;
    if (size == kVectorMathWidth)
      return call(rewriter, loc, name, op->getOperands());
    Value result = arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(type));
    for (; from + kVectorMathWidth <= size; from += kVectorMathWidth) {
      SmallVector<Value> pieces;
      for (Value operand : op->getOperands())
        pieces.push_back(vector::ExtractStridedSliceOp::create(
            rewriter, loc, operand, ArrayRef(from), ArrayRef<int64_t>(kVectorMathWidth),
            ArrayRef<int64_t>(1)));
      Value piece = call(rewriter, loc, name, pieces);
      result = vector::InsertStridedSliceOp::create(rewriter, loc, piece, result, ArrayRef(from),
                                                    ArrayRef<int64_t>(1));
    }
    for (; from < size; ++from) {
      SmallVector<Value> elements;
      for (Value operand : op->getOperands())
        elements.push_back(vector::ExtractOp::create(rewriter, loc, operand, from));
      result = vector::InsertOp::create(rewriter, loc, call(rewriter, loc, name, elements), result,
                                        from);
    }
    return result;
  }

  llvm::StringMap<func::FuncOp> &functions;
  mutable ModuleOp module;
};

/// f64 functions that upstream lowers to log(1 + x) and exp(x) - 1, which have no correct digit
/// near 0: calls the C library for each number.
template <typename OpTy>
struct CallF64 : OpRewritePattern<OpTy> {
  CallF64(MLIRContext *context, ModuleOp module)
      : OpRewritePattern<OpTy>(context), module(module) {}

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF64())
      return failure();
    auto vector = dyn_cast<VectorType>(op.getType());
    if (vector && vector.getRank() != 1)
      return failure();
    Location loc = op.getLoc();
    if (!vector) {
      rewriter.replaceOp(op, call(rewriter, loc, op.getOperand()));
      return success();
    }
    Value result = arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(vector));
    for (int64_t i = 0; i < vector.getNumElements(); ++i) {
      Value element = vector::ExtractOp::create(rewriter, loc, op.getOperand(), i);
      result = vector::InsertOp::create(rewriter, loc, call(rewriter, loc, element), result, i);
    }
    rewriter.replaceOp(op, result);
    return success();
  }

  Value call(PatternRewriter &rewriter, Location loc, Value x) const {
    StringRef op = OpTy::getOperationName();
    op.consume_front("math.");
    std::string name = (kVectorMathPrefix + op + kWideMathSuffix).str();
    auto function = module.lookupSymbol<func::FuncOp>(name);
    if (!function) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(module.getBody());
      function = func::FuncOp::create(rewriter, loc, name,
                                      rewriter.getFunctionType({x.getType()}, {x.getType()}));
      function.setPrivate();
    }
    return func::CallOp::create(rewriter, loc, function, ValueRange{x}).getResult(0);
  }

  mutable ModuleOp module;
};

struct ExpandMath : mlir::dchag::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    expandDivisions(getOperation());
    llvm::StringMap<func::FuncOp> functions;
    RewritePatternSet patterns(&getContext());
    patterns.add<ComputeWider>(&getContext());
    patterns.add<LimitLog1p>(&getContext(), /*benefit=*/3);
    patterns.add<CallF64<math::Log1pOp>, CallF64<math::ExpM1Op>>(&getContext(), getOperation());
    patterns.add<CallFunction>(&getContext(), functions, getOperation());
    math::populateExpansionPatterns(patterns, {"roundeven", "rsqrt", "clampf"});
    populateExpandExpPatterns(patterns);
    populateExpandPowersPatterns(patterns);
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
