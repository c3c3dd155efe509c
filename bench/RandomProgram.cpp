//===- RandomProgram.cpp - programs at random: values and upstream ops -----*- C++ -*-===//

#include "bench/RandomProgram.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;
using llvm::formatv;

std::string ProgramWriter::Variable::getType() const { return formatTensor(shape, element); }

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

ProgramWriter::Variable ProgramWriter::add(const Twine &op, Shape shape, StringRef element,
                                           double bound) {
  Variable variable{"%v" + std::to_string(numNames++), std::move(shape), element.str(), bound};
  body += formatv("    {0} = {1}\n", variable.name, op.str());
  variables.push_back(variable);
  return variable;
}

ProgramWriter::Variable ProgramWriter::addArgument(Shape shape, StringRef element,
                                                   StringRef attrs) {
  Variable variable{"%a" + std::to_string(numNames++), std::move(shape), element.str(), 3};
  std::string role =
      random.oneIn(3) || onlyViews ? "dchag.role = \"param\"" : "dchag.role = \"input\"";
  arguments += formatv("{0}{1}: {2} {{{3}, dchag.name = \"{4}\"{5}}", arguments.empty() ? "" : ", ",
                       variable.name, variable.getType(), role, variable.name.substr(1), attrs);
  if (attrs.empty())
    variables.push_back(variable);
  return variable;
}

std::string ProgramWriter::addScalar(StringRef element, double value) {
  std::string name = "%c" + std::to_string(numNames++);
  std::string literal = element == "f32" ? formatv("{0:F1}", value).str()
                                         : std::to_string(static_cast<int64_t>(value));
  body += formatv("    {0} = arith.constant {1} : {2}\n", name, literal, element);
  return name;
}

/// A tensor filled with a scalar; `literal` may be bits such as 0xFF800000.
std::string ProgramWriter::addFill(StringRef literal, ArrayRef<int64_t> shape, StringRef element) {
  std::string type = formatTensor(shape, element), n = std::to_string(numNames++);
  body += formatv("    %c{0} = arith.constant {1} : {2}\n    %e{0} = tensor.empty() : {3}\n"
                  "    %f{0} = linalg.fill ins(%c{0} : {2}) outs(%e{0} : {3}) -> {3}\n",
                  n, literal, element, type);
  return "%f" + n;
}

/// A value that fits, late ones sooner; name empty: there is none.
ProgramWriter::Variable ProgramWriter::pick(StringRef element,
                                            llvm::function_ref<bool(const Variable &)> fits) {
  SmallVector<Variable> found;
  for (const Variable &variable : variables)
    if (variable.element == element && fits(variable))
      found.push_back(variable);
  if (found.empty())
    return {};
  size_t front = random.oneIn(3) ? 0 : found.size() - std::min<size_t>(3, found.size());
  return found[front + random.below(found.size() - front)];
}

ProgramWriter::Variable ProgramWriter::pickRank(unsigned low, unsigned high, StringRef element) {
  Variable found = random.oneIn(8) ? Variable() : pick(element, [&](const Variable &variable) {
    return variable.shape.size() >= low && variable.shape.size() <= high;
  });
  return found.name.empty() ? addArgument(makeShape(random.from(low, high)), element) : found;
}

ProgramWriter::Variable ProgramWriter::pickShape(ArrayRef<int64_t> shape, StringRef element) {
  Variable found = random.oneIn(4) ? Variable() : pick(element, [&](const Variable &variable) {
    return ArrayRef<int64_t>(variable.shape) == shape;
  });
  return found.name.empty() ? addArgument(Shape(shape), element) : found;
}

Shape ProgramWriter::makeShape(unsigned rank) {
  static const int64_t sizes[] = {1, 2, 2, 3, 3, 4, 4, 5, 6, 6, 7, 8, 9};
  Shape shape;
  int64_t count = 1;
  for (unsigned dim = 0; dim < rank; ++dim) {
    int64_t size = random.pick(ArrayRef(sizes));
    if (count * size > 600)
      size = 2;
    shape.push_back(size);
    count *= size;
  }
  return shape;
}

SmallVector<int64_t> ProgramWriter::makeOrder(unsigned count) {
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, count));
  for (unsigned i = 0; i + 1 < count; ++i)
    std::swap(order[i], order[i + random.below(count - i)]);
  return order;
}

ProgramWriter::Variable ProgramWriter::tame(Variable x, double bound) {
  if (x.bound <= bound)
    return x;
  if (isExact)
    return addArgument(x.shape);
  std::string small = addFill(llvm::formatv("{0:E}", bound / x.bound).str(), x.shape, x.element);
  return add("arith.mulf " + x.name + ", " + small + " : " + x.getType(), x.shape, x.element,
             bound);
}

ProgramWriter::Variable ProgramWriter::addPositive(ArrayRef<int64_t> shape, StringRef element) {
  Shape kept;
  SmallVector<int64_t> added;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    if (random.oneIn(2))
      added.push_back(dim);
    else
      kept.push_back(size);
  }
  Variable x = addArgument(kept, "i32", ", dchag.range = array<i64: 1, 3>");
  if (element == "f32")
    x = add("arith.sitofp " + x.name + " : " + x.getType() + " to " + formatTensor(kept, "f32"),
            kept, "f32", 3);
  return added.empty() ? x : addBroadcast(x, Shape(shape), added);
}

ProgramWriter::Variable ProgramWriter::normalise(Variable x, unsigned dim) {
  Shape line = {x.shape[dim]};
  SmallVector<int64_t> others;
  for (unsigned other = 0; other < x.shape.size(); ++other)
    if (other != dim)
      others.push_back(other);
  Variable deviation = addArgument(line, "i32", ", dchag.range = array<i64: 1, 3>");
  deviation = add("arith.sitofp " + deviation.name + " : " + deviation.getType() + " to " +
                      formatTensor(line),
                  line, "f32", 3);
  if (!others.empty())
    deviation = addBroadcast(deviation, x.shape, others);
  if (random.oneIn(2)) {
    Variable mean = addArgument(line);
    if (!others.empty())
      mean = addBroadcast(mean, x.shape, others);
    x = add("arith.subf " + x.name + ", " + mean.name + " : " + x.getType(), x.shape, "f32",
            x.bound + 3);
  }
  return add("arith.divf " + x.name + ", " + deviation.name + " : " + x.getType(), x.shape, "f32",
             x.bound);
}

double ProgramWriter::limit() const {
  switch (kind) {
  case FloatKind::F32:
    return 1e8;
  case FloatKind::BF16:
    return isExact ? 256 : 1e8;
  case FloatKind::F16:
    return isExact ? 2048 : 3e4;
  }
  llvm_unreachable("unknown type");
}

std::string ProgramWriter::write(unsigned numOps) {
  static const Maker exact[] = {
      &ProgramWriter::makeBinary,      &ProgramWriter::makeUnary,
      &ProgramWriter::makeInteger,     &ProgramWriter::makeSelect,
      &ProgramWriter::makeConvert,     &ProgramWriter::makeContract,
      &ProgramWriter::makeContract,    &ProgramWriter::makeReduce,
      &ProgramWriter::makeReduce,      &ProgramWriter::makeBroadcast,
      &ProgramWriter::makeTranspose,   &ProgramWriter::makeFill,
      &ProgramWriter::makeExpand,      &ProgramWriter::makeCollapse,
      &ProgramWriter::makeExpand,      &ProgramWriter::makeCollapse,
      &ProgramWriter::makeExtract,     &ProgramWriter::makeInsert,
      &ProgramWriter::makeConcat,      &ProgramWriter::makePad,
      &ProgramWriter::makeTokenize,    &ProgramWriter::makeAggregateLinear,
      &ProgramWriter::makeGather,      &ProgramWriter::makeScatter,
      &ProgramWriter::makeConvolution, &ProgramWriter::makePatchify,
      &ProgramWriter::makeUnpatchify};
  static const Maker smooth[] = {&ProgramWriter::makeAggregate,
                                 &ProgramWriter::makeAggregate,
                                 &ProgramWriter::makePartials,
                                 &ProgramWriter::makePartials,
                                 &ProgramWriter::makeAttention,
                                 &ProgramWriter::makeAttention,
                                 &ProgramWriter::makeNorm,
                                 &ProgramWriter::makeSoftmax,
                                 &ProgramWriter::makeGelu,
                                 &ProgramWriter::makeUnary,
                                 &ProgramWriter::makeQuotient,
                                 &ProgramWriter::makeQuotient,
                                 &ProgramWriter::makeNormalisedTokens,
                                 &ProgramWriter::makeNormalisedTokens};
  for (unsigned i = 0; i < numOps; ++i)
    (this->*(!isExact && random.oneIn(2) ? random.pick(ArrayRef(smooth))
                                         : random.pick(ArrayRef(exact))))();
  std::string values, types;
  int64_t numResults = random.from(1, 3);
  for (int64_t i = 0; i < numResults; ++i) {
    // The last value, so that what leads to it is used, and others.
    const Variable &variable = i ? variables[random.below(variables.size())] : variables.back();
    values += (i ? ", " : "") + variable.name;
    types += (i ? ", " : "") + variable.getType();
  }
  return putInType(
      formatv("module {{\n  func.func @main({0}) -> ({1}) {{\n{2}    return {3} : {1}\n  }\n}\n",
              arguments, types, body, values)
          .str(),
      kind);
}

//===----------------------------------------------------------------------===//
// Element-wise ops
//===----------------------------------------------------------------------===//

void ProgramWriter::makeBinary() {
  Variable x = pickRank(0, 5), y = pickShape(x.shape);
  static const char *const names[] = {"addf", "subf", "mulf", "maximumf", "minimumf"};
  StringRef name = random.pick(ArrayRef(names));
  double bound = name == "mulf" ? x.bound * y.bound : x.bound + y.bound;
  if (bound > limit())
    return;
  if (!isExact && random.oneIn(6)) {
    // A quotient by at least 1.
    Variable square =
        add(formatv("math.absf {0} : {1}", y.name, y.getType()).str(), y.shape, "f32", y.bound);
    std::string one = addFill("1.0", y.shape, "f32");
    Variable most = add(formatv("arith.addf {0}, {1} : {2}", square.name, one, y.getType()).str(),
                        y.shape, "f32", y.bound + 1);
    add(formatv("arith.divf {0}, {1} : {2}", x.name, most.name, x.getType()).str(), x.shape, "f32",
        x.bound);
    return;
  }
  add(formatv("arith.{0} {1}, {2} : {3}", name, x.name, y.name, x.getType()).str(), x.shape, "f32",
      bound);
}

void ProgramWriter::makeUnary() {
  Variable x = pickRank(0, 5);
  static const char *const exact[] = {"arith.negf", "math.absf"};
  static const char *const smooth[] = {"math.exp", "math.tanh", "math.erf", "math.sin", "math.cos"};
  if (isExact || random.oneIn(3)) {
    StringRef name = isExact && random.oneIn(3) ? "math.floor" : random.pick(ArrayRef(exact));
    add(formatv("{0} {1} : {2}", name, x.name, x.getType()).str(), x.shape, "f32", x.bound);
    return;
  }
  x = tame(x, 4);
  StringRef name = random.pick(ArrayRef(smooth));
  add(formatv("{0} {1} : {2}", name, x.name, x.getType()).str(), x.shape, "f32",
      name == "math.exp" ? 60 : 1);
}

/// What is not finite where its operands are 0 or NaN, as padding may be.
void ProgramWriter::makeQuotient() {
  Variable x = tame(pickRank(0, 5), 2), y = addPositive(x.shape, "f32");
  switch (random.below(5)) {
  case 0:
  case 1:
    add(formatv("arith.divf {0}, {1} : {2}", x.name, y.name, x.getType()).str(), x.shape, "f32",
        x.bound);
    return;
  case 2:
    add(formatv("math.powf {0}, {1} : {2}", y.name, x.name, x.getType()).str(), x.shape, "f32", 9);
    return;
  default:
    static const char *const names[] = {"math.log", "math.sqrt", "math.rsqrt", "math.log1p"};
    y = add(formatv("{0} {1} : {2}", random.pick(ArrayRef(names)), y.name, y.getType()).str(),
            y.shape, "f32", 2);
    add(formatv("arith.mulf {0}, {1} : {2}", x.name, y.name, x.getType()).str(), x.shape, "f32",
        x.bound * 2);
  }
}

void ProgramWriter::makeInteger() {
  if (random.oneIn(3)) {
    Variable x = pickRank(0, 4, "i32"), y = addPositive(x.shape, "i32");
    static const char *const names[] = {"divsi", "remsi", "floordivsi", "ceildivsi"};
    add(formatv("arith.{0} {1}, {2} : {3}", random.pick(ArrayRef(names)), x.name, y.name,
                x.getType())
            .str(),
        x.shape, "i32", x.bound);
    return;
  }
  Variable x = pickRank(0, 4, "i32"), y = pickShape(x.shape, "i32");
  static const char *const names[] = {"addi", "subi", "muli", "maxsi", "minsi"};
  StringRef name = random.pick(ArrayRef(names));
  double bound = name == "muli" ? x.bound * y.bound : x.bound + y.bound;
  if (bound <= 1e6)
    add(formatv("arith.{0} {1}, {2} : {3}", name, x.name, y.name, x.getType()).str(), x.shape,
        "i32", bound);
}

/// Compares values only where they are exact.
void ProgramWriter::makeSelect() {
  Variable x = pickRank(0, 5), y = pickShape(x.shape);
  Variable mask = pick("i1", [&](const Variable &v) { return v.shape == x.shape; });
  if (mask.name.empty() || random.oneIn(2)) {
    static const char *const orders[] = {"oeq", "olt", "oge", "une"};
    if (!isExact)
      mask = addArgument(x.shape, "i1");
    else
      mask = add(formatv("arith.cmpf {0}, {1}, {2} : {3}", random.pick(ArrayRef(orders)), x.name,
                         y.name, x.getType())
                     .str(),
                 x.shape, "i1", 1);
  }
  add(formatv("arith.select {0}, {1}, {2} : {3}, {4}", mask.name, x.name, y.name, mask.getType(),
              x.getType())
          .str(),
      x.shape, "f32", std::max(x.bound, y.bound));
}

void ProgramWriter::makeConvert() {
  Variable x = pickRank(0, 4, "i32");
  if (x.bound > limit())
    return;
  add(formatv("arith.sitofp {0} : {1} to {2}", x.name, x.getType(), formatTensor(x.shape, "f32"))
          .str(),
      x.shape, "f32", x.bound);
}

//===----------------------------------------------------------------------===//
// linalg
//===----------------------------------------------------------------------===//

void ProgramWriter::makeContract() {
  Variable x = pickRank(1, 4);
  // d0, d1, ... are the dimensions of x, then those that only y has.
  SmallVector<int64_t> left = llvm::to_vector(llvm::seq<int64_t>(0, x.shape.size())), right, out;
  Shape sizes = x.shape, rightShape, outShape;
  SmallVector<bool> sums;
  double terms = 1;
  for (int64_t loop : left) {
    int64_t kind = random.below(3);
    sums.push_back(kind == 0);
    if (kind != 1)
      right.push_back(loop);
    if (kind != 0)
      out.push_back(loop);
    terms *= kind == 0 ? static_cast<double>(sizes[loop]) : 1;
  }
  for (int64_t more = random.from(right.empty() ? 1 : 0, 2); more > 0; --more) {
    right.push_back(sizes.size());
    out.push_back(sizes.size());
    sizes.push_back(makeShape(1)[0]);
    sums.push_back(false);
  }
  auto shuffle = [&](SmallVectorImpl<int64_t> &list, Shape &shape) {
    SmallVector<int64_t> old(list.begin(), list.end());
    for (auto [to, from] : llvm::enumerate(makeOrder(old.size()))) {
      list[to] = old[from];
      shape.push_back(sizes[old[from]]);
    }
  };
  if (!llvm::is_contained(sums, true))
    return;
  shuffle(right, rightShape);
  shuffle(out, outShape);
  int64_t count = 1;
  for (int64_t size : outShape)
    count *= size;
  Variable y = pickShape(rightShape);
  if (count > 2000 || outShape.size() > 5 || x.bound * y.bound * terms > limit())
    return;
  std::string loops;
  for (size_t i = 0; i < sizes.size(); ++i)
    loops += (i ? ", d" : "d") + std::to_string(i);
  auto map = [&](ArrayRef<int64_t> list) {
    std::string text;
    for (auto [i, loop] : llvm::enumerate(list))
      text += (i ? ", d" : "d") + std::to_string(loop);
    return formatv("affine_map<({0}) -> ({1})>", loops, text).str();
  };
  std::string init = addFill("0.0", outShape, "f32"), type = formatTensor(outShape, "f32");
  bool swaps = random.oneIn(2);
  SmallVector<int64_t> first(swaps ? right : left), second(swaps ? left : right);
  if (swaps)
    std::swap(x, y);
  add(formatv("linalg.contract indexing_maps = [{0}, {1}, {2}] ins({3}, {4} : {5}, {6}) "
              "outs({7} : {8}) -> {8}",
              map(first), map(second), map(out), x.name, y.name, x.getType(), y.getType(), init,
              type)
          .str(),
      outShape, "f32", x.bound * y.bound * terms);
}

void ProgramWriter::makeReduce() {
  bool isInteger = random.oneIn(4);
  std::string element = isInteger ? "i32" : "f32";
  Variable x = pickRank(1, 5, element);
  struct Kind {
    const char *op, *neutral;
  };
  static const Kind floats[] = {
      {"arith.addf", "0.0"}, {"arith.maximumf", "0xFF800000"}, {"arith.minimumf", "0x7F800000"}};
  static const Kind ints[] = {
      {"arith.addi", "0"}, {"arith.maxsi", "-2147483648"}, {"arith.minsi", "2147483647"}};
  Kind kind = random.pick(isInteger ? ArrayRef(ints) : ArrayRef(floats));
  SmallVector<int64_t> dims;
  Shape shape;
  double terms = 1;
  for (auto [dim, size] : llvm::enumerate(x.shape))
    if (random.oneIn(2)) {
      dims.push_back(dim);
      terms *= static_cast<double>(size);
    } else {
      shape.push_back(size);
    }
  double bound = StringRef(kind.op) == "arith.mulf" ? std::pow(x.bound, terms) : x.bound * terms;
  if (dims.empty() || bound > (isInteger ? 1e6 : limit()))
    return;
  std::string init = addFill(kind.neutral, shape, element), type = formatTensor(shape, element);
  add(formatv("linalg.reduce {{ {0} } ins({1} : {2}) outs({3} : {4}) dimensions = [{5}]", kind.op,
              x.name, x.getType(), init, type, formatNumbers(dims))
          .str(),
      shape, element, bound);
}

ProgramWriter::Variable ProgramWriter::addBroadcast(const Variable &x, Shape shape,
                                                    ArrayRef<int64_t> dims) {
  std::string type = formatTensor(shape, x.element), n = std::to_string(numNames++);
  body += formatv("    %e{0} = tensor.empty() : {1}\n", n, type);
  return add(formatv("linalg.broadcast ins({0} : {1}) outs(%e{2} : {3}) dimensions = [{4}]", x.name,
                     x.getType(), n, type, formatNumbers(dims))
                 .str(),
             shape, x.element, x.bound);
}

void ProgramWriter::makeBroadcast() {
  Variable x = pickRank(0, 3);
  Shape shape = x.shape;
  SmallVector<int64_t> dims;
  for (int64_t more = random.from(1, 2); more > 0; --more)
    shape.insert(shape.begin() + random.from(0, shape.size()), -makeShape(1)[0]);
  for (auto [dim, size] : llvm::enumerate(shape))
    if (size < 0) {
      dims.push_back(dim);
      size = -size;
    }
  addBroadcast(x, shape, dims);
}

void ProgramWriter::makeTranspose() {
  Variable x = pickRank(2, 5);
  SmallVector<int64_t> order = makeOrder(x.shape.size());
  Shape shape;
  for (int64_t dim : order)
    shape.push_back(x.shape[dim]);
  std::string type = formatTensor(shape, "f32"), n = std::to_string(numNames++);
  body += formatv("    %e{0} = tensor.empty() : {1}\n", n, type);
  add(formatv("linalg.transpose ins({0} : {1}) outs(%e{2} : {3}) permutation = [{4}]", x.name,
              x.getType(), n, type, formatNumbers(order))
          .str(),
      shape, "f32", x.bound);
}

void ProgramWriter::makeFill() {
  Shape shape = makeShape(random.from(0, 4));
  if (random.oneIn(2)) {
    int64_t count = 1;
    for (int64_t size : shape)
      count *= size;
    std::string bits;
    for (int64_t i = 0; i < count; ++i)
      bits += formatv("{0:F1}{1}", static_cast<double>(random.from(-3, 3)), ", ");
    // A list of all elements needs rank 1.
    Variable flat = add(formatv("arith.constant dense<[{0}]> : {1}", StringRef(bits).drop_back(2),
                                formatTensor(count, "f32"))
                            .str(),
                        Shape{count}, "f32", 3);
    return;
  }
  std::string name = addFill(random.oneIn(2) ? "2.0" : "-1.0", shape, "f32");
  variables.push_back({name, shape, "f32", 2});
}
