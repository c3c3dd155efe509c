//===- MatmulPlan.cpp - normal form of matrix products ----------*- C++ -*-===//

#include "Matmul.h"

#include <utility>

using namespace dchag::rt;

static MatrixView viewOf(int32_t dtype, const dchag_matmul &op, const int64_t *strides) {
  MatrixView view;
  view.dtype = dtype;
  for (int32_t d = 0; d < op.num_batch; ++d)
    view.batch[d] = strides[d];
  view.row = strides[op.num_batch];
  view.column = strides[op.num_batch + 1];
  return view;
}

static void removeBatch(Product &product, int32_t d) {
  for (int32_t next = d + 1; next < product.numBatch; ++next) {
    product.batch[next - 1] = product.batch[next];
    for (MatrixView *view : {&product.a, &product.b, &product.c, &product.bias})
      view->batch[next - 1] = view->batch[next];
  }
  --product.numBatch;
}

static void transpose(Product &product) {
  std::swap(product.a, product.b);
  std::swap(product.m, product.n);
  for (MatrixView *view : {&product.a, &product.b, &product.c, &product.bias})
    std::swap(view->row, view->column);
  product.swapped = !product.swapped;
}

/// Makes batch dimension d part of the rows if it is contiguous with them in a, c and bias and b
/// does not vary along it: a linear layer becomes one product.
static bool foldIntoRows(Product &product, int32_t d) {
  if (product.b.batch[d] != 0)
    return false;
  MatrixView *views[] = {&product.a, &product.c, &product.bias};
  for (MatrixView *view : views)
    if (product.m != 1 && view->batch[d] != product.m * view->row)
      return false;
  if (product.m == 1)
    for (MatrixView *view : views)
      view->row = view->batch[d];
  product.m *= product.batch[d];
  removeBatch(product, d);
  return true;
}

/// Merges batch dimension d into the one before it if both are contiguous in all operands.
static bool joinBatch(Product &product, int32_t d) {
  for (MatrixView *view : {&product.a, &product.b, &product.c, &product.bias})
    if (view->batch[d - 1] != view->batch[d] * product.batch[d])
      return false;
  product.batch[d - 1] *= product.batch[d];
  for (MatrixView *view : {&product.a, &product.b, &product.c, &product.bias})
    view->batch[d - 1] = view->batch[d];
  removeBatch(product, d);
  return true;
}

Error dchag::rt::normalize(const dchag_matmul &op, Product &product) {
  if (op.num_batch < 0 || op.num_batch > DCHAG_RT_MAX_BATCH)
    return failure("matrix product has %d batch dimensions, wanted at most %d", op.num_batch,
                   DCHAG_RT_MAX_BATCH);
  if (!isFloat(op.a_dtype) || !isFloat(op.b_dtype) || !isFloat(op.c_dtype) ||
      (op.has_bias && !isFloat(op.bias_dtype)))
    return failure("matrix product of %s and %s to %s: wanted f16, bf16, f32 or f64",
                   nameOf(op.a_dtype), nameOf(op.b_dtype), nameOf(op.c_dtype));
  product.numBatch = op.num_batch;
  for (int32_t d = 0; d < op.num_batch; ++d)
    product.batch[d] = op.batch[d];
  product.m = op.m;
  product.n = op.n;
  product.k = op.k;
  product.a = viewOf(op.a_dtype, op, op.a_strides);
  product.b = viewOf(op.b_dtype, op, op.b_strides);
  product.c = viewOf(op.c_dtype, op, op.c_strides);
  product.hasBias = op.has_bias;
  product.bias = MatrixView();
  if (op.has_bias)
    product.bias = viewOf(op.bias_dtype, op, op.bias_strides);
  product.accumulate = op.accumulate;
  product.activation = op.activation;
  product.alpha = op.alpha;

  for (int32_t d = product.numBatch - 1; d >= 0; --d)
    if (product.batch[d] == 1)
      removeBatch(product, d);
  if (product.c.column != 1 && product.n != 1 && (product.c.row == 1 || product.m == 1))
    transpose(product);
  bool changed = true;
  while (changed) {
    changed = false;
    for (int32_t d = product.numBatch - 1; d >= 0 && !changed; --d)
      changed = foldIntoRows(product, d) || (d > 0 && joinBatch(product, d));
  }
  return Error::success();
}
