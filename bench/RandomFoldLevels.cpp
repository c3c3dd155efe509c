//===- RandomFoldLevels.cpp - aggregations at random: levels, and the rule -*- C++ -*-===//

#include "bench/RandomFold.h"
#include "dchag/Interpreter/Harness.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;
using llvm::formatv;

ArrayRef<StringRef> bench::getFoldVariants() {
  static const StringRef variants[] = {
      "one dimension of space",
      "two dimensions of space",
      "three dimensions of space",
      "several inputs of a channel",
      "shared tokenizer",
      "own tokenizers",
      "bias of a tokenizer",
      "embedding of a tokenizer",
      "tokens of a contraction",
      "sum of two tokenizations",
      "several tokenizations",
      "slice of channels",
      "every second channel",
      "gathered positions",
      "positions of each sample",
      "tokens are a result",
      "embedding of a channel",
      "embedding of a position",
      "embedding of a channel in a sample",
      "embedding of a sample",
      "embedding of a position in a sample",
      "embedding of all tokens",
      "embedding of a channel at a position",
      "embedding of transposed tokens",
      "layer norm of tokens",
      "RMS norm of tokens",
      "scale of a norm",
      "bias of a norm",
      "several groups",
      "several queries",
      "several heads",
      "no key projection",
      "bias of keys",
      "no value projection",
      "bias of values",
      "output projection",
      "bias of the output",
      "keys normalised: layer, per_head",
      "keys normalised: layer, all_heads",
      "keys normalised: rms, per_head",
      "keys normalised: rms, all_heads",
      "constant mask",
      "mask that is an input",
      "a sample without channels is 0",
      "a sample without channels is NaN",
      "linear groups",
      "linear, with a bias",
      "linear, several queries",
      "two levels",
      "three levels",
      "attention of attention",
      "attention of linear groups",
      "linear of attention",
      "linear of linear groups",
      "unfoldable",
  };
  return variants;
}

//===----------------------------------------------------------------------===//
// What can be folded
//===----------------------------------------------------------------------===//

void FoldRule::addEmbedding(bool isInput, bool differsInChannels, bool differsInPositions) {
  isCut |= isInput && !isFromImage;
  bool differsInSamples = isInput && samples > 1;
  differsInPositions &= positions > 1;
  for (ChannelRun &run : runs) {
    run.hasPositions |= differsInPositions;
    run.hasChannelPositions |= differsInPositions && differsInChannels;
    run.hasSamples |= differsInSamples;
    run.hasChannelSamples |= differsInSamples && differsInChannels;
  }
}

void FoldRule::normalise() {
  for (ChannelRun &run : runs) {
    run.isNormalisedTwice |= run.isNormalised;
    run.isNormalised = true;
    run.normalisesPositions |= run.hasPositions;
  }
}

void FoldRule::gather(int64_t count, bool differsInSamples) {
  for (ChannelRun &run : runs) {
    // What is added becomes the weight of a pixel, which samples share, unless it is gathered, too,
    // since it differs between positions.
    run.isLost |= run.isNormalised || (run.hasSamples && !run.hasPositions);
    run.gathersChannelSamples |= run.hasChannelSamples;
    run.hasSamples |= run.hasPositions && differsInSamples && samples > 1;
    run.hasPositions &= count > 1;
  }
  positions = count;
}

void FoldRule::slice(int64_t first, int64_t count, int64_t stride) {
  int64_t last = first + (count - 1) * stride, at = 0;
  for (ChannelRun run : runs) {
    if (first >= at && last < at + run.channels) {
      run.channels = count;
      runs = {run};
      return;
    }
    at += run.channels;
  }
  isCut = true;
}

/// Whether tokens of a run are functions of the pixels; `channels` of them are aggregated.
static bool isAffine(const ChannelRun &run, int64_t channels) {
  return !run.isLost && !run.isNormalisedTwice && !run.normalisesPositions &&
         !((run.hasChannelPositions || run.gathersChannelSamples) && channels > 1);
}

bool FoldRule::canRegroup(int64_t groups) const {
  return queriesBelow == 1 || groupsBelow % groups == 0 || groups % groupsBelow == 0;
}

bool FoldRule::canFoldAttention(int64_t groups, int64_t size, bool normalisesKeys) const {
  if ((runs.size() > 1 && (isCut || groups > 1)) || !canRegroup(groups))
    return false;
  return llvm::all_of(runs, [&](const ChannelRun &run) {
    return isAffine(run, runs.size() > 1 ? run.channels : size) &&
           !(normalisesKeys && (run.isNormalised || run.hasPositions));
  });
}

bool FoldRule::canFoldLinear(int64_t groups, int64_t size) const {
  return runs.size() == 1 && canRegroup(groups) && !runs.front().isNormalised &&
         isAffine(runs.front(), size);
}

void FoldRule::aggregateLinearly(int64_t groups, int64_t size, int64_t queries) {
  ChannelRun run;
  run.channels = groups * queries;
  run.isLost = !canFoldLinear(groups, size);
  // What differs between channels does not if there is one.
  run.gathersChannelSamples = llvm::any_of(
      runs, [](const ChannelRun &r) { return r.gathersChannelSamples && r.channels > 1; });
  // What is the same for all channels is multiplied by the sum of the weights.
  run.hasPositions = llvm::any_of(runs, [](const ChannelRun &r) { return r.hasPositions; });
  run.hasChannelPositions = run.hasPositions || llvm::any_of(runs, [](const ChannelRun &r) {
                              return r.hasChannelPositions && r.channels > 1;
                            });
  runs = {run};
  isCut = false;
  groupsBelow = groups;
  queriesBelow = queries;
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

static bool hasChannel(ArrayRef<bool> mask, int64_t sample, int64_t group,
                       ArrayRef<int64_t> shape) {
  ArrayRef<bool> part = mask.slice((sample * shape[1] + group) * shape[2], shape[2]);
  return llvm::is_contained(part, true);
}

FoldWriter::Variable FoldWriter::makeConstantMask(Shape shape, bool leavesEmpty) {
  SmallVector<bool> mask;
  for (int64_t i = 0; i < shape[0] * shape[1] * shape[2]; ++i)
    mask.push_back(!random.oneIn(3));
  int64_t empty = leavesEmpty ? random.below(shape[0] * shape[1]) : -1;
  for (int64_t i = 0; i < shape[0] * shape[1]; ++i) {
    if (i == empty)
      std::fill_n(mask.begin() + i * shape[2], shape[2], false);
    else if (!hasChannel(mask, i / shape[1], i % shape[1], shape))
      mask[i * shape[2] + random.below(shape[2])] = true;
  }
  std::string text;
  for (bool channel : mask)
    text += (text.empty() ? "" : ", ") + std::string(channel ? "true" : "false");
  // A list of all elements needs rank 1.
  Shape flat = {static_cast<int64_t>(mask.size())};
  Variable list =
      add(formatv("arith.constant dense<[{0}]> : {1}", text, formatTensor(flat, "i1")).str(), flat,
          "i1");
  return add(formatv("tensor.expand_shape {0} [[0, 1, 2]] output_shape [{1}] : {2} into {3}",
                     list.name, formatNumbers(shape), list.getType(), formatTensor(shape, "i1"))
                 .str(),
             shape, "i1");
}

/// A name of which such a mask is made: it leaves a group of a sample without channels, or none;
/// some sample has channels in all groups where the others are NaN.
FoldWriter::Variable FoldWriter::makeInputMask(Shape shape, bool leavesEmpty, bool nanWhenEmpty) {
  MLIRContext context;
  auto type = RankedTensorType::get(shape, IntegerType::get(&context, 1));
  for (unsigned tries = 0; tries < 100; ++tries) {
    std::string name = makeName("m");
    EvalTensor values = makeInput(name, type, InputKind::Integers);
    SmallVector<bool> mask;
    for (int64_t i = 0; i < values.getNumElements(); ++i)
      mask.push_back(values.ints()[i] != 0);
    int64_t empty = 0, whole = 0;
    for (int64_t sample = 0; sample < shape[0]; ++sample) {
      int64_t missing = 0;
      for (int64_t group = 0; group < shape[1]; ++group)
        missing += !hasChannel(mask, sample, group, shape);
      empty += missing;
      whole += missing == 0;
    }
    if ((empty > 0) == leavesEmpty && (whole > 0 || !nanWhenEmpty))
      return addPort("input", shape, "i1", name);
  }
  return makeConstantMask(shape, leavesEmpty);
}

void FoldWriter::addMask(Operands &operands, int64_t groups, int64_t channels, bool nanWhenEmpty) {
  // Whether a masked NaN counts is a matter of form, and no result may be NaN everywhere.
  if (hasNaN || !random.oneIn(2))
    return;
  Shape shape = {random.oneIn(3) ? 1 : batch, groups, channels};
  bool leavesEmpty = random.oneIn(3) && (!nanWhenEmpty || shape[0] > 1);
  bool isConstant = random.oneIn(2);
  note(isConstant ? "constant mask" : "mask that is an input");
  if (leavesEmpty)
    note(nanWhenEmpty ? "a sample without channels is NaN" : "a sample without channels is 0");
  hasNaN |= leavesEmpty && nanWhenEmpty;
  operands.add(" mask(",
               isConstant ? makeConstantMask(shape, leavesEmpty)
                          : makeInputMask(shape, leavesEmpty, nanWhenEmpty),
               ")");
}

//===----------------------------------------------------------------------===//
// Levels
//===----------------------------------------------------------------------===//

/// Adds a projection, often with a bias; returns its width.
int64_t FoldWriter::project(Operands &operands, StringRef word, int64_t groups, int64_t from,
                            int64_t to, StringRef bias) {
  bool hasBias = note(bias, random.oneIn(2));
  operands.add(formatv(" {0}(", word).str(), addParameter({groups, to, from}), hasBias ? "" : ")");
  if (hasBias)
    operands.add(", ", addParameter({groups, to}), ")");
  return to;
}

std::string FoldWriter::makeKeyNorm() {
  if (!random.oneIn(4))
    return "";
  std::string kind = formatv("{0}, {1}", random.oneIn(2) ? "layer" : "rms",
                             random.oneIn(2) ? "per_head" : "all_heads");
  note("keys normalised: " + kind);
  return formatv(", key_norm = #dchag.key_norm<{0}, epsilon = {1}>", kind,
                 random.oneIn(2) ? "1.0" : "0.25");
}

/// The groups of a level: those that the channels of the first were chosen for, later often one.
static int64_t chooseGroups(Random &random, int64_t channels) {
  if (!random.oneIn(3))
    return 1;
  int64_t groups = random.from(1, 3);
  return channels % groups == 0 ? groups : 1;
}

FoldWriter::Variable FoldWriter::aggregate(const Variable &tokens, int64_t level) {
  int64_t groups = level == 1 ? groupsOfFirst : chooseGroups(random, tokens.shape[1]);
  int64_t size = tokens.shape[1] / groups, from = tokens.shape[3], queries = random.from(1, 3);
  if (random.oneIn(2))
    queries = 1;
  note("several groups", groups > 1);
  note("several queries", queries > 1);
  bool hasKeys = !note("no key projection", random.oneIn(3));
  bool hasValues = !note("no value projection", random.oneIn(3));
  int64_t heads = random.from(1, 3);
  // Without a projection the heads must divide the tokens' width.
  while (!(hasKeys && hasValues) && from % heads != 0)
    --heads;
  note("several heads", heads > 1);
  int64_t keys = hasKeys ? heads * random.from(1, 3) : from;
  Operands operands;
  operands.add("", group(tokens, groups));
  operands.add(", ", addParameter({groups, queries, keys}));
  if (hasKeys)
    project(operands, "keys", groups, from, keys, "bias of keys");
  int64_t values = from;
  if (hasValues)
    values = project(operands, "values", groups, from, heads * random.from(1, 3), "bias of values");
  if (note("output projection", random.oneIn(2)))
    values = project(operands, "output", groups, values, random.from(2, 6), "bias of the output");
  bool nanWhenEmpty = random.oneIn(2);
  addMask(operands, groups, size, nanWhenEmpty);
  std::string keyNorm = makeKeyNorm();
  if (isAggregated)
    ++program.laterAttention;
  else if (!rule.canFoldAttention(groups, size, !keyNorm.empty()))
    program.isFoldable = !note("unfoldable");
  if (level > 1)
    note(isAggregated ? "attention of attention" : "attention of linear groups");
  isAggregated = true;
  // Scores grow with the levels; where they are large, exponentials lose digits.
  static const double scales[] = {0.25, 0.1, 0.02, 0.004};
  double scale = scales[level - random.from(0, 1)];
  Shape shape = {batch, groups, queries, rule.positions, values};
  return add(formatv("dchag.aggregate {0} {{heads = {1}, scale = {2:F4}{3}{4}} : ({5}) -> {6}",
                     operands.text, heads, scale, nanWhenEmpty ? ", nan_when_empty" : "", keyNorm,
                     operands.types, formatTensor(shape))
                 .str(),
             shape);
}

FoldWriter::Variable FoldWriter::aggregateLinearly(const Variable &tokens, int64_t level) {
  int64_t groups = level == 1 ? groupsOfFirst : chooseGroups(random, tokens.shape[1]);
  int64_t size = tokens.shape[1] / groups, queries = random.oneIn(3) ? 2 : 1;
  note("linear groups", groups > 1);
  note("linear, several queries", queries > 1);
  Operands operands;
  operands.add("", group(tokens, groups));
  operands.add(" weight(", addParameter({groups, queries, size}), ")");
  if (note("linear, with a bias", random.oneIn(2)))
    operands.add(" bias(", addParameter({groups, queries}), ")");
  if (isAggregated)
    ++program.laterLinear;
  else if (!rule.canFoldLinear(groups, size))
    program.isFoldable = !note("unfoldable");
  if (level > 1)
    note(isAggregated ? "linear of attention" : "linear of linear groups");
  rule.aggregateLinearly(groups, size, queries);
  Shape shape = {batch, groups, queries, rule.positions, tokens.shape[3]};
  return add(formatv("dchag.aggregate_linear {0} : ({1}) -> {2}", operands.text, operands.types,
                     formatTensor(shape))
                 .str(),
             shape);
}
