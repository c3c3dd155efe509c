//===- TokenizeDecompose.cpp - tokenization in simpler ops -----------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"
#include "dialects/dchag/OpUtils.h"

using namespace mlir;
using namespace mlir::dchag;

FailureOr<SmallVector<Value>> ChannelPatchesOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  ArrayRef<int64_t> image = shapeOf(getImage());
  SmallVector<int64_t> shape(image.take_front(3));
  // Grid positions (capitals) and pixels of a patch (small letters) of each dimension.
  std::string from = "bci", grid, pixels;
  for (auto [i, size] : llvm::enumerate(getPatch())) {
    llvm::append_values(shape, image[3 + i] / size, size);
    grid += 'X' + i;
    pixels += 'x' + i;
    from += {char('X' + i), char('x' + i)};
  }
  Value patches = d.transpose(d.reshape(getImage(), shape), from, "bc" + grid + "i" + pixels);
  return SmallVector<Value>{d.reshape(patches, getType().getShape())};
}

FailureOr<SmallVector<Value>> TokenizeOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  RankedTensorType image = tensorType(getImage()), weight = tensorType(getWeight());
  int64_t width = weight.getDimSize(1), channels = image.getDimSize(1);
  int64_t features = productOf(weight.getShape().drop_front(2));
  // The pixels of a patch become contiguous, so that the product is one contraction over I p1 ..
  // pk.
  auto type = image.clone({image.getDimSize(0), channels, dimOf(getResult(), 2), features});
  Value patches = d.make<ChannelPatchesOp>(type, getImage(), weight.getShape().drop_front(3));
  bool isShared = weight.getDimSize(0) == 1;
  Value matrix = isShared ? d.reshape(getWeight(), {width, features})
                          : d.reshape(getWeight(), {channels, width, features});
  Value tokens = d.contract(isShared ? "bcnp,dp->bcnd" : "bcnp,cdp->bcnd", patches, matrix);
  Value offset = getEmbedding();
  if (Value bias = getBias())
    offset = offset ? d.add(offset, d.broadcastLike(bias, "cd", offset, "cd")) : bias;
  if (offset)
    tokens = d.add(tokens, d.broadcastLike(offset, "cd", tokens, "bcnd"));
  return SmallVector<Value>{tokens};
}
