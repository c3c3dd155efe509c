//===- AttentionOps.cpp - scaled dot-product attention of ONNX -------------*- C++ -*-===//

#include "Operators.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// Maximum number of elements of a causal mask that is created at import.
constexpr int64_t maxMaskElements = int64_t(1) << 26;

/// Q, K or V as batch x heads x positions x width; three dimensions hold the heads packed.
FailureOr<Value> getHeads(NodeBuilder &node, unsigned index, StringRef headsAttribute) {
  FailureOr<Value> value = node.getInput(index);
  if (failed(value))
    return failure();
  if (!onnx::isFloat(*value) || elementTypeOf(*value) != elementTypeOf(node.inputs[0]->value))
    return node.fail("its inputs are not of one floating-point type");
  ArrayRef<int64_t> s = shapeOf(*value);
  if (s.size() == 4)
    return *value;
  int64_t heads = node.getInt(headsAttribute, 0);
  if (s.size() != 3 || heads < 1 || s[2] % heads != 0)
    return node.fail("input " + Twine(index) + " of shape " + printShape(s) + " with " +
                         headsAttribute + " " + Twine(heads) + " has no heads",
                     "batch x heads x positions x width, or batch x positions x (heads width) "
                     "with the numbers of heads as attributes");
  Value split = node.reshape(*value, {s[0], s[1], heads, s[2] / heads});
  return node.transpose(split, {0, 2, 1, 3});
}

/// Appends keys or values to those of earlier steps.
FailureOr<Value> appendToPast(NodeBuilder &node, unsigned index, Value value) {
  if (!node.hasInput(index))
    return value;
  Value past = node.inputs[index]->value;
  ArrayRef<int64_t> p = shapeOf(past), s = shapeOf(value);
  if (p.size() != 4 || p[0] != s[0] || p[1] != s[1] || p[3] != s[3] ||
      elementTypeOf(past) != elementTypeOf(value))
    return node.fail("input " + Twine(index) + " of shape " + printShape(p) +
                     " does not go with heads of shape " + printShape(s));
  return node.concat({past, value}, 2);
}

/// True where query i sees key j: j <= i + offset.
FailureOr<Value> makeCausalMask(NodeBuilder &node, int64_t queries, int64_t keys, int64_t offset) {
  auto count = countElements({queries, keys});
  if (!count || *count > maxMaskElements)
    return node.fail("its causal mask of " + printShape({queries, keys}) +
                     " has more than 2^26 elements");
  SmallVector<int64_t> sees;
  for (int64_t i = 0; i < queries; ++i)
    for (int64_t j = 0; j < keys; ++j)
      sees.push_back(j <= i + offset);
  return node.constantInts({1, 1, queries, keys}, node.b.getI1Type(), sees);
}

struct Masks {
  Value bias, mask;
};

/// The mask input as bias (floats) or mask (booleans) of four dimensions.
FailureOr<Masks> getMasks(NodeBuilder &node, Value query, Value key, int64_t past) {
  ArrayRef<int64_t> q = shapeOf(query), k = shapeOf(key);
  Masks masks;
  if (node.hasInput(3)) {
    Value value = node.inputs[3]->value;
    SmallVector<int64_t> full{q[0], q[1], q[2], k[2]}, shape(shapeOf(value));
    if (!shape.empty() && shape.back() < k[2] && shape.back() != 1)
      return node.fail("attn_mask of shape " + printShape(shape) + " is shorter than the " +
                           Twine(k[2]) + " keys",
                       "a mask for all keys (Pad it)");
    auto common = broadcastShapes(full, shape);
    if (!common || *common != full)
      return node.fail("attn_mask of shape " + printShape(shape) + " does not broadcast to " +
                       printShape(full));
    shape.insert(shape.begin(), 4 - shape.size(), 1);
    value = node.reshape(value, shape);
    if (isBool(value))
      masks.mask = value;
    else if (elementTypeOf(value) == elementTypeOf(query))
      masks.bias = value;
    else
      return node.fail("attn_mask is neither boolean nor of the query's type");
  }
  if (node.getInt("is_causal", 0)) {
    auto causal = makeCausalMask(node, q[2], k[2], past);
    if (failed(causal))
      return failure();
    Value both[] = {*causal, masks.mask ? masks.mask : *causal};
    if (failed(node.broadcastTogether(both)))
      return failure();
    masks.mask = masks.mask ? arith::AndIOp::create(node.b, node.loc, both[0], both[1]).getResult()
                            : *causal;
  }
  return masks;
}

LogicalResult checkFeatures(NodeBuilder &node) {
  if (node.getFloat("softcap", 0) != 0)
    return node.fail("its scores are capped (softcap is not 0)",
                     "softcap 0, or MatMul, Tanh and Softmax as separate nodes");
  if (node.wantsOutput(3))
    return node.fail("its output qk_matmul_output is wanted",
                     "MatMul and Softmax as separate nodes");
  if (node.hasInput(6))
    return node.fail("its input nonpad_kv_seqlen is given", "a boolean attn_mask");
  if (node.getInt("left_window_size", -1) != -1 || node.getInt("right_window_size", -1) != -1)
    return node.fail("it attends within a window", "a boolean attn_mask");
  // The attention is one op that is rounded once, at least as precise as any type of its softmax.
  node.ignoreAttributes(
      {"softmax_precision", "qk_matmul_output_mode", "q_num_heads", "kv_num_heads"});
  if (node.hasInput(4) != node.hasInput(5))
    return node.fail("it has one of past_key and past_value", "both or none");
  return success();
}

LogicalResult buildAttention(NodeBuilder &node) {
  if (failed(checkFeatures(node)))
    return failure();
  auto query = getHeads(node, 0, "q_num_heads"), key = getHeads(node, 1, "kv_num_heads"),
       value = getHeads(node, 2, "kv_num_heads");
  if (failed(query) || failed(key) || failed(value))
    return failure();
  int64_t past = node.hasInput(4) && shapeOf(node.inputs[4]->value).size() == 4
                     ? shapeOf(node.inputs[4]->value)[2]
                     : 0;
  key = appendToPast(node, 4, *key);
  if (failed(key))
    return failure();
  value = appendToPast(node, 5, *value);
  if (failed(value))
    return failure();
  ArrayRef<int64_t> q = shapeOf(*query), k = shapeOf(*key), v = shapeOf(*value);
  if (q[0] != k[0] || k[0] != v[0] || k[1] != v[1] || k[1] < 1 || q[1] % k[1] != 0 ||
      k[2] != v[2] || q[3] != k[3])
    return node.fail("heads of shapes " + printShape(q) + ", " + printShape(k) + " and " +
                     printShape(v) + " do not go together");
  auto masks = getMasks(node, *query, *key, past);
  if (failed(masks))
    return failure();
  double scale = node.getFloat("scale", 0);
  if (scale == 0)
    scale = 1 / std::sqrt(static_cast<double>(q[3]));
  auto type = RankedTensorType::get({q[0], q[1], q[2], v[3]}, elementTypeOf(*query));
  // A sum without keys.
  Value result = k[2] == 0
                     ? node.splat(type, 0)
                     : AttentionOp::create(node.b, node.loc, type, *query, *key, *value,
                                           masks->bias, masks->mask, node.b.getF64FloatAttr(scale))
                           .getResult();
  if (shapeOf(node.inputs[0]->value).size() == 3)
    result = node.reshape(node.transpose(result, {0, 2, 1, 3}), {q[0], q[2], q[1] * v[3]});
  if ((node.wantsOutput(1) && failed(node.setOutput(1, *key))) ||
      (node.wantsOutput(2) && failed(node.setOutput(2, *value))))
    return failure();
  return node.setOutput(0, result);
}

} // namespace

void onnx::registerAttentionOps(OperatorTable &table) {
  table.add("Attention", buildAttention, 23);
}
