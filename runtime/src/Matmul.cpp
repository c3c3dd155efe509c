//===- Matmul.cpp - matrix products of generated programs -------*- C++ -*-===//

#include "Matmul.h"
#include "DeviceCpu.h"

#include <algorithm>
#include <cmath>
#include <omp.h>

using namespace dchag::rt;

/// Copies and epilogues of fewer elements are done by one thread.
static constexpr int64_t parallelFrom = 1 << 15;

/// stridedCopy, split along its largest dimension.
static void parallelCopy(const CopyShape &shape, int32_t dstType, void *dst, int32_t srcType,
                         const void *src) {
  int64_t elements = 1, pieces = omp_get_max_threads();
  int32_t longest = 0;
  for (int32_t d = 0; d < shape.rank; ++d) {
    elements *= shape.size[d];
    if (shape.size[d] > shape.size[longest])
      longest = d;
  }
  if (elements < parallelFrom || pieces <= 1)
    return stridedCopy(shape, dstType, dst, srcType, src);
  int64_t extent = shape.size[longest], step = (extent + pieces - 1) / pieces;
#pragma omp parallel for
  for (int64_t piece = 0; piece < pieces; ++piece) {
    int64_t begin = std::min(piece * step, extent);
    CopyShape part = shape;
    part.size[longest] = std::min(begin + step, extent) - begin;
    stridedCopy(part, dstType,
                static_cast<char *>(dst) + begin * shape.dst[longest] * sizeOf(dstType), srcType,
                static_cast<const char *>(src) + begin * shape.src[longest] * sizeOf(srcType));
  }
}

/// Copies matrices between two views; a batch dimension that `to` repeats is copied once.
static void copyMatrices(const Product &product, int64_t rows, int64_t columns,
                         const MatrixView &to, void *dst, const MatrixView &from, const void *src) {
  CopyShape shape;
  for (int32_t d = 0; d < product.numBatch; ++d)
    shape.add(to.batch[d] == 0 ? 1 : product.batch[d], to.batch[d], from.batch[d]);
  shape.add(rows, to.row, from.row);
  shape.add(columns, to.column, from.column);
  parallelCopy(shape, to.dtype, dst, from.dtype, src);
}

template <typename T>
static T activate(int32_t activation, T x) {
  switch (activation) {
  case DCHAG_ACT_GELU_ERF:
    return T(0.5) * x * (1 + std::erf(x * T(0.70710678118654752440)));
  case DCHAG_ACT_GELU_TANH:
    return T(0.5) * x * (1 + std::tanh(T(0.79788456080286535588) * (x + T(0.044715) * x * x * x)));
  default:
    return x;
  }
}

/// Adds the bias and applies the activation if the kernel did not.
template <typename T, typename Bias>
static void finish(const MatmulPlan &plan, bool addBias, bool activation, const Bias *bias, T *c) {
  const Product &p = plan.product;
  const MatrixView &view = plan.c.view;
  int64_t rows = p.numMatrices() * p.m;
#pragma omp parallel for if (rows * p.n >= parallelFrom)
  for (int64_t row = 0; row < rows; ++row) {
    int64_t matrix = row / p.m, target = row % p.m * view.row, from = row % p.m * p.bias.row;
    for (int32_t d = p.numBatch - 1; d >= 0; --d) {
      target += matrix % p.batch[d] * view.batch[d];
      from += matrix % p.batch[d] * p.bias.batch[d];
      matrix /= p.batch[d];
    }
    if (addBias)
      for (int64_t j = 0; j < p.n; ++j)
        c[target + j * view.column] += convert<T>(bias[from + j * p.bias.column]);
    if (activation)
      for (int64_t j = 0; j < p.n; ++j) {
        T &value = c[target + j * view.column];
        value = activate(p.activation, value);
      }
  }
}

template <typename T>
static void finishAs(const MatmulPlan &plan, const void *bias, void *c) {
  const Product &p = plan.product;
  bool addBias = p.hasBias && !plan.biasInside;
  bool activation = p.activation != DCHAG_ACT_NONE && !plan.activationInside;
  if (!addBias && !activation)
    return;
  dispatchFloat(addBias ? p.bias.dtype : int32_t(DCHAG_F32), [&](auto *tag) {
    using Bias = std::remove_pointer_t<decltype(tag)>;
    finish<T, Bias>(plan, addBias, activation, static_cast<const Bias *>(bias),
                    static_cast<T *>(c));
  });
}

/// c += alpha a b in f64, by rows of the result; for checks, not for speed.
static void multiplyWide(const MatmulPlan &plan, const double *a, const double *b, double *c) {
  const Product &p = plan.product;
  const MatrixView &va = plan.a.view, &vb = plan.b.view, &vc = plan.c.view;
  int64_t rows = p.numMatrices() * p.m;
#pragma omp parallel for if (rows * p.n * p.k >= parallelFrom)
  for (int64_t row = 0; row < rows; ++row) {
    int64_t matrix = row / p.m;
    const double *left = a + row % p.m * va.row;
    const double *right = b;
    double *target = c + row % p.m * vc.row;
    for (int32_t d = p.numBatch - 1; d >= 0; --d) {
      int64_t index = matrix % p.batch[d];
      left += index * va.batch[d];
      right += index * vb.batch[d];
      target += index * vc.batch[d];
      matrix /= p.batch[d];
    }
    for (int64_t i = 0; i < p.k; ++i) {
      double factor = p.alpha * left[i * va.column];
      for (int64_t j = 0; j < p.n; ++j)
        target[j * vc.column] += factor * right[i * vb.row + j * vb.column];
    }
  }
}

/// Zeroes the result before sums are accumulated into it.
static void clear(const MatmulPlan &plan, void *c) {
  const double zero = 0;
  MatrixView source;
  source.dtype = plan.c.view.dtype;
  copyMatrices(plan.product, plan.product.m, plan.product.n, plan.c.view, c, source, &zero);
}

/// Copies an operand into the layout of its plan if necessary. Null after a failure.
static const void *place(const Product &product, const OperandPlan &plan, const MatrixView &source,
                         int64_t rows, int64_t columns, Region &copy, const void *data, bool fill,
                         Error &error) {
  if (!plan.copied)
    return data;
  error =
      copy.reserve(std::max<int64_t>(plan.elements, 1) * sizeOf(plan.view.dtype), "matrix product");
  if (error)
    return nullptr;
  if (fill)
    copyMatrices(product, rows, columns, plan.view, copy.data(), source, data);
  return copy.data();
}

static Error run(const MatmulPlan &plan, CpuDevice &device, const void *a, const void *b,
                 const void *bias, void *c) {
  const Product &p = plan.product;
  if (p.m == 0 || p.n == 0 || p.numMatrices() == 0)
    return Error::success();
  if (p.swapped)
    std::swap(a, b);
  Error error;
  const void *left = place(p, plan.a, p.a, p.m, p.k, device.operandA, a, true, error);
  if (error)
    return error;
  const void *right = place(p, plan.b, p.b, p.k, p.n, device.operandB, b, true, error);
  if (error)
    return error;
  void *result =
      const_cast<void *>(place(p, plan.c, p.c, p.m, p.n, device.result, c, p.accumulate, error));
  if (error)
    return error;
  if (plan.kernel) {
    if (Error failed = runKernel(plan, device.libraryScratch, left, right, bias, result))
      return failed;
  } else {
    if (!p.accumulate)
      clear(plan, result);
    if (plan.type == DCHAG_F64)
      multiplyWide(plan, static_cast<const double *>(left), static_cast<const double *>(right),
                   static_cast<double *>(result));
  }
  if (plan.type == DCHAG_F64)
    finishAs<double>(plan, bias, result);
  else
    finishAs<float>(plan, bias, result);
  if (plan.c.copied)
    copyMatrices(p, p.m, p.n, p.c, c, plan.c.view, result);
  return Error::success();
}

Error dchag::rt::multiplyOnCpu(CpuDevice &device, const dchag_matmul &op, const void *a,
                               const void *b, const void *bias, void *c) {
  std::unique_ptr<MatmulPlan> &plan = device.plans[&op];
  if (!plan) {
    auto made = std::make_unique<MatmulPlan>();
    if (Error error = makePlan(op, *made))
      return error;
    plan = std::move(made);
  }
  return run(*plan, device, a, b, bias, c);
}
