//===- PatchifyDecompose.cpp - patches in simpler ops ----------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// Letters of an image split into patches: batch, channels, grid positions (capitals) and pixels of
/// a patch (small letters).
struct PatchLetters {
  std::string image = "bc", patches = "b";
  SmallVector<int64_t> shape;

  PatchLetters(RankedTensorType type, ArrayRef<int64_t> patch, PatchLayout layout)
      : shape(type.getShape().take_front(2)) {
    std::string grid, pixels;
    for (auto [index, size] : llvm::enumerate(patch)) {
      llvm::append_values(shape, type.getDimSize(2 + index) / size, size);
      grid += 'O' + index;
      pixels += 'o' + index;
      image += {char('O' + index), char('o' + index)};
    }
    patches += grid;
    patches += layout == PatchLayout::ChannelsFirst ? "c" + pixels : pixels + "c";
  }
};
} // namespace

FailureOr<SmallVector<Value>> PatchifyOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  PatchLetters letters(tensorType(getInput()), getPatch(), getLayout());
  Value cut = d.reshape(getInput(), letters.shape);
  Value patches = d.transpose(cut, letters.image, letters.patches);
  return SmallVector<Value>{d.reshape(patches, tensorType(getResult()).getShape())};
}

FailureOr<SmallVector<Value>> UnpatchifyOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  PatchLetters letters(tensorType(getResult()), getPatch(), getLayout());
  SmallVector<int64_t> shape;
  for (char letter : letters.patches)
    shape.push_back(letters.shape[letters.image.find(letter)]);
  Value image = d.transpose(d.reshape(getInput(), shape), letters.patches, letters.image);
  return SmallVector<Value>{d.reshape(image, tensorType(getResult()).getShape())};
}
