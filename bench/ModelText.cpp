//===- ModelText.cpp - models in the form of ClimaX and D-CHAG as text -----*- C++ -*-===//

#include "bench/ModelText.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;
using llvm::formatv;

namespace {
class Writer {
public:
  explicit Writer(const ModelSizes &sizes) : s(sizes), n(sizes.getPositions()) {}
  std::string run();

private:
  std::string param(StringRef name, ArrayRef<int64_t> shape, StringRef role = "param") {
    std::string value = formatv("%a{0}", numArguments++);
    arguments += formatv("{0}\n    {1}: {2} {{dchag.role = \"{3}\", dchag.name = \"{4}\"}",
                         arguments.empty() ? "" : ",", value, formatTensor(shape), role, name);
    return value;
  }
  /// A line of the body that defines the value it returns.
  std::string define(const Twine &op) {
    std::string value = formatv("%v{0}", numValues++);
    body += formatv("  {0} = {1}\n", value, op.str());
    return value;
  }
  std::string zeros(ArrayRef<int64_t> shape) {
    std::string type = formatTensor(shape), empty = define("tensor.empty() : " + type);
    return define(
        formatv("linalg.fill ins(%zero : f32) outs({0} : {1}) -> {1}", empty, type).str());
  }
  std::string aggregate(StringRef name, StringRef tokens, int64_t groups, int64_t channels);
  /// x W^T + b on batch x positions x features.
  std::string linear(StringRef name, StringRef x, int64_t from, int64_t to);
  std::string norm(StringRef name, StringRef x);
  std::string add(StringRef x, StringRef y) {
    return define(formatv("arith.addf {0}, {1} : {2}", x, y, activation()).str());
  }
  std::string attention(StringRef name, StringRef x);
  std::string activation() { return formatTensor({s.batch, n, s.embedding}); }

  const ModelSizes &s;
  int64_t n;
  unsigned numArguments = 0, numValues = 0;
  std::string arguments, body;
};
} // namespace

std::string Writer::aggregate(StringRef name, StringRef tokens, int64_t groups, int64_t channels) {
  int64_t d = s.embedding;
  std::string p = name.str();
  std::string q = param(p + ".query", {groups, 1, d}),
              wk = param(p + ".key.weight", {groups, d, d});
  std::string wv = param(p + ".value.weight", {groups, d, d});
  std::string wo = param(p + ".proj.weight", {groups, d, d}),
              bo = param(p + ".proj.bias", {groups, d});
  std::string w = formatTensor({groups, d, d});
  return define(formatv("dchag.aggregate {0}, {1} keys({2}) values({3}) output({4}, {5}) {{heads = "
                        "{6} : i64, scale = 0.125} : ({7}, {8}, {9}, {9}, {9}, {10}) -> {11}",
                        tokens, q, wk, wv, wo, bo, s.heads,
                        formatTensor({s.batch, groups, channels, n, d}),
                        formatTensor({groups, 1, d}), w, formatTensor({groups, d}),
                        formatTensor({s.batch, groups, 1, n, d}))
                    .str());
}

std::string Writer::linear(StringRef name, StringRef x, int64_t from, int64_t to) {
  std::string weight = param((name + ".weight").str(), {to, from});
  std::string bias = param((name + ".bias").str(), {to});
  std::string type = formatTensor({s.batch, n, to});
  std::string product =
      define(formatv("linalg.contract indexing_maps = [affine_map<(b, n, o, i) -> (b, n, i)>, "
                     "affine_map<(b, n, o, i) -> (o, i)>, affine_map<(b, n, o, i) -> (b, n, o)>] "
                     "ins({0}, {1} : {2}, {3}) outs({4} : {5}) -> {5}",
                     x, weight, formatTensor({s.batch, n, from}), formatTensor({to, from}),
                     zeros({s.batch, n, to}), type)
                 .str());
  std::string wide =
      define(formatv("linalg.broadcast ins({0} : {1}) outs({2} : {3}) dimensions = [0, 1]", bias,
                     formatTensor({to}), define("tensor.empty() : " + type), type)
                 .str());
  return define(formatv("arith.addf {0}, {1} : {2}", product, wide, type).str());
}

std::string Writer::norm(StringRef name, StringRef x) {
  std::string scale = param((name + ".weight").str(), {s.embedding});
  std::string bias = param((name + ".bias").str(), {s.embedding});
  return define(formatv("dchag.layer_norm {0} scale({1}) bias({2}) {{dims = 1 : i64, epsilon = "
                        "1.0e-5} : ({3}, {4}, {4}) -> {3}",
                        x, scale, bias, activation(), formatTensor({s.embedding}))
                    .str());
}

std::string Writer::attention(StringRef name, StringRef x) {
  int64_t d = s.embedding, width = d / s.heads;
  std::string split = formatTensor({s.batch, n, s.heads, width});
  std::string byHead = formatTensor({s.batch, s.heads, n, width});
  SmallVector<std::string> parts;
  for (StringRef part : {"q", "k", "v"}) {
    std::string y = linear((name + "." + part).str(), x, d, d);
    std::string expanded =
        define(formatv("tensor.expand_shape {0} [[0], [1], [2, 3]] output_shape [{1}, {2}, {3}, "
                       "{4}] : {5} into {6}",
                       y, s.batch, n, s.heads, width, activation(), split)
                   .str());
    parts.push_back(define(formatv("linalg.transpose ins({0} : {1}) outs({2} : {3}) permutation = "
                                   "[0, 2, 1, 3]",
                                   expanded, split, define("tensor.empty() : " + byHead), byHead)
                               .str()));
  }
  std::string y = define(formatv("dchag.attention {0}, {1}, {2} {{scale = 0.125} : ({3}, {3}, {3}) "
                                 "-> {3}",
                                 parts[0], parts[1], parts[2], byHead)
                             .str());
  std::string back = define(formatv("linalg.transpose ins({0} : {1}) outs({2} : {3}) permutation = "
                                    "[0, 2, 1, 3]",
                                    y, byHead, define("tensor.empty() : " + split), split)
                                .str());
  std::string flat = define(formatv("tensor.collapse_shape {0} [[0], [1], [2, 3]] : {1} into {2}",
                                    back, split, activation())
                                .str());
  return linear((name + ".proj").str(), flat, d, d);
}

std::string Writer::run() {
  int64_t d = s.embedding, channels = s.channels / s.groups;
  std::string x = param("x", {s.batch, s.channels, 1, s.height, s.width}, "input");
  std::string weight = param("tokens.weight", {s.channels, d, 1, s.patch, s.patch});
  std::string bias = param("tokens.bias", {s.channels, d});
  body = "  %zero = arith.constant 0.0 : f32\n";
  std::string tokens = formatTensor({s.batch, s.channels, n, d});
  std::string t =
      define(formatv("dchag.tokenize {0} weight({1}) bias({2}) : ({3}, {4}, {5}) -> {6}", x, weight,
                     bias, formatTensor({s.batch, s.channels, 1, s.height, s.width}),
                     formatTensor({s.channels, d, 1, s.patch, s.patch}),
                     formatTensor({s.channels, d}), tokens)
                 .str());
  std::string grouped = formatTensor({s.batch, s.groups, channels, n, d});
  t = define(formatv("tensor.expand_shape {0} [[0], [1, 2], [3], [4]] output_shape [{1}, {2}, {3}, "
                     "{4}, {5}] : {6} into {7}",
                     t, s.batch, s.groups, channels, n, d, tokens, grouped)
                 .str());
  std::string y = aggregate("aggregate.0", t, s.groups, channels);
  if (s.groups > 1) {
    std::string flat = formatTensor({s.batch, s.groups, n, d});
    y = define(formatv("tensor.collapse_shape {0} [[0], [1, 2], [3], [4]] : {1} into {2}", y,
                       formatTensor({s.batch, s.groups, 1, n, d}), flat)
                   .str());
    y = define(formatv("tensor.expand_shape {0} [[0], [1, 2], [3], [4]] output_shape [{1}, 1, {2}, "
                       "{3}, {4}] : {5} into {6}",
                       y, s.batch, s.groups, n, d, flat, formatTensor({s.batch, 1, s.groups, n, d}))
                   .str());
    y = aggregate("aggregate.1", y, 1, s.groups);
  }
  y = define(formatv("tensor.collapse_shape {0} [[0], [1, 2, 3], [4]] : {1} into {2}", y,
                     formatTensor({s.batch, 1, 1, n, d}), activation())
                 .str());
  for (int64_t block = 0; block < s.blocks; ++block) {
    std::string name = formatv("blocks.{0}", block);
    y = add(y, attention(name + ".attn", norm(name + ".norm1", y)));
    std::string hidden = linear(name + ".fc1", norm(name + ".norm2", y), d, s.mlpRatio * d);
    hidden = define(
        formatv("dchag.gelu {0} : {1}", hidden, formatTensor({s.batch, n, s.mlpRatio * d})).str());
    y = add(y, linear(name + ".fc2", hidden, s.mlpRatio * d, d));
  }
  return formatv(
             "func.func @step({0}) -> ({1} {{dchag.name = \"y\"}) {{\n{2}  return {3} : {1}\n}\n",
             arguments, activation(), body, y)
      .str();
}

std::string bench::writeModel(const ModelSizes &sizes) { return Writer(sizes).run(); }
