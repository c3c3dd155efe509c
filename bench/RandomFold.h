//===- RandomFold.h - makes aggregations of channels at random -------------*- C++ -*-===//
//
// A program is @step as raised modules have it: images are tokenized, embeddings are added and
// tokens normalised in any order, and one to three levels of aggregations merge the channels.
// Beside the text it is known which aggregations can be computed from pixels: by rules that are
// kept here and share nothing with the pass.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_BENCH_RANDOMFOLD_H
#define DCHAG_BENCH_RANDOMFOLD_H

#include "bench/RandomTypes.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::dchag::bench {

/// Everything that programs may have, each of which must be met in a long run.
ArrayRef<StringRef> getFoldVariants();

struct FoldProgram {
  std::string text;
  llvm::StringSet<> variants;
  /// Whether no aggregation of tokens of an image needs its tokens.
  bool isFoldable = true;
  /// Aggregations by attention, and linear ones, of tokens that an attention made.
  unsigned laterAttention = 0, laterLinear = 0;
  /// Whether the tokens are a result, too.
  bool returnsTokens = false;
};

/// What was done to the tokens of some consecutive channels.
struct ChannelRun {
  int64_t channels = 0;
  bool isNormalised = false, isNormalisedTwice = false;
  /// Whether something was added that differs between positions, between positions and channels,
  /// and between positions before the tokens were normalised.
  bool hasPositions = false, hasChannelPositions = false, normalisesPositions = false;
  /// Whether something was added that differs between samples, and between samples and channels.
  bool hasSamples = false, hasChannelSamples = false;
  /// Whether positions were gathered after something differed between samples and channels.
  bool gathersChannelSamples = false;
  /// Whether linear aggregations below, or gathered tokens, cannot be folded.
  bool isLost = false;
};

/// Which aggregations can be folded.
class FoldRule {
public:
  int64_t samples = 1, positions = 1;
  SmallVector<ChannelRun> runs;
  /// Whether there are tokens of dchag.tokenize, by which sums are followed to where they come
  /// from.
  bool isFromImage = false;
  /// Whether several runs cannot be distinguished, as parts of them or behind a sum of inputs.
  bool isCut = false;

  void addEmbedding(bool isInput, bool differsInChannels, bool differsInPositions);
  void normalise();
  /// `count` positions, each sample its own ones if `differsInSamples`.
  void gather(int64_t count, bool differsInSamples);
  /// Channels first, first + stride, ...
  void slice(int64_t first, int64_t count, int64_t stride);
  /// Each group of `size` channels by itself.
  bool canFoldAttention(int64_t groups, int64_t size, bool normalisesKeys) const;
  /// All `channels` of them.
  bool canFoldLinear(int64_t groups, int64_t size) const;
  /// The tokens are now those of a linear aggregation.
  void aggregateLinearly(int64_t groups, int64_t size, int64_t queries);

private:
  /// Whether an index into so many groups is one of groups and queries of the linear level below.
  bool canRegroup(int64_t groups) const;

  int64_t groupsBelow = 1, queriesBelow = 1;
};

class FoldWriter {
public:
  /// The names of ports have `seed` in them, since values are made of names.
  FoldWriter(Random &random, unsigned seed, FloatKind kind)
      : random(random), seed(seed), kind(kind) {}
  FoldProgram write();

private:
  using Shape = SmallVector<int64_t, 6>;
  struct Variable {
    std::string name;
    Shape shape;
    std::string element = "f32";
    std::string getType() const { return formatTensor(shape, element); }
  };
  /// Operands of an op with keywords, such as "%t, %q keys(%k, %b)", and their types.
  struct Operands {
    std::string text, types;
    void add(StringRef before, const Variable &x, StringRef after = "");
  };

  // Text.
  bool note(StringRef variant, bool holds = true);
  Variable addPort(StringRef role, Shape shape, StringRef element, StringRef name,
                   StringRef attributes = "");
  Variable addParameter(Shape shape) { return addPort("param", shape, "f32", makeName("p")); }
  Variable addInput(Shape shape) { return addPort("input", shape, "f32", makeName("x")); }
  std::string makeName(StringRef letter);
  Variable add(const Twine &op, Shape shape, StringRef element = "f32");
  Variable repeat(const Variable &x, Shape shape, ArrayRef<int64_t> dims);
  Variable sum(const Variable &x, const Variable &y);
  /// With the channels behind the positions, or back again.
  Variable swap(const Variable &x);
  Variable join(ArrayRef<Variable> parts);
  /// Between B x C x N x D and B x G x K x N x D.
  Variable group(const Variable &x, int64_t groups);
  Variable ungroup(const Variable &x);

  // Tokens, B x C x N x D.
  void chooseSizes();
  Variable makeTokens(int64_t channels);
  Variable tokenize(int64_t channels);
  Variable tokenizeByContraction(int64_t channels);
  Variable makeSource(int64_t channels);
  Variable change(Variable tokens, FoldRule &rule, int64_t steps);
  Variable embed(const Variable &tokens, FoldRule &rule);
  Variable normalise(const Variable &tokens, FoldRule &rule);
  Variable slice(const Variable &tokens, int64_t count);
  Variable gather(const Variable &tokens);

  // Aggregations.
  Variable aggregate(const Variable &tokens, int64_t level);
  Variable aggregateLinearly(const Variable &tokens, int64_t level);
  int64_t project(Operands &operands, StringRef word, int64_t groups, int64_t from, int64_t to,
                  StringRef bias);
  std::string makeKeyNorm();
  void addMask(Operands &operands, int64_t groups, int64_t channels, bool nanWhenEmpty);
  Variable makeConstantMask(Shape shape, bool leavesEmpty);
  Variable makeInputMask(Shape shape, bool leavesEmpty, bool nanWhenEmpty);

  Random &random;
  unsigned seed;
  FloatKind kind;
  FoldProgram program;
  FoldRule rule;
  std::string arguments, body;
  unsigned numNames = 0;
  int64_t batch = 1, width = 1, groupsOfFirst = 1;
  /// Patches along each dimension of space.
  Shape grid;
  bool isAggregated = false, hasNaN = false;
};

} // namespace mlir::dchag::bench

#endif // DCHAG_BENCH_RANDOMFOLD_H
