//===- ResizeOps.cpp - resampling of ONNX ----------------------------------*- C++ -*-===//
//
// Interpolation is separable: one dimension after the other is resized, and each element of the
// result is a sum of a few elements of the source (taps) with constant weights. Twice as large and
// linear, for example:
//
//     y = x[0, 0, 0, 1, 1, 2] * [0, .75, .25, .75, .25, .75] + x[0, 1, 1, 2, 2, 2] * [1, .25, ...]
//
// Coordinates are fractions of integers, so that ties and borders are found exactly: a size divided
// by a size, or the simplest fraction that rounds to the scale of the file (2.8 is 14/5, as was
// meant). Weights are computed from them in float64.
//
//===----------------------------------------------------------------------===//

#include "Operators.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

struct Kernel {
  StringRef mode, nearestMode, transform;
  double cubic = -0.75;
  bool antialias = false, excludeOutside = false;
};

/// Wide enough for products of two sizes and a denominator.
using Int = __int128;
/// More than any resized dimension has.
constexpr int64_t maxSize = int64_t(1) << 31;

/// A fraction with a denominator above 0.
struct Fraction {
  Int numerator, denominator;

  double toDouble() const {
    return static_cast<double>(numerator) / static_cast<double>(denominator);
  }
  Int floor() const {
    Int quotient = numerator / denominator;
    return quotient * denominator > numerator ? quotient - 1 : quotient;
  }
  bool isInteger() const { return numerator % denominator == 0; }
  /// The fractional part, at least 0 and below 1.
  double getRest() const {
    return Fraction{numerator - floor() * denominator, denominator}.toDouble();
  }
};

/// How one dimension is resized.
struct Axis {
  int64_t source, target;
  Fraction scale;
};

/// taps x target: index of the source element, and its weight.
struct Taps {
  SmallVector<SmallVector<int64_t>> indices;
  SmallVector<SmallVector<double>> weights;
};

double getCubic(double x, double a) {
  x = std::abs(x);
  if (x <= 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/// Weights of consecutive elements; `ratio`, above 0 and at most 1, is the distance of the
/// coordinate from the middle one.
SmallVector<double> getWeights(const Kernel &kernel, double ratio, double scale) {
  bool isCubic = kernel.mode == "cubic";
  double stretch = kernel.antialias ? std::min(scale, 1.0) : 1.0, sum = 0;
  int64_t first = static_cast<int64_t>(std::floor((isCubic ? -2 : -1) / stretch)) + 1;
  SmallVector<double> weights;
  for (int64_t i = first; i < 2 - first; ++i) {
    double x = (static_cast<double>(i) - ratio) * stretch;
    weights.push_back(isCubic ? getCubic(x, kernel.cubic) : std::clamp(1 - std::abs(x), 0.0, 1.0));
    sum += weights.back();
  }
  if (kernel.antialias)
    for (double &weight : weights)
      weight /= sum;
  return weights;
}

/// The simplest fraction that rounds to a scale, which is above 0 and was written in float32.
Fraction getFraction(double scale) {
  auto wanted = static_cast<float>(scale);
  double rest = scale;
  // Convergents of the continued fraction.
  Fraction last{1, 0}, next{static_cast<Int>(std::floor(rest)), 1};
  for (unsigned step = 0; step < 16; ++step) {
    if (next.numerator > 0 && static_cast<float>(next.toDouble()) == wanted)
      return next;
    rest -= std::floor(rest);
    if (rest <= 0 || next.numerator >= maxSize || next.denominator >= maxSize)
      break;
    rest = 1 / rest;
    auto digit = static_cast<Int>(std::min(std::floor(rest), static_cast<double>(maxSize)));
    Fraction before = last;
    last = next;
    next = {digit * last.numerator + before.numerator,
            digit * last.denominator + before.denominator};
  }
  // No simple fraction: the exact value.
  int exponent;
  auto mantissa = static_cast<Int>(std::ldexp(std::frexp(wanted, &exponent), 24));
  exponent -= 24;
  return exponent < 0 ? Fraction{mantissa, Int(1) << -exponent}
                      : Fraction{mantissa * (Int(1) << exponent), 1};
}

/// The scale of a dimension with a scale in the file: the ratio of the sizes if it rounds to the
/// same number.
Fraction getFraction(double scale, int64_t source, int64_t target) {
  Fraction ofSizes{target, source};
  bool isSame = static_cast<float>(ofSizes.toDouble()) == static_cast<float>(scale);
  return isSame ? ofSizes : getFraction(scale);
}

/// The coordinate in the source of element `i` of the result.
Fraction getPlace(const Kernel &kernel, const Axis &axis, int64_t i) {
  auto [p, q] = axis.scale;
  Int source = axis.source, target = axis.target, x = i;
  if (kernel.transform == "align_corners") {
    // x * (source - 1) / (scale * source - 1)
    Int last = p * source - q;
    return last <= 0 ? Fraction{0, 1} : Fraction{x * (source - 1) * q, last};
  }
  if (kernel.transform == "asymmetric")
    return {x * q, p};
  // By the specification and ONNX Runtime; the reference implementation has -0.5.
  if (kernel.transform == "pytorch_half_pixel" && axis.target == 1)
    return {0, 1};
  // (x + 0.5) / scale - 0.5, about the middle of what scale * source would be.
  if (kernel.transform == "half_pixel_symmetric")
    return {(2 * x + 1 - target) * q + (source - 1) * p, 2 * p};
  return {(2 * x + 1) * q - p, 2 * p};
}

/// The element nearest to a coordinate, by the rule for ties.
int64_t getNearest(const Kernel &kernel, const Axis &axis, int64_t i) {
  Fraction place = getPlace(kernel, axis, i);
  Int at = place.floor();
  Int twice = 2 * (place.numerator - at * place.denominator);
  bool next = kernel.nearestMode == "ceil"                 ? twice > 0
              : kernel.nearestMode == "round_prefer_floor" ? twice > place.denominator
              : kernel.nearestMode == "round_prefer_ceil"  ? twice >= place.denominator
                                                           : false;
  return static_cast<int64_t>(std::clamp<Int>(at + (next ? 1 : 0), 0, axis.source - 1));
}

Taps getTaps(const Kernel &kernel, const Axis &axis) {
  Taps taps;
  for (int64_t i = 0; i < axis.target; ++i) {
    Fraction place = getPlace(kernel, axis, i);
    // The element to the left is preferred: an integer coordinate has distance one from the one
    // before.
    double ratio = place.isInteger() ? 1 : place.getRest();
    SmallVector<double> weights = getWeights(kernel, ratio, axis.scale.toDouble());
    int64_t count = weights.size();
    int64_t first = static_cast<int64_t>(place.floor()) - count / 2 + (place.isInteger() ? 0 : 1);
    double sum = 0;
    for (int64_t t = 0; t < count; ++t) {
      if (kernel.excludeOutside && (first + t < 0 || first + t >= axis.source))
        weights[t] = 0;
      sum += weights[t];
    }
    taps.indices.resize(count);
    taps.weights.resize(count);
    for (int64_t t = 0; t < count; ++t) {
      taps.indices[t].push_back(std::clamp<int64_t>(first + t, 0, axis.source - 1));
      taps.weights[t].push_back(kernel.excludeOutside && sum != 0 ? weights[t] / sum : weights[t]);
    }
  }
  return taps;
}

Value getWeightTable(NodeBuilder &node, Type type, ArrayRef<double> weights) {
  const auto &semantics = cast<FloatType>(type).getFloatSemantics();
  SmallVector<APFloat> values;
  for (double weight : weights) {
    bool loses;
    values.emplace_back(weight).convert(semantics, APFloat::rmNearestTiesToEven, &loses);
  }
  auto table = RankedTensorType::get({static_cast<int64_t>(weights.size())}, type);
  return arith::ConstantOp::create(node.b, node.loc, DenseElementsAttr::get(table, values));
}

/// Gathers elements by index; repeated and equally spaced ones without a gather op.
Value takeElements(NodeBuilder &node, Value value, int64_t dim, ArrayRef<int64_t> indices) {
  SmallVector<int64_t> shape(shapeOf(value));
  int64_t source = shape[dim], target = indices.size();
  int64_t repeats = target % source == 0 ? target / source : 0;
  int64_t stride = target > 1 ? indices[1] - indices[0] : 1;
  bool repeated = repeats > 0, spaced = stride > 0;
  for (int64_t i = 0; i < target; ++i) {
    repeated &= repeats > 0 && indices[i] == i / repeats;
    spaced &= indices[i] == indices[0] + i * stride;
  }
  if (repeated) {
    shape.insert(shape.begin() + dim + 1, 1);
    Value split = node.reshape(value, shape);
    shape[dim + 1] = repeats;
    split = node.broadcastTo(split, shape);
    shape.erase(shape.begin() + dim + 1);
    shape[dim] = target;
    return node.reshape(split, shape);
  }
  if (!spaced)
    return node.gather(value, dim, {target}, indices);
  SmallVector<int64_t> offsets(shape.size(), 0), strides(shape.size(), 1);
  offsets[dim] = indices[0];
  strides[dim] = target > 1 ? stride : 1;
  shape[dim] = target;
  return node.slice(value, offsets, shape, strides);
}

/// Maximum number of elements of a dimension whose coordinates are computed one by one.
constexpr int64_t maxResized = int64_t(1) << 22;

/// Above this number of taps one product with a matrix is cheaper.
constexpr size_t maxTaps = 4;
constexpr int64_t maxMatrixElements = int64_t(1) << 22;

/// The same as a product with all weights, target x source.
FailureOr<Value> multiplyByTaps(NodeBuilder &node, Value value, int64_t dim, const Taps &taps,
                                const Axis &axis) {
  auto count = countElements({axis.target, axis.source});
  if (!count || *count > maxMatrixElements)
    return node.fail("it resizes " + Twine(axis.source) + " elements to " + Twine(axis.target) +
                         " by " + Twine(taps.indices.size()) + " weights for each",
                     "antialias = 0, or a Conv with strides");
  SmallVector<double> matrix(*count, 0.0);
  for (auto [indices, weights] : llvm::zip(taps.indices, taps.weights))
    for (int64_t i = 0; i < axis.target; ++i)
      matrix[i * axis.source + indices[i]] += weights[i];
  Value table =
      node.reshape(getWeightTable(node, elementTypeOf(value), matrix), {axis.target, axis.source});
  std::string from, to;
  for (size_t d = 0; d < shapeOf(value).size(); ++d)
    from += static_cast<char>('a' + d);
  to = from;
  to[dim] = 'T';
  return node.contract(value, from, table, std::string{'T', from[dim]}, to);
}

FailureOr<Value> resizeDim(NodeBuilder &node, Value value, int64_t dim, const Kernel &kernel,
                           const Axis &axis) {
  if (kernel.mode == "nearest") {
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < axis.target; ++i)
      indices.push_back(getNearest(kernel, axis, i));
    return takeElements(node, value, dim, indices);
  }
  Taps taps = getTaps(kernel, axis);
  SmallVector<int64_t> shape(shapeOf(value));
  shape[dim] = axis.target;
  if (taps.indices.size() > maxTaps)
    return multiplyByTaps(node, value, dim, taps, axis);
  Value sum;
  for (auto [indices, weights] : llvm::zip(taps.indices, taps.weights)) {
    if (llvm::all_of(weights, [](double weight) { return weight == 0; }))
      continue;
    Value table = getWeightTable(node, elementTypeOf(value), weights);
    SmallVector<int64_t> column(shape.size() - dim, 1);
    column[0] = axis.target;
    Value part = node.mul(takeElements(node, value, dim, indices),
                          node.broadcastTo(node.reshape(table, column), shape));
    sum = sum ? node.add(sum, part) : part;
  }
  return sum ? sum : node.splat(RankedTensorType::get(shape, elementTypeOf(value)), 0);
}

FailureOr<Kernel> getKernel(NodeBuilder &node, Value input) {
  Kernel kernel;
  kernel.mode = node.getString("mode", "nearest");
  kernel.nearestMode = node.getString("nearest_mode", "round_prefer_floor");
  kernel.transform = node.getString("coordinate_transformation_mode", "half_pixel");
  kernel.cubic = node.getFloat("cubic_coeff_a", -0.75);
  kernel.antialias = node.getInt("antialias", 0) != 0;
  kernel.excludeOutside = node.getInt("exclude_outside", 0) != 0;
  node.ignoreAttributes({"extrapolation_value"});
  if (kernel.mode != "nearest" && kernel.mode != "linear" && kernel.mode != "cubic")
    return node.fail("mode = \"" + kernel.mode + "\"", "nearest, linear or cubic");
  if (!llvm::is_contained({"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"},
                          kernel.nearestMode))
    return node.fail("nearest_mode = \"" + kernel.nearestMode + "\"",
                     "round_prefer_floor, round_prefer_ceil, floor or ceil");
  if (!llvm::is_contained({"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
                           "align_corners", "asymmetric"},
                          kernel.transform))
    return node.fail("coordinate_transformation_mode = \"" + kernel.transform + "\"",
                     "half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners or "
                     "asymmetric");
  if (kernel.mode == "nearest" && kernel.antialias)
    return node.fail("antialias with mode = \"nearest\"", "linear or cubic");
  if (kernel.mode != "nearest" && !onnx::isFloat(input))
    return node.fail("mode = \"" + kernel.mode + "\" of elements that are not floats",
                     "a Cast in front");
  return kernel;
}

/// Sizes that keep the aspect ratio.
LogicalResult keepAspect(NodeBuilder &node, StringRef policy, MutableArrayRef<Axis> axes) {
  if (policy == "stretch" || axes.empty())
    return success();
  if (policy != "not_larger" && policy != "not_smaller")
    return node.fail("keep_aspect_ratio_policy = \"" + policy + "\"",
                     "stretch, not_larger or not_smaller");
  Fraction scale = axes.front().scale;
  for (const Axis &axis : axes) {
    Fraction other = axis.scale;
    bool isLess = other.numerator * scale.denominator < scale.numerator * other.denominator;
    if (isLess == (policy == "not_larger"))
      scale = other;
  }
  for (Axis &axis : axes) {
    axis.scale = scale;
    // To the next integer, halves up.
    Int size = (2 * scale.numerator * axis.source + scale.denominator) / (2 * scale.denominator);
    if (size < 1 || size >= maxSize)
      return node.fail("keep_aspect_ratio_policy = \"" + policy + "\" makes a dimension of size " +
                       Twine(axis.source) + " empty or too large");
    axis.target = static_cast<int64_t>(size);
  }
  return success();
}

FailureOr<SmallVector<Axis>> getAxes(NodeBuilder &node, ArrayRef<int64_t> shape,
                                     ArrayRef<int64_t> dims) {
  auto isGiven = [&](unsigned index) {
    return node.hasInput(index) && *countElements(shapeOf(node.inputs[index]->value)) > 0;
  };
  if (isGiven(2) == isGiven(3))
    return node.fail("it has both scales and sizes, or none", "one of both");
  SmallVector<Axis> axes;
  SmallVector<double> scales;
  SmallVector<int64_t> sizes;
  if (isGiven(2)) {
    auto floats = node.getConstantFloats(2, "scales");
    if (failed(floats))
      return failure();
    scales = *floats;
  } else {
    auto ints = node.getConstantInts(3, "sizes");
    if (failed(ints))
      return failure();
    sizes = *ints;
  }
  if (std::max(scales.size(), sizes.size()) != dims.size())
    return node.fail("it has " + Twine(std::max(scales.size(), sizes.size())) +
                     " scales or sizes for " + Twine(dims.size()) + " dimensions");
  for (auto [i, dim] : llvm::enumerate(dims)) {
    // By the product in float32, as ONNX infers the size.
    double target = sizes.empty()
                        ? std::floor(static_cast<float>(scales[i]) * static_cast<float>(shape[dim]))
                        : static_cast<double>(sizes[i]);
    // Also refuses scales that are not numbers.
    if (!(target >= 1) || target >= maxSize || shape[dim] < 1 || shape[dim] >= maxSize)
      return node.fail("dimension " + Twine(dim) + " of size " + Twine(shape[dim]) +
                       " cannot be resized: what results would be empty or too large");
    auto size = static_cast<int64_t>(target);
    Fraction scale =
        sizes.empty() ? getFraction(scales[i], shape[dim], size) : Fraction{size, shape[dim]};
    axes.push_back({shape[dim], size, scale});
  }
  StringRef policy = node.getString("keep_aspect_ratio_policy", "stretch");
  if (!sizes.empty() && failed(keepAspect(node, policy, axes)))
    return failure();
  return axes;
}

LogicalResult buildResize(NodeBuilder &node) {
  FailureOr<Value> input = node.getInput(0);
  if (failed(input))
    return failure();
  auto kernel = getKernel(node, *input);
  if (failed(kernel))
    return failure();
  SmallVector<int64_t> shape(shapeOf(*input));
  int64_t rank = shape.size();
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (node.hasAttribute("axes")) {
    dims = node.getInts("axes");
    if (failed(node.normalizeAxes(dims, rank)))
      return failure();
    for (int64_t &dim : dims)
      dim = dim < 0 ? dim + rank : dim;
  }
  auto axes = getAxes(node, shape, dims);
  if (failed(axes))
    return failure();
  for (auto [dim, axis] : llvm::zip(dims, *axes)) {
    if (axis.target > maxResized && axis.target != axis.source)
      return node.fail("dimension " + Twine(dim) + " would have " + Twine(axis.target) +
                       " elements, more than the " + Twine(maxResized) + " that are placed");
    shape[dim] = axis.target;
  }
  if (!countElements(shape))
    return node.fail("the result would have the shape " + printShape(shape) +
                     ", which no device can hold");
  Value result = *input;
  for (auto [dim, axis] : llvm::zip(dims, *axes)) {
    if (axis.source == axis.target && axis.scale.numerator == axis.scale.denominator)
      continue;
    FailureOr<Value> resized = resizeDim(node, result, dim, *kernel, axis);
    if (failed(resized))
      return failure();
    result = *resized;
  }
  return node.setOutput(0, result, node.isUnsigned(0));
}

} // namespace

void onnx::registerResizeOps(OperatorTable &table) {
  table.add("Resize", buildResize, 11);
  table.roundOnce({"Resize"});
}
