//===- TokenizeDecompose.cpp - tokenization in simpler ops -----------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

FailureOr<SmallVector<Value>> TokenizeOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  RankedTensorType image = tensorType(getImage()), weight = tensorType(getWeight());
  unsigned rank = image.getRank() - 3;
  // Grid positions (capitals) and pixels of a patch (small letters) of each dimension.
  SmallVector<int64_t> shape(image.getShape().take_front(3));
  std::string pixels = "bci", grid, patch;
  for (unsigned i = 0; i < rank; ++i) {
    int64_t size = weight.getDimSize(3 + i);
    llvm::append_values(shape, image.getDimSize(3 + i) / size, size);
    grid += 'X' + i;
    patch += 'x' + i;
    pixels += {char('X' + i), char('x' + i)};
  }
  // The pixels of a patch become contiguous, so that the product is one contraction over I p1 ..
  // pk.
  Value patches = d.transpose(d.reshape(getImage(), shape), pixels, "bc" + grid + "i" + patch);
  int64_t positions = dimOf(getResult(), 2);
  int64_t features = weight.getNumElements() / (weight.getDimSize(0) * weight.getDimSize(1));
  int64_t width = weight.getDimSize(1);
  patches = d.reshape(patches, {image.getDimSize(0), image.getDimSize(1), positions, features});
  bool isShared = weight.getDimSize(0) == 1;
  Value matrix = isShared ? d.reshape(getWeight(), {width, features})
                          : d.reshape(getWeight(), {image.getDimSize(1), width, features});
  Value tokens = d.contract(isShared ? "bcnp,dp->bcnd" : "bcnp,cdp->bcnd", patches, matrix);
  Value offset = getEmbedding();
  if (Value bias = getBias())
    offset = offset ? d.add(offset, d.broadcastLike(bias, "cd", offset, "cd")) : bias;
  if (offset)
    tokens = d.add(tokens, d.broadcastLike(offset, "cd", tokens, "bcnd"));
  return SmallVector<Value>{tokens};
}
