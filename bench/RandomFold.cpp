//===- RandomFold.cpp - aggregations at random: tokens ---------------------*- C++ -*-===//

#include "bench/RandomFold.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;
using llvm::formatv;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

void FoldWriter::Operands::add(StringRef before, const Variable &x, StringRef after) {
  text += (before + x.name + after).str();
  types += (types.empty() ? "" : ", ") + x.getType();
}

/// Notes that the program has the variant if `holds`, which is returned.
bool FoldWriter::note(StringRef variant, bool holds) {
  if (holds)
    program.variants.insert(variant);
  return holds;
}

std::string FoldWriter::makeName(StringRef letter) {
  return formatv("{0}{1}_{2}", letter, numNames++, seed);
}

FoldWriter::Variable FoldWriter::addPort(StringRef role, Shape shape, StringRef element,
                                         StringRef name, StringRef attributes) {
  Variable x{("%" + name).str(), std::move(shape), element.str()};
  arguments += formatv("{0}{1}: {2} {{dchag.role = \"{3}\", dchag.name = \"{4}\"{5}}",
                       arguments.empty() ? "" : ", ", x.name, x.getType(), role, name, attributes);
  return x;
}

FoldWriter::Variable FoldWriter::add(const Twine &op, Shape shape, StringRef element) {
  Variable x{"%v" + std::to_string(numNames++), std::move(shape), element.str()};
  body += formatv("    {0} = {1}\n", x.name, op.str());
  return x;
}

/// `x` repeated along the dimensions `dims` of `shape`.
FoldWriter::Variable FoldWriter::repeat(const Variable &x, Shape shape, ArrayRef<int64_t> dims) {
  std::string type = formatTensor(shape);
  Variable empty = add("tensor.empty() : " + type, shape);
  return add(formatv("linalg.broadcast ins({0} : {1}) outs({2} : {3}) dimensions = [{4}]", x.name,
                     x.getType(), empty.name, type, formatNumbers(dims))
                 .str(),
             shape);
}

FoldWriter::Variable FoldWriter::sum(const Variable &x, const Variable &y) {
  bool swaps = random.oneIn(2);
  return add(formatv("arith.addf {0}, {1} : {2}", swaps ? y.name : x.name, swaps ? x.name : y.name,
                     x.getType())
                 .str(),
             x.shape);
}

FoldWriter::Variable FoldWriter::swap(const Variable &x) {
  Shape shape = {x.shape[0], x.shape[2], x.shape[1], x.shape[3]};
  std::string type = formatTensor(shape);
  Variable empty = add("tensor.empty() : " + type, shape);
  return add(formatv("linalg.transpose ins({0} : {1}) outs({2} : {3}) permutation = [0, 2, 1, 3]",
                     x.name, x.getType(), empty.name, type)
                 .str(),
             shape);
}

FoldWriter::Variable FoldWriter::join(ArrayRef<Variable> parts) {
  Operands operands;
  Shape shape = parts.front().shape;
  shape[1] = 0;
  for (const Variable &part : parts) {
    operands.add(operands.text.empty() ? "" : ", ", part);
    shape[1] += part.shape[1];
  }
  return add(formatv("tensor.concat dim(1) {0} : ({1}) -> {2}", operands.text, operands.types,
                     formatTensor(shape))
                 .str(),
             shape);
}

FoldWriter::Variable FoldWriter::group(const Variable &x, int64_t groups) {
  Shape shape = {x.shape[0], groups, x.shape[1] / groups, x.shape[2], x.shape[3]};
  return add(formatv("tensor.expand_shape {0} [[0], [1, 2], [3], [4]] output_shape [{1}] : {2} "
                     "into {3}",
                     x.name, formatNumbers(shape), x.getType(), formatTensor(shape))
                 .str(),
             shape);
}

FoldWriter::Variable FoldWriter::ungroup(const Variable &x) {
  Shape shape = {x.shape[0], x.shape[1] * x.shape[2], x.shape[3], x.shape[4]};
  return add(formatv("tensor.collapse_shape {0} [[0], [1, 2], [3], [4]] : {1} into {2}", x.name,
                     x.getType(), formatTensor(shape))
                 .str(),
             shape);
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

void FoldWriter::chooseSizes() {
  static const int64_t widths[] = {2, 3, 4, 4, 5, 6, 6, 8};
  batch = random.from(1, 3);
  width = random.pick(ArrayRef(widths));
  static const StringRef dimensions[] = {"one dimension of space", "two dimensions of space",
                                         "three dimensions of space"};
  int64_t space = random.from(1, 3);
  note(dimensions[space - 1]);
  for (int64_t k = 0; k < space; ++k)
    grid.push_back(random.from(1, k == 0 ? 4 : 2));
  for (int64_t size : grid)
    rule.positions *= size;
  rule.samples = batch;
}

FoldWriter::Variable FoldWriter::tokenize(int64_t channels) {
  Shape image = {batch, channels, random.oneIn(3) ? 2 : 1}, patch;
  note("several inputs of a channel", image[2] > 1);
  for (int64_t count : grid) {
    patch.push_back(random.from(1, 2));
    image.push_back(count * patch.back());
  }
  bool isShared = random.oneIn(3);
  note(isShared ? "shared tokenizer" : "own tokenizers");
  Shape weight = {isShared ? 1 : channels, width, image[2]};
  weight.append(patch);
  Operands operands;
  operands.add("", addInput(image));
  operands.add(" weight(", addParameter(weight), ")");
  if (note("bias of a tokenizer", random.oneIn(3)))
    operands.add(" bias(", addParameter({weight[0], width}), ")");
  if (note("embedding of a tokenizer", random.oneIn(3)))
    operands.add(" embedding(", addParameter({channels, width}), ")");
  Shape shape = {batch, channels, rule.positions, width};
  return add(formatv("dchag.tokenize {0} : ({1}) -> {2}", operands.text, operands.types,
                     formatTensor(shape))
                 .str(),
             shape);
}

/// A product of patches, which are an input, with a parameter.
FoldWriter::Variable FoldWriter::tokenizeByContraction(int64_t channels) {
  note("tokens of a contraction");
  int64_t pixels = random.from(1, 6);
  bool isShared = random.oneIn(3);
  Variable x = addInput({batch, channels, rule.positions, pixels});
  Variable w = addParameter(isShared ? Shape{width, pixels} : Shape{channels, width, pixels});
  Shape shape = {batch, channels, rule.positions, width};
  std::string type = formatTensor(shape);
  Variable zero = add("arith.constant 0.0 : f32", {});
  Variable empty = add("tensor.empty() : " + type, shape);
  Variable init =
      add(formatv("linalg.fill ins({0} : f32) outs({1} : {2}) -> {2}", zero.name, empty.name, type)
              .str(),
          shape);
  return add(formatv("linalg.contract indexing_maps = [affine_map<(b, c, n, d, p) -> (b, c, n, "
                     "p)>, affine_map<(b, c, n, d, p) -> ({0}d, p)>, affine_map<(b, c, n, d, p) "
                     "-> (b, c, n, d)>] ins({1}, {2} : {3}, {4}) outs({5} : {6}) -> {6}",
                     isShared ? "" : "c, ", x.name, w.name, x.getType(), w.getType(), init.name,
                     type)
                 .str(),
             shape);
}

FoldWriter::Variable FoldWriter::makeSource(int64_t channels) {
  bool isContracted = random.oneIn(8);
  rule.isFromImage |= !isContracted;
  auto make = [&] { return isContracted ? tokenizeByContraction(channels) : tokenize(channels); };
  Variable tokens = make();
  if (!note("sum of two tokenizations", random.oneIn(8)))
    return tokens;
  return sum(tokens, make());
}

FoldWriter::Variable FoldWriter::embed(const Variable &tokens, FoldRule &rule) {
  struct Kind {
    StringRef variant;
    bool samples, channels, positions;
  };
  static const Kind kinds[] = {
      {"embedding of a channel", false, true, false},
      {"embedding of a channel", false, true, false},
      {"embedding of a position", false, false, true},
      {"embedding of a channel in a sample", true, true, false},
      {"embedding of a sample", true, false, false},
      {"embedding of a position in a sample", true, false, true},
      {"embedding of all tokens", false, false, false},
      {"embedding of a channel at a position", false, true, true},
  };
  const Kind &kind = random.pick(ArrayRef(kinds));
  note(kind.variant);
  Shape shape;
  SmallVector<int64_t> dims;
  bool kept[] = {kind.samples, kind.channels, kind.positions, true};
  for (int64_t dim = 0; dim < 4; ++dim) {
    if (kept[dim])
      shape.push_back(tokens.shape[dim]);
    else
      dims.push_back(dim);
  }
  Variable added = kind.samples ? addInput(shape) : addParameter(shape);
  added = repeat(added, tokens.shape, dims);
  rule.addEmbedding(kind.samples, kind.channels, kind.positions);
  if (note("embedding of transposed tokens", random.oneIn(6)))
    return swap(sum(swap(tokens), swap(added)));
  return sum(tokens, added);
}

FoldWriter::Variable FoldWriter::normalise(const Variable &tokens, FoldRule &rule) {
  bool isCentered = random.oneIn(2);
  note(isCentered ? "layer norm of tokens" : "RMS norm of tokens");
  Operands operands;
  operands.add("", tokens);
  if (note("scale of a norm", random.oneIn(2)))
    operands.add(" scale(", addParameter({tokens.shape.back()}), ")");
  if (isCentered && note("bias of a norm", random.oneIn(2)))
    operands.add(" bias(", addParameter({tokens.shape.back()}), ")");
  rule.normalise();
  // A large epsilon keeps the slope small where all features are equal.
  return add(formatv("dchag.{0} {1} {{dims = 1, epsilon = {2}} : ({3}) -> {4}",
                     isCentered ? "layer_norm" : "rms_norm", operands.text,
                     random.oneIn(2) ? "1.0" : "0.25", operands.types, tokens.getType())
                 .str(),
             tokens.shape);
}

/// Adds embeddings and normalises.
FoldWriter::Variable FoldWriter::change(Variable tokens, FoldRule &rule, int64_t steps) {
  for (; steps > 0; --steps)
    tokens = random.oneIn(4) ? normalise(tokens, rule) : embed(tokens, rule);
  return tokens;
}

/// `count` of the channels.
FoldWriter::Variable FoldWriter::slice(const Variable &tokens, int64_t count) {
  int64_t all = tokens.shape[1], stride = count * 2 <= all && random.oneIn(2) ? 2 : 1;
  int64_t first = random.from(0, all - (count - 1) * stride - 1);
  Shape shape = tokens.shape;
  shape[1] = count;
  note("every second channel", stride == 2);
  rule.slice(first, count, stride);
  return add(formatv("tensor.extract_slice {0}[0, {1}, 0, 0] [{2}] [1, {3}, 1, 1] : {4} to {5}",
                     tokens.name, first, formatNumbers(shape), stride, tokens.getType(),
                     formatTensor(shape))
                 .str(),
             shape);
}

/// Some of the positions, by indices of which some may be out of range: these tokens are 0.
FoldWriter::Variable FoldWriter::gather(const Variable &tokens) {
  int64_t count = random.from(1, 4), all = tokens.shape[2];
  bool differs = note("positions of each sample", random.oneIn(2));
  Variable indices = addPort(differs || random.oneIn(2) ? "input" : "param",
                             differs ? Shape{batch, count} : Shape{count}, "i64", makeName("i"),
                             formatv(", dchag.range = array<i64: {0}, {1}>", -all - 1, all).str());
  Shape shape = tokens.shape;
  shape[2] = count;
  rule.gather(count, differs);
  return add(formatv("dchag.gather {0}[{1}] {{batch = {2} : i64, dim = 2 : i64} : ({3}, {4}) -> "
                     "{5}",
                     tokens.name, indices.name, differs ? 1 : 0, tokens.getType(),
                     indices.getType(), formatTensor(shape))
                 .str(),
             shape);
}

/// So many channels, of one to three tokenizations.
FoldWriter::Variable FoldWriter::makeTokens(int64_t channels) {
  // Most joined tokens are those of one group: others cannot be folded.
  bool isSliced = random.oneIn(6), isJoined = random.oneIn(groupsOfFirst == 1 ? 2 : 12);
  int64_t all = channels + (isSliced ? random.from(1, channels) : 0);
  SmallVector<int64_t> sizes;
  for (int64_t left = all; left > 0; left -= sizes.back())
    sizes.push_back(isJoined && sizes.size() < 2 ? random.from(1, left) : left);
  SmallVector<Variable> parts;
  for (int64_t size : sizes) {
    FoldRule part;
    part.samples = batch;
    part.positions = rule.positions;
    part.runs.push_back({});
    part.runs.front().channels = size;
    parts.push_back(change(makeSource(size), part, random.oneIn(3) ? random.from(1, 2) : 0));
    rule.runs.push_back(part.runs.front());
  }
  note("several tokenizations", parts.size() > 1);
  Variable tokens = parts.size() > 1 ? join(parts) : parts.front();
  if (note("slice of channels", isSliced))
    tokens = slice(tokens, channels);
  if (note("gathered positions", random.oneIn(5)))
    tokens = gather(tokens);
  return change(tokens, rule, random.from(0, 2));
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

FoldProgram FoldWriter::write() {
  chooseSizes();
  groupsOfFirst = random.oneIn(2) ? 1 : random.from(2, 3);
  int64_t size = random.from(1, groupsOfFirst == 1 ? 7 : 3);
  Variable tokens = makeTokens(groupsOfFirst * size);
  program.returnsTokens = note("tokens are a result", random.oneIn(8));
  int64_t levels = random.oneIn(2) ? 1 : random.oneIn(3) ? 3 : 2;
  note("two levels", levels == 2);
  note("three levels", levels == 3);
  Variable last = tokens, result;
  for (int64_t level = 1; level <= levels; ++level) {
    if (level > 1)
      last = change(ungroup(result), rule, random.oneIn(4) ? 1 : 0);
    result =
        random.oneIn(level == 1 ? 3 : 5) ? aggregateLinearly(last, level) : aggregate(last, level);
  }
  std::string values = result.name, types = result.getType();
  if (program.returnsTokens) {
    values += ", " + tokens.name;
    types += ", " + tokens.getType();
  }
  std::string text = formatv("module {{\n  func.func @step({0}) -> ({1}) {{\n{2}    return {3} : "
                             "{1}\n  }\n}\n",
                             arguments, types, body, values);
  program.text = putInType(std::move(text), kind);
  return program;
}
