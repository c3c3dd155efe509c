//===- RandomModelOps.cpp - programs at random: ops of the dialect ---------*- C++ -*-===//

#include "bench/RandomProgram.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;
using llvm::formatv;

static int64_t product(ArrayRef<int64_t> sizes) {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  return count;
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

void ProgramWriter::makeTokenize() { writeTokenize(/*normalises=*/false); }

/// Channels that are normalised one by one, tokenized and often aggregated.
void ProgramWriter::makeNormalisedTokens() {
  writeTokenize(/*normalises=*/true);
  if (random.oneIn(2))
    makePartials();
  else if (random.oneIn(2))
    makeAggregate();
}

void ProgramWriter::writeTokenize(bool normalises) {
  unsigned space = random.from(1, 3);
  Shape image = {random.from(1, 3), random.from(1, 5), random.from(1, 2)}, patch;
  int64_t positions = 1;
  for (unsigned k = 0; k < space; ++k) {
    patch.push_back(random.from(1, 2));
    int64_t count = random.from(1, k == 0 ? 4 : 2);
    image.push_back(patch.back() * count);
    positions *= count;
  }
  Variable x = pickShape(image);
  if (normalises)
    x = normalise(x, /*dim=*/1);
  int64_t channels = random.oneIn(3) ? 1 : image[1], width = random.from(1, 5);
  Shape weight = {channels, width, image[2]};
  weight.append(patch.begin(), patch.end());
  Variable w = pickShape(weight);
  double bound = x.bound * w.bound * static_cast<double>(image[2] * product(patch)) + 6;
  if (bound > limit())
    return;
  std::string operands = x.name + " weight(" + w.name + ")", types = x.getType();
  types += ", " + w.getType();
  if (random.oneIn(2)) {
    Variable bias = addArgument({channels, width});
    operands += " bias(" + bias.name + ")";
    types += ", " + bias.getType();
  }
  if (random.oneIn(2)) {
    Variable embedding = addArgument({image[1], width});
    operands += " embedding(" + embedding.name + ")";
    types += ", " + embedding.getType();
  }
  Shape shape = {image[0], image[1], positions, width};
  add(formatv("dchag.tokenize {0} : ({1}) -> {2}", operands, types, formatTensor(shape)).str(),
      shape, "f32", bound);
  // With groups, as an aggregation takes it.
  SmallVector<int64_t> divisors;
  for (int64_t groups = 1; groups <= image[1]; ++groups)
    if (image[1] % groups == 0)
      divisors.push_back(groups);
  int64_t groups = random.pick(ArrayRef(divisors));
  Shape grouped = {image[0], groups, image[1] / groups, positions, width};
  add(formatv("tensor.expand_shape {0} [[0], [1, 2], [3], [4]] output_shape [{1}] : {2} into {3}",
              variables.back().name, formatNumbers(grouped), formatTensor(shape),
              formatTensor(grouped))
          .str(),
      grouped, "f32", bound);
}

void ProgramWriter::makeAggregateLinear() {
  Variable x = pickRank(5, 5);
  int64_t queries = random.from(1, 3);
  Variable w = pickShape({x.shape[1], queries, x.shape[2]});
  double bound = x.bound * w.bound * static_cast<double>(x.shape[2]) + 3;
  if (bound > limit())
    return;
  std::string bias, types = x.getType() + ", " + w.getType();
  if (random.oneIn(2)) {
    Variable b = addArgument({x.shape[1], queries});
    bias = " bias(" + b.name + ")";
    types += ", " + b.getType();
  }
  Shape shape = {x.shape[0], x.shape[1], queries, x.shape[3], x.shape[4]};
  add(formatv("dchag.aggregate_linear {0} weight({1}){2} : ({3}) -> {4}", x.name, w.name, bias,
              types, formatTensor(shape))
          .str(),
      shape, "f32", bound);
}

ProgramWriter::Aggregation ProgramWriter::makeAggregation(bool forPartials) {
  Aggregation result;
  Variable x = tame(pickRank(5, 5), 3);
  int64_t groups = x.shape[1], token = x.shape[4];
  SmallVector<int64_t> divisors;
  for (int64_t heads = 1; heads <= token; ++heads)
    if (token % heads == 0)
      divisors.push_back(heads);
  // Without a projection the heads must divide the tokens' width.
  bool hasKeys = random.oneIn(2), hasValues = random.oneIn(2);
  result.heads = hasKeys && hasValues ? random.from(1, 4) : random.pick(ArrayRef(divisors));
  int64_t keys = hasKeys ? result.heads * random.from(1, 2) : token;
  result.width = hasValues ? result.heads * random.from(1, 3) : token;
  result.tokens = x;
  Variable query = addArgument({groups, random.from(1, 3), keys});
  result.operands = x.name + ", " + query.name;
  result.types = x.getType() + ", " + query.getType();
  result.query = query;
  auto project = [&](StringRef word, int64_t width, int64_t from) {
    Variable w = addArgument({groups, width, from});
    result.operands += formatv(" {0}({1}", word, w.name).str();
    result.types += ", " + w.getType();
    if (random.oneIn(2)) {
      Variable b = addArgument({groups, width});
      result.operands += ", " + b.name;
      result.types += ", " + b.getType();
    }
    result.operands += ")";
  };
  result.bound = x.bound;
  if (hasKeys)
    project("keys", keys, token);
  if (hasValues) {
    project("values", result.width, token);
    result.bound = 3 + 3 * x.bound * static_cast<double>(token);
  }
  if (!forPartials && random.oneIn(2)) {
    int64_t from = result.width;
    result.width = random.from(1, 6);
    result.bound = 3 + 3 * result.bound * static_cast<double>(from);
    project("output", result.width, from);
  }
  // Parts split unevenly with a mask only.
  if (forPartials ? !random.oneIn(4) : random.oneIn(2)) {
    Variable mask = addArgument({random.oneIn(2) ? 1 : x.shape[0], groups, x.shape[2]}, "i1");
    result.operands += " mask(" + mask.name + ")";
    result.types += ", " + mask.getType();
  }
  // A large epsilon keeps the slope small where all features are equal.
  if (random.oneIn(3))
    result.keyNorm =
        formatv(", key_norm = #dchag.key_norm<{0}, {1}, epsilon = 1.0>",
                random.oneIn(2) ? "layer" : "rms", random.oneIn(2) ? "per_head" : "all_heads")
            .str();
  return result;
}

void ProgramWriter::makeAggregate() {
  Aggregation a = makeAggregation(/*forPartials=*/false);
  const Shape &tokens = a.tokens.shape;
  Shape shape = {tokens[0], tokens[1], a.query.shape[1], tokens[3], a.width};
  add(formatv("dchag.aggregate {0} {{heads = {1} : i64, scale = 0.125{4}} : ({2}) -> {3}",
              a.operands, a.heads, a.types, formatTensor(shape), a.keyNorm)
          .str(),
      shape, "f32", a.bound);
}

/// Parts of an online softmax and their merge, of one set of channels or of two.
void ProgramWriter::makePartials() {
  Aggregation a = makeAggregation(/*forPartials=*/true);
  const Shape &tokens = a.tokens.shape;
  Shape byValue = {tokens[0], tokens[1], a.query.shape[1], tokens[3], a.width}, byHead = byValue;
  byHead.back() = a.heads;
  std::string headType = formatTensor(byHead), valueType = formatTensor(byValue);
  std::string n = std::to_string(numNames++), names, types;
  body += formatv(
      "    %p{0}:3 = dchag.aggregate_partial {1} {{heads = {2} : i64, scale = 0.125{6}{7}} : "
      "({3}) -> ({4}, {4}, {5})\n",
      n, a.operands, a.heads, a.types, headType, valueType,
      random.oneIn(2) ? ", weighs_masked" : "", a.keyNorm);
  for (unsigned i = 0; i < 3; ++i) {
    Shape shape = i == 2 ? byValue : byHead;
    shape.insert(shape.begin(), 1);
    std::string type = formatTensor(shape), m = std::to_string(numNames++);
    body += formatv("    %q{0} = tensor.expand_shape %p{1}#{2} [[0, 1], [2], [3], [4], [5]] "
                    "output_shape [{3}] : {4} into {5}\n",
                    m, n, i, formatNumbers(shape), i == 2 ? valueType : headType, type);
    names += formatv("{0}%q{1}", i ? ", " : "", m);
    types += (i ? ", " : "") + type;
  }
  add(formatv("dchag.merge_partials {0} : ({1}) -> {2}", names, types, valueType).str(), byValue,
      "f32", a.bound);
}

//===----------------------------------------------------------------------===//
// Attention and normalisation
//===----------------------------------------------------------------------===//

void ProgramWriter::makeAttention() {
  Variable q = tame(pickRank(4, 4), 3);
  SmallVector<int64_t> divisors;
  for (int64_t heads = 1; heads <= q.shape[1]; ++heads)
    if (q.shape[1] % heads == 0)
      divisors.push_back(heads);
  int64_t heads = random.pick(ArrayRef(divisors)), keys = random.from(1, 6);
  int64_t width = random.from(1, 5);
  Variable k = tame(pickShape({q.shape[0], heads, keys, q.shape[3]}), 3);
  Variable v = pickShape({q.shape[0], heads, keys, width});
  std::string operands = q.name + ", " + k.name + ", " + v.name;
  std::string types = q.getType() + ", " + k.getType() + ", " + v.getType();
  Shape full = {q.shape[0], q.shape[1], q.shape[2], keys};
  auto broadcast = [&] {
    Shape shape = full;
    for (int64_t &size : shape)
      size = random.oneIn(3) ? 1 : size;
    return shape;
  };
  if (random.oneIn(2)) {
    Variable bias = addArgument(broadcast());
    operands += " bias(" + bias.name + ")";
    types += ", " + bias.getType();
  }
  if (random.oneIn(2)) {
    Variable mask = addArgument(broadcast(), "i1");
    operands += " mask(" + mask.name + ")";
    types += ", " + mask.getType();
  }
  Shape shape = {q.shape[0], q.shape[1], q.shape[2], width};
  add(formatv("dchag.attention {0} {{scale = 0.25} : ({1}) -> {2}", operands, types,
              formatTensor(shape))
          .str(),
      shape, "f32", v.bound);
}

void ProgramWriter::makeNorm() {
  Variable x = pickRank(1, 5);
  int64_t dims = random.from(1, std::min<int64_t>(2, x.shape.size()));
  Shape inner(ArrayRef<int64_t>(x.shape).take_back(dims));
  bool isRms = random.oneIn(2);
  std::string operands = x.name, types = x.getType();
  if (random.oneIn(2)) {
    Variable scale = addArgument(inner);
    operands += " scale(" + scale.name + ")";
    types += ", " + scale.getType();
  }
  if (!isRms && random.oneIn(2)) {
    Variable bias = addArgument(inner);
    operands += " bias(" + bias.name + ")";
    types += ", " + bias.getType();
  }
  // A large epsilon keeps the slope small where all elements are equal.
  add(formatv("dchag.{0} {1} {{dims = {2} : i64, epsilon = 1.0} : ({3}) -> {4}",
              isRms ? "rms_norm" : "layer_norm", operands, dims, types, x.getType())
          .str(),
      x.shape, "f32", 3 + 3 * static_cast<double>(product(inner)));
}

void ProgramWriter::makeSoftmax() {
  Variable x = tame(pickRank(1, 5), 10);
  add(formatv("dchag.softmax {0} {{dim = {1} : i64} : {2}", x.name, random.below(x.shape.size()),
              x.getType())
          .str(),
      x.shape, "f32", 1);
}

void ProgramWriter::makeGelu() {
  Variable x = pickRank(0, 5);
  add(formatv("dchag.gelu {0} {1}: {2}", x.name,
              random.oneIn(2) ? "" : "{form = #dchag.gelu_kind<tanh>} ", x.getType())
          .str(),
      x.shape, "f32", x.bound);
}

//===----------------------------------------------------------------------===//
// Moves and windows
//===----------------------------------------------------------------------===//

/// A range of indices that goes beyond both ends.
static std::string formatRange(int64_t size) {
  return formatv(", dchag.range = array<i64: {0}, {1}>", -size - 1, size).str();
}

void ProgramWriter::makeGather() {
  Variable x = pickRank(1, 4);
  int64_t dim = random.below(x.shape.size()), batch = random.from(0, dim);
  Shape indexShape(ArrayRef<int64_t>(x.shape).take_front(batch));
  for (int64_t more = random.from(0, 2); more > 0; --more)
    indexShape.push_back(random.from(1, 4));
  Variable indices = addArgument(indexShape, "i64", formatRange(x.shape[dim]));
  Shape shape(ArrayRef<int64_t>(x.shape).take_front(dim));
  shape.append(indexShape.begin() + batch, indexShape.end());
  shape.append(x.shape.begin() + dim + 1, x.shape.end());
  if (shape.size() > 6 || product(shape) > 2000)
    return;
  add(formatv("dchag.gather {0}[{1}] {{batch = {2} : i64, dim = {3} : i64} : ({4}, {5}) -> {6}",
              x.name, indices.name, batch, dim, x.getType(), indices.getType(), formatTensor(shape))
          .str(),
      shape, "f32", x.bound);
}

void ProgramWriter::makeScatter() {
  Variable x = pickRank(1, 4);
  int64_t dim = random.below(x.shape.size()), batch = random.from(0, dim);
  Shape indexShape(ArrayRef<int64_t>(x.shape).take_front(batch));
  int64_t count = random.from(1, 4);
  indexShape.push_back(count);
  Variable indices = addArgument(indexShape, "i64", formatRange(x.shape[dim]));
  Shape shape = x.shape;
  shape[dim] = count;
  Variable updates = pickShape(shape);
  static const char *const kinds[] = {"set", "add", "mul", "max", "min"};
  StringRef kind = random.pick(ArrayRef(kinds));
  double bound = std::max(x.bound, updates.bound);
  if (kind == "add")
    bound = x.bound + updates.bound * static_cast<double>(count);
  for (int64_t i = 0; kind == "mul" && i < count; ++i)
    bound *= updates.bound;
  if (bound > limit())
    return;
  add(formatv("dchag.scatter {0}[{1}], {2} {{batch = {3} : i64, dim = {4} : i64, kind = "
              "#dchag.scatter_kind<{5}>} : ({6}, {7}, {8}) -> {6}",
              x.name, indices.name, updates.name, batch, dim, kind, x.getType(), indices.getType(),
              updates.getType())
          .str(),
      x.shape, "f32", bound);
}

void ProgramWriter::makeConvolution() {
  Variable x = pickRank(3, 4);
  SmallVector<int64_t> divisors;
  for (int64_t groups = 1; groups <= x.shape[1]; ++groups)
    if (x.shape[1] % groups == 0)
      divisors.push_back(groups);
  int64_t groups = random.oneIn(2) ? 1 : random.pick(ArrayRef(divisors));
  int64_t features = groups * random.from(1, 3);
  Shape weight = {features, x.shape[1] / groups}, shape = {x.shape[0], features};
  SmallVector<int64_t> strides, dilations, low, high;
  for (unsigned k = 2; k < x.shape.size(); ++k) {
    int64_t kernel = random.from(1, 3);
    strides.push_back(random.from(1, 2));
    dilations.push_back(random.from(1, 2));
    low.push_back(random.from(0, 2));
    high.push_back(random.from(0, 2));
    int64_t reach = dilations.back() * (kernel - 1) + 1;
    int64_t room = x.shape[k] + low.back() + high.back() - reach;
    if (room < 0)
      return;
    weight.push_back(kernel);
    shape.push_back(room / strides.back() + 1);
  }
  Variable w = pickShape(weight);
  double bound =
      3 + x.bound * w.bound * static_cast<double>(product(ArrayRef(weight).drop_front()));
  if (bound > limit() || product(shape) > 2000)
    return;
  std::string bias, types = x.getType() + ", " + w.getType();
  if (random.oneIn(2)) {
    Variable b = addArgument({features});
    bias = " bias(" + b.name + ")";
    types += ", " + b.getType();
  }
  add(formatv("dchag.convolution {0} weight({1}){2} {{strides = array<i64: {3}>, dilations = "
              "array<i64: {4}>, low = array<i64: {5}>, high = array<i64: {6}>, groups = {7} : "
              "i64} : ({8}) -> {9}",
              x.name, w.name, bias, formatNumbers(strides), formatNumbers(dilations),
              formatNumbers(low), formatNumbers(high), groups, types, formatTensor(shape))
          .str(),
      shape, "f32", bound);
}

void ProgramWriter::makePatchify() {
  Variable x = pickRank(3, 5);
  Shape patch, shape = {x.shape[0], 1, x.shape[1]};
  for (unsigned k = 2; k < x.shape.size(); ++k) {
    SmallVector<int64_t> divisors;
    for (int64_t size = 1; size <= x.shape[k]; ++size)
      if (x.shape[k] % size == 0)
        divisors.push_back(size);
    patch.push_back(random.pick(ArrayRef(divisors)));
    shape[1] *= x.shape[k] / patch.back();
    shape[2] *= patch.back();
  }
  add(formatv("dchag.patchify {0} {{patch = array<i64: {1}>, layout = #dchag.patch_layout<{2}>} : "
              "({3}) -> {4}",
              x.name, formatNumbers(patch), random.oneIn(2) ? "channels_first" : "channels_last",
              x.getType(), formatTensor(shape))
          .str(),
      shape, "f32", x.bound);
}

void ProgramWriter::makeUnpatchify() {
  Shape shape = {random.from(1, 3), random.from(1, 4)}, patch, flat = {shape[0], 1, shape[1]};
  for (unsigned k = random.from(1, 3); k > 0; --k) {
    patch.push_back(random.from(1, 3));
    int64_t count = random.from(1, 3);
    shape.push_back(patch.back() * count);
    flat[1] *= count;
    flat[2] *= patch.back();
  }
  Variable x = pickShape(flat);
  add(formatv("dchag.unpatchify {0} {{patch = array<i64: {1}>, layout = #dchag.patch_layout<{2}>} "
              ": ({3}) -> {4}",
              x.name, formatNumbers(patch), random.oneIn(2) ? "channels_first" : "channels_last",
              x.getType(), formatTensor(shape))
          .str(),
      shape, "f32", x.bound);
}
