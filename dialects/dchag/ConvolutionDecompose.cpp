//===- ConvolutionDecompose.cpp - convolution in simpler ops ---------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

/// `input` with `low` and `high` zeros around each spatial dimension.
static Value padSpace(Decomposer &d, Value input, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
  SmallVector<int64_t> before(2, 0), after(2, 0);
  llvm::append_range(before, low);
  llvm::append_range(after, high);
  return d.padConstant(input, before, after, 0);
}

FailureOr<SmallVector<Value>> ConvolutionOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  RankedTensorType type = tensorType(getResult()), weight = tensorType(getWeight());
  int64_t groups = getGroups();
  unsigned space = type.getRank() - 2;
  Value input = padSpace(d, getInput(), getLow(), getHigh());
  input = d.splitDim(input, 1, {groups, dimOf(input, 1) / groups});
  Value kernel = d.splitDim(getWeight(), 0, {groups, weight.getDimSize(0) / groups});

  // Loops: batch, group, feature, output space; channel, kernel.
  unsigned loops = 3 + space + 1 + space;
  auto dim = [&](unsigned i) { return builder.getAffineDimExpr(i); };
  SmallVector<AffineExpr> in = {dim(0), dim(1), dim(3 + space)}, out = {dim(0), dim(1), dim(2)};
  SmallVector<AffineExpr> taps = {dim(1), dim(2), dim(3 + space)};
  for (unsigned i = 0; i < space; ++i) {
    in.push_back(dim(3 + i) * getStrides()[i] + dim(4 + space + i) * getDilations()[i]);
    out.push_back(dim(3 + i));
    taps.push_back(dim(4 + space + i));
  }
  MLIRContext *context = builder.getContext();
  SmallVector<AffineMap> maps = {AffineMap::get(loops, 0, in, context),
                                 AffineMap::get(loops, 0, taps, context),
                                 AffineMap::get(loops, 0, out, context)};
  SmallVector<utils::IteratorType> iterators(3 + space, utils::IteratorType::parallel);
  iterators.append(1 + space, utils::IteratorType::reduction);
  SmallVector<int64_t> shape(type.getShape());
  shape[1] /= groups;
  shape.insert(shape.begin() + 1, groups);
  // Sums are kept in f32 at least.
  Type sumType =
      isNarrowFloat(type.getElementType()) ? builder.getF32Type() : type.getElementType();
  Value init = d.zeros(shape, sumType);
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    auto widen = [&](Value x) {
      return x.getType() == sumType ? x : arith::ExtFOp::create(b, loc, sumType, x).getResult();
    };
    Value product = arith::MulFOp::create(b, loc, widen(args[0]), widen(args[1]));
    linalg::YieldOp::create(b, loc, ValueRange(arith::AddFOp::create(b, loc, args[2], product)));
  };
  auto generic =
      linalg::GenericOp::create(builder, getLoc(), TypeRange(init.getType()),
                                ValueRange{input, kernel}, ValueRange(init), maps, iterators, body);
  Value result = d.joinDims(generic.getResult(0), 1, 2);
  if (getBias()) {
    Value bias = getBias();
    std::string letters = "bf";
    for (unsigned i = 0; i < space; ++i)
      letters += 'X' + i;
    result = d.add(result, d.broadcastLike(bias, "f", result, letters));
  }
  return SmallVector<Value>{result};
}
