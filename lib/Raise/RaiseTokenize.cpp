//===- RaiseTokenize.cpp - recognises tokenizations ------------------------*- C++ -*-===//

#include "dchag/Raise/Passes.h"
#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_RAISETOKENIZE
#include "dchag/Raise/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

static bool embedsPatches(ConvolutionOp op) {
  ArrayRef<int64_t> kernel = shapeOf(op.getWeight()).drop_front(2);
  ArrayRef<int64_t> space = shapeOf(op.getInput()).drop_front(2);
  auto isZero = [](int64_t size) { return size == 0; };
  if (kernel.empty() || kernel.size() > 3 || op.getStrides() != kernel ||
      !llvm::all_of(op.getLow(), isZero) || !llvm::all_of(op.getHigh(), isZero) ||
      !llvm::all_of(op.getDilations(), [](int64_t size) { return size == 1; }))
    return false;
  for (auto [size, patch] : llvm::zip(space, kernel))
    if (size % patch != 0)
      return false;
  return llvm::all_of(op.getType().getShape(), [](int64_t size) { return size > 0; });
}

/// B x (g I) x S, (g D) x I x k  ->  B x g x I x S, g x D x I x k, tokens B x g x N x D.
static void raiseConvolution(ConvolutionOp op) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  int64_t groups = op.getGroups();
  auto regroup = [&](Value value, unsigned dim, int64_t group) {
    SmallVector<int64_t> shape(shapeOf(value));
    shape[dim] /= group;
    shape.insert(shape.begin() + dim, group);
    return reshape(b, loc, value, shape);
  };
  Value image = regroup(op.getInput(), 1, groups);
  Value weight = regroup(op.getWeight(), 0, groups);
  Value bias = op.getBias() ? regroup(op.getBias(), 0, groups) : Value();
  ArrayRef<int64_t> shape = op.getType().getShape();
  int64_t positions = 1;
  for (int64_t size : shape.drop_front(2))
    positions *= size;
  auto type = RankedTensorType::get({shape[0], groups, positions, shape[1] / groups},
                                    op.getType().getElementType());
  Value tokens = TokenizeOp::create(b, loc, type, image, weight, bias, Value());

  // Back to the order of the convolution: features before space.
  Value result = TensorBuilder(b, loc).transpose(tokens, {0, 1, 3, 2});
  op.getResult().replaceAllUsesWith(reshape(b, loc, result, shape));
}

//===----------------------------------------------------------------------===//
// Channels that are not the channels of a convolution
//===----------------------------------------------------------------------===//

/// Replaces a tokenization of one channel by one of several channels with the same weight, whose
/// tokens are ordered by channel.
static void replaceByChannels(TokenizeOp op, Value image, Value weight, OpBuilder &b) {
  ArrayRef<int64_t> shape = shapeOf(image), tokens = op.getType().getShape();
  int64_t positions = tokens[0] * tokens[2] / shape[0] / shape[1];
  auto type = RankedTensorType::get({shape[0], shape[1], positions, tokens[3]},
                                    op.getType().getElementType());
  Value result = TokenizeOp::create(b, op.getLoc(), type, image, weight, op.getBias(), Value());
  op.getResult().replaceAllUsesWith(reshape(b, op.getLoc(), result, tokens));
}

/// Pressure levels or time steps that an exporter folded into the batch dimension are channels: the
/// part of the batch that is not the first dimension of the value it was reshaped from.
static bool splitBatch(TokenizeOp op, ParameterAnalysis &parameters) {
  IndexNotation notation(parameters);
  Ref root = notation.createRef(op.getImage());
  Ref source = notation.strip(root);
  if (source.value == op.getImage() || source.dims.empty())
    return false;
  AtomList batch = notation.getAtoms(root.dims[0]);
  AtomList samples = intersect(batch, notation.getAtoms(source.dims[0]));
  AtomList channels = without(batch, samples);
  AtomList ordered = samples;
  llvm::append_range(ordered, channels);
  if (channels.empty() || ordered != batch || notation.getSize(channels) < 2)
    return false;
  OpBuilder b(op);
  SmallVector<int64_t> shape{notation.getSize(samples), notation.getSize(channels)};
  llvm::append_range(shape, shapeOf(op.getImage()).drop_front(2));
  replaceByChannels(op, reshape(b, op.getLoc(), op.getImage(), shape), op.getWeight(), b);
  return true;
}

/// Patches that are one pixel along the first dimension of space: that dimension is the channels.
static bool splitSpace(TokenizeOp op) {
  ArrayRef<int64_t> image = shapeOf(op.getImage()), weight = shapeOf(op.getWeight());
  if (image.size() < 5 || weight[3] != 1 || image[3] < 2)
    return false;
  OpBuilder b(op);
  Location loc = op.getLoc();
  SmallVector<int64_t> flat{image[0], image[2], image[3]}, permutation{0, 2, 1}, kernel(weight);
  llvm::append_range(flat, image.drop_front(4));
  for (size_t dim = 3; dim < flat.size(); ++dim)
    permutation.push_back(dim);
  kernel.erase(kernel.begin() + 3);
  Value channels =
      TensorBuilder(b, loc).transpose(reshape(b, loc, op.getImage(), flat), permutation);
  replaceByChannels(op, channels, reshape(b, loc, op.getWeight(), kernel), b);
  return true;
}

//===----------------------------------------------------------------------===//
// Embeddings
//===----------------------------------------------------------------------===//

/// tokens + e, where e depends on parameters, channel and feature alone.
static void absorbEmbedding(arith::AddFOp op, ParameterAnalysis &parameters) {
  if (!isa<RankedTensorType>(op.getType()) || op->use_empty())
    return;
  for (unsigned side : {0, 1}) {
    if (!parameters.isParameterOnly(op->getOperand(1 - side)))
      continue;
    IndexNotation notation(parameters);
    Location loc = op.getLoc();
    Ref root = notation.createRef(op.getResult());
    Ref tokens = notation.strip({op->getOperand(side), root.dims});
    auto tokenize = tokens.value.getDefiningOp<TokenizeOp>();
    if (!tokenize)
      continue;
    Ref addend{op->getOperand(1 - side), root.dims};
    FailureOr<AtomTensor> atoms = notation.rebuildParameters(addend, nullptr, loc);
    if (failed(atoms))
      continue;
    notation.resolve(tokens);
    SmallVector<AtomList> dims;
    for (auto [index, size] : llvm::zip(tokens.dims, shapeOf(tokens.value)))
      if (auto full = notation.getFullAtoms(index, size))
        dims.push_back(*full);
    if (dims.size() != 4)
      continue;
    AtomList allowed = dims[1];
    llvm::append_range(allowed, dims[3]);
    // If the bare tokens had other uses, they would be computed twice.
    if (!containsAll(allowed, atoms->atoms) || !tokenize->hasOneUse())
      continue;
    OpBuilder b(op);
    Value embedding =
        notation.arrange(*notation.rebuildParameters(addend, &b, loc), {dims[1], dims[3]}, b, loc);
    if (tokenize.getEmbedding())
      embedding = arith::AddFOp::create(b, loc, tokenize.getEmbedding(), embedding);
    Value result = TokenizeOp::create(b, tokenize.getLoc(), tokenize.getType(), tokenize.getImage(),
                                      tokenize.getWeight(), tokenize.getBias(), embedding);
    AtomTensor tensor = notation.split(result, dims, b, loc);
    op.getResult().replaceAllUsesWith(notation.arrangeAs(tensor, root, b, loc));
    return;
  }
}

//===----------------------------------------------------------------------===//
// Several tokenizations
//===----------------------------------------------------------------------===//

/// Whether all values are the same, or the same up to equal reshapes.
static bool areSame(ArrayRef<Value> values) {
  auto getSource = [](Value value) {
    auto expand = value.getDefiningOp<tensor::ExpandShapeOp>();
    return expand ? Value(expand.getSrc()) : value;
  };
  return llvm::all_of(values, [&](Value value) {
    return value.getType() == values.front().getType() &&
           getSource(value) == getSource(values.front());
  });
}

namespace {

/// Tokenizations that are concatenated.
class StackMatch {
public:
  StackMatch(tensor::ConcatOp op, ParameterAnalysis &parameters)
      : op(op), notation(parameters), root(notation.createRef(op.getResult())) {}
  LogicalResult match();
  void rewrite();
  static bool haveSameForm(TokenizeOp a, TokenizeOp b);

private:
  LogicalResult matchOperand(Value operand);
  Value join(ArrayRef<Value> values, OpBuilder &b, int64_t dim);

  tensor::ConcatOp op;
  IndexNotation notation;
  Ref root;
  SmallVector<TokenizeOp> parts;
  /// Atoms of batch, positions and features of the tokens.
  AtomList batch, positions, width;
  /// The features of each channel are concatenated, not the channels.
  bool joinsFeatures = false;
};

} // namespace

bool StackMatch::haveSameForm(TokenizeOp a, TokenizeOp b) {
  ArrayRef<int64_t> x = shapeOf(a.getImage()), y = shapeOf(b.getImage());
  ArrayRef<int64_t> v = shapeOf(a.getWeight()), w = shapeOf(b.getWeight());
  return x[0] == y[0] && x.drop_front(2) == y.drop_front(2) && v.drop_front(1) == w.drop_front(1) &&
         !a.getBias() == !b.getBias() && !a.getEmbedding() == !b.getEmbedding() &&
         a.getType().getElementType() == b.getType().getElementType();
}

LogicalResult StackMatch::matchOperand(Value operand) {
  int64_t dim = op.getDim(), size = shapeOf(operand)[dim];
  Ref ref{operand, root.dims};
  ref.dims[dim] = notation.createFullIndex(size);
  Ref tokens = notation.strip(ref);
  notation.resolve(ref);
  auto tokenize = tokens.value.getDefiningOp<TokenizeOp>();
  if (!tokenize)
    return failure();
  AtomList own = notation.getAtoms(ref.dims[dim]);
  SmallVector<AtomList> dims;
  for (auto [index, extent] : llvm::zip(tokens.dims, shapeOf(tokens.value))) {
    auto full = notation.getFullAtoms(index, extent);
    if (!full)
      return failure();
    dims.push_back(*full);
  }
  bool features = !own.empty() && dims[1].empty() && own == dims[3];
  if (!features && own != dims[1])
    return failure();
  if (!parts.empty() &&
      (joinsFeatures != features || !haveSameForm(parts.front(), tokenize) || batch != dims[0] ||
       positions != dims[2] || (!features && width != dims[3])))
    return failure();
  if (parts.empty() || features)
    width = dims[3];
  batch = dims[0];
  positions = dims[2];
  joinsFeatures = features;
  parts.push_back(tokenize);
  return success();
}

LogicalResult StackMatch::match() {
  if (op->use_empty() || op.getInputs().size() < 2)
    return failure();
  for (Value operand : op.getInputs())
    if (failed(matchOperand(operand)))
      return failure();
  // Atoms that a later operand has split must not be in the lists of an earlier one.
  for (const AtomList *list : {&batch, &positions, &width})
    if (notation.resolved(*list) != *list)
      return failure();
  return success();
}

Value StackMatch::join(ArrayRef<Value> values, OpBuilder &b, int64_t dim) {
  return tensor::ConcatOp::create(b, op.getLoc(), dim, values);
}

void StackMatch::rewrite() {
  OpBuilder b(op);
  SmallVector<Value> images, weights, biases, embeddings;
  SmallVector<Location> locations;
  int64_t channels = 0;
  for (TokenizeOp part : parts) {
    images.push_back(part.getImage());
    weights.push_back(part.getWeight());
    if (part.getBias())
      biases.push_back(part.getBias());
    if (part.getEmbedding())
      embeddings.push_back(part.getEmbedding());
    channels += shapeOf(part.getImage())[1];
    locations.push_back(part.getLoc());
  }
  Location loc = b.getFusedLoc(locations);
  Value weight = weights.front(), bias = biases.empty() ? Value() : biases.front();
  bool isShared =
      areSame(weights) && (biases.empty() || areSame(biases)) && shapeOf(weight)[0] == 1;
  if (!isShared) {
    // A shared weight of a part is repeated for each of its channels.
    auto repeatShared = [&](SmallVectorImpl<Value> &values) {
      for (auto [part, value] : llvm::zip(parts, values))
        if (int64_t count = shapeOf(part.getImage())[1]; shapeOf(value)[0] != count)
          value = join(SmallVector<Value>(count, value), b, 0);
    };
    repeatShared(weights);
    repeatShared(biases);
    weight = join(weights, b, 0);
    bias = biases.empty() ? Value() : join(biases, b, 0);
  }
  Value embedding = embeddings.empty() ? Value() : join(embeddings, b, 0);
  SmallVector<int64_t> shape(parts.front().getType().getShape());
  shape[1] = channels;
  Value tokens = TokenizeOp::create(b, loc, parts.front().getType().clone(shape),
                                    join(images, b, 1), weight, bias, embedding);
  AtomList channelAtoms;
  if (channels != 1)
    channelAtoms.push_back(notation.createAtom(channels));
  SmallVector<AtomList> target;
  for (auto [dim, index] : llvm::enumerate(root.dims)) {
    if (static_cast<int64_t>(dim) != static_cast<int64_t>(op.getDim())) {
      target.push_back(notation.getAtoms(index));
      continue;
    }
    AtomList &list = target.emplace_back(channelAtoms);
    if (joinsFeatures)
      llvm::append_range(list, width);
  }
  AtomTensor tensor = notation.split(tokens, {batch, channelAtoms, positions, width}, b, loc);
  op.getResult().replaceAllUsesWith(notation.arrange(tensor, target, b, loc));
}

/// The tokenization that a value is a view of, or null.
static TokenizeOp getTokens(Value value) {
  for (Operation *op; value && (op = value.getDefiningOp()); value = getOnlySource(op))
    if (auto tokenize = dyn_cast<TokenizeOp>(op))
      return tokenize;
  return nullptr;
}

/// Splits a concatenation of tokens of several forms into one for each run of the same form.
static SmallVector<tensor::ConcatOp> splitRuns(tensor::ConcatOp op) {
  SmallVector<SmallVector<Value>> runs;
  TokenizeOp last;
  for (Value operand : op.getInputs()) {
    TokenizeOp tokens = getTokens(operand);
    if (!tokens || !last || !StackMatch::haveSameForm(last, tokens))
      runs.emplace_back();
    runs.back().push_back(operand);
    last = tokens;
  }
  SmallVector<tensor::ConcatOp> parts;
  if (runs.size() < 2 || runs.size() == op.getInputs().size())
    return parts;
  OpBuilder b(op);
  SmallVector<Value> operands;
  for (ArrayRef<Value> run : runs) {
    if (run.size() == 1) {
      operands.push_back(run.front());
      continue;
    }
    parts.push_back(tensor::ConcatOp::create(b, op.getLoc(), op.getDim(), run));
    operands.push_back(parts.back());
  }
  Value joined = tensor::ConcatOp::create(b, op.getLoc(), op.getDim(), operands);
  op.getResult().replaceAllUsesWith(joined);
  return parts;
}

namespace {
struct RaiseTokenize : mlir::dchag::impl::RaiseTokenizeBase<RaiseTokenize> {
  void absorbEmbeddings(Block &block) {
    ParameterAnalysis parameters;
    SmallVector<arith::AddFOp> sums(block.getOps<arith::AddFOp>());
    for (arith::AddFOp op : sums)
      absorbEmbedding(op, parameters);
    eraseDeadOps(block);
  }

  void splitChannels(Block &block) {
    ParameterAnalysis parameters;
    SmallVector<TokenizeOp> tokens(block.getOps<TokenizeOp>());
    for (TokenizeOp op : tokens)
      if (shapeOf(op.getImage())[1] == 1 && !op.getEmbedding() && !splitBatch(op, parameters))
        splitSpace(op);
    eraseDeadOps(block);
  }

  void runOnOperation() override {
    if (!hasStaticShapes(getOperation()))
      return;
    for (Block &block : getOperation().getBody()) {
      eraseDeadOps(block);
      SmallVector<ConvolutionOp> convolutions(block.getOps<ConvolutionOp>());
      for (ConvolutionOp op : convolutions)
        if (embedsPatches(op))
          raiseConvolution(op);
        else
          op.emitRemark(
              "is not raised to dchag.tokenize: its patches overlap, have gaps or padding, "
              "or do not make up the image");
      eraseDeadOps(block);
      splitChannels(block);
      absorbEmbeddings(block);
      {
        ParameterAnalysis parameters;
        SmallVector<tensor::ConcatOp> concats(block.getOps<tensor::ConcatOp>());
        auto raise = [&](tensor::ConcatOp op) {
          StackMatch stack(op, parameters);
          LogicalResult matched = stack.match();
          if (succeeded(matched))
            stack.rewrite();
          return matched;
        };
        for (tensor::ConcatOp op : concats)
          if (failed(raise(op)))
            for (tensor::ConcatOp part : splitRuns(op))
              (void)raise(part);
        eraseDeadOps(block);
      }
      absorbEmbeddings(block);
    }
  }
};
} // namespace
