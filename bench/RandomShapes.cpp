//===- RandomShapes.cpp - programs at random: ops of the tensor dialect ----*- C++ -*-===//

#include "bench/RandomProgram.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;
using llvm::formatv;

/// "[[0, 1], [2]]" for groups of so many dimensions.
static std::string formatGroups(ArrayRef<int64_t> counts) {
  std::string text = "[";
  int64_t dim = 0;
  for (auto [i, count] : llvm::enumerate(counts)) {
    text += i ? ", [" : "[";
    for (int64_t k = 0; k < count; ++k)
      text += (k ? ", " : "") + std::to_string(dim++);
    text += "]";
  }
  return text + "]";
}

void ProgramWriter::makeExpand() {
  Variable x = pick("f32", [](const Variable &v) {
    return !v.shape.empty() && v.shape.size() <= 4 &&
           llvm::any_of(v.shape, [](int64_t size) { return size == 4 || size >= 6; });
  });
  if (x.name.empty())
    x = addArgument({random.from(2, 3) * random.from(2, 5), random.from(1, 4)});
  Shape shape;
  SmallVector<int64_t> counts;
  for (int64_t size : x.shape) {
    SmallVector<int64_t> divisors;
    for (int64_t divisor = 1; divisor <= size; ++divisor)
      if (size % divisor == 0)
        divisors.push_back(divisor);
    bool splits = shape.size() < 5 && (divisors.size() > 2 ? !random.oneIn(3) : random.oneIn(6));
    int64_t outer = splits ? random.pick(ArrayRef(divisors)) : 1;
    if (splits)
      shape.push_back(outer);
    shape.push_back(size / outer);
    counts.push_back(splits ? 2 : 1);
  }
  add(formatv("tensor.expand_shape {0} {1} output_shape [{2}] : {3} into {4}", x.name,
              formatGroups(counts), formatNumbers(shape), x.getType(), formatTensor(shape))
          .str(),
      shape, "f32", x.bound);
}

void ProgramWriter::makeCollapse() {
  Variable x = pickRank(2, 6);
  Shape shape;
  SmallVector<int64_t> counts;
  for (int64_t size : x.shape) {
    if (!shape.empty() && random.oneIn(2)) {
      shape.back() *= size;
      ++counts.back();
      continue;
    }
    shape.push_back(size);
    counts.push_back(1);
  }
  add(formatv("tensor.collapse_shape {0} {1} : {2} into {3}", x.name, formatGroups(counts),
              x.getType(), formatTensor(shape))
          .str(),
      shape, "f32", x.bound);
}

/// Part of a dimension: offset, size and stride.
static void cutAtRandom(Random &random, int64_t full, int64_t &offset, int64_t &size,
                        int64_t &stride) {
  offset = 0, size = full, stride = 1;
  if (random.oneIn(2))
    return;
  stride = random.oneIn(4) ? 2 : 1;
  size = random.from(1, (full + stride - 1) / stride);
  offset = random.from(0, full - (size - 1) * stride - 1);
}

void ProgramWriter::makeExtract() {
  Variable x = pickRank(1, 5);
  SmallVector<int64_t> offsets, sizes, strides;
  Shape shape;
  for (int64_t full : x.shape) {
    int64_t offset, size, stride;
    cutAtRandom(random, full, offset, size, stride);
    offsets.push_back(offset), sizes.push_back(size), strides.push_back(stride);
    // Leaves out dimensions of one element, as an index does.
    if (size != 1 || !random.oneIn(2))
      shape.push_back(size);
  }
  add(formatv("tensor.extract_slice {0}[{1}] [{2}] [{3}] : {4} to {5}", x.name,
              formatNumbers(offsets), formatNumbers(sizes), formatNumbers(strides), x.getType(),
              formatTensor(shape))
          .str(),
      shape, "f32", x.bound);
}

void ProgramWriter::makeInsert() {
  Variable x = pickRank(1, 4);
  SmallVector<int64_t> offsets, strides;
  Shape full;
  for (int64_t size : x.shape) {
    bool takesAll = random.oneIn(2);
    int64_t stride = takesAll || !random.oneIn(4) ? 1 : 2;
    int64_t offset = takesAll ? 0 : random.from(0, 2);
    offsets.push_back(offset), strides.push_back(stride);
    full.push_back(offset + (size - 1) * stride + 1 + (takesAll ? 0 : random.from(0, 2)));
  }
  Variable into = onlyViews && random.oneIn(2)
                      ? Variable{addFill("0.0", full, "f32"), full, "f32", 0}
                      : pickShape(full);
  add(formatv("tensor.insert_slice {0} into {1}[{2}] [{3}] [{4}] : {5} into {6}", x.name, into.name,
              formatNumbers(offsets), formatNumbers(x.shape), formatNumbers(strides), x.getType(),
              into.getType())
          .str(),
      full, "f32", std::max(x.bound, into.bound));
}

void ProgramWriter::makeConcat() {
  Variable x = pickRank(1, 4);
  int64_t dim = random.below(x.shape.size());
  Shape shape = x.shape;
  std::string names = x.name, types = x.getType();
  double bound = x.bound;
  for (int64_t more = random.from(1, 2); more > 0; --more) {
    Shape piece = x.shape;
    piece[dim] = random.oneIn(2) ? piece[dim] : random.from(1, 4);
    Variable y = pickShape(piece);
    shape[dim] += piece[dim];
    names += ", " + y.name;
    types += ", " + y.getType();
    bound = std::max(bound, y.bound);
  }
  add(formatv("tensor.concat dim({0}) {1} : ({2}) -> {3}", dim, names, types, formatTensor(shape))
          .str(),
      shape, "f32", bound);
}

void ProgramWriter::makePad() {
  Variable x = pickRank(1, 4);
  SmallVector<int64_t> low, high;
  Shape shape;
  std::string indices;
  for (auto [dim, size] : llvm::enumerate(x.shape)) {
    bool pads = random.oneIn(2);
    low.push_back(pads ? random.from(0, 2) : 0);
    high.push_back(pads ? random.from(0, 2) : 0);
    shape.push_back(size + low.back() + high.back());
    indices += formatv("{0}%i{1}: index", dim ? ", " : "", dim);
  }
  std::string value = addScalar("f32", random.oneIn(2) ? 0 : -2);
  add(formatv("tensor.pad {0} low[{1}] high[{2}] {{\n    ^bb0({3}):\n      tensor.yield {4} : "
              "f32\n    } : {5} to {6}",
              x.name, formatNumbers(low), formatNumbers(high), indices, value, x.getType(),
              formatTensor(shape))
          .str(),
      shape, "f32", std::max(2.0, x.bound));
}

std::string ProgramWriter::writeViews(unsigned numOps) {
  static const Maker views[] = {&ProgramWriter::makeBroadcast, &ProgramWriter::makeTranspose,
                                &ProgramWriter::makeExpand,    &ProgramWriter::makeCollapse,
                                &ProgramWriter::makeExtract,   &ProgramWriter::makeInsert,
                                &ProgramWriter::makeConcat,    &ProgramWriter::makePad};
  onlyViews = true;
  for (unsigned i = 0; i < numOps; ++i)
    (this->*random.pick(ArrayRef(views)))();
  // Something computes with each result, or broadcasts would stay in @step.
  SmallVector<Variable> chosen = {variables.back(), variables[random.below(variables.size())]};
  std::string values, types;
  for (const Variable &variable : chosen) {
    Variable result = add("arith.negf " + variable.name + " : " + variable.getType(),
                          variable.shape, "f32", variable.bound);
    values += (values.empty() ? "" : ", ") + result.name;
    types += (types.empty() ? "" : ", ") + result.getType();
  }
  return formatv("module {{\n  func.func @step({0}) -> ({1}) {{\n{2}    return {3} : {1}\n  }\n}\n",
                 arguments, types, body, values)
      .str();
}
