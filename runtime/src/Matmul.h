//===- Matmul.h - matrix products in a normal form --------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_MATMUL_H
#define DCHAG_RUNTIME_MATMUL_H

#include "Memory.h"
#include "StridedCopy.h"

#include <memory>

namespace dchag::rt {

/// A batch of matrices: strides of the batch dimensions, then of rows and columns.
struct MatrixView {
  int32_t dtype = DCHAG_F32;
  int64_t batch[DCHAG_RT_MAX_BATCH] = {};
  int64_t row = 0, column = 0;
};

/// A product with as few batch dimensions as its strides allow, and a result whose columns
/// are dense if one of its two matrix dimensions is.
struct Product {
  int32_t numBatch = 0;
  int64_t batch[DCHAG_RT_MAX_BATCH] = {};
  int64_t m = 0, n = 0, k = 0;
  MatrixView a, b, c, bias;
  bool swapped = false; ///< a and b changed places: c is written transposed
  bool hasBias = false, accumulate = false;
  int32_t activation = DCHAG_ACT_NONE;
  double alpha = 1;

  int64_t numMatrices() const {
    int64_t count = 1;
    for (int32_t d = 0; d < numBatch; ++d)
      count *= batch[d];
    return count;
  }
};

Error normalize(const dchag_matmul &op, Product &product);

/// How an operand is passed to the kernel: in place, or as a dense copy of another type.
struct OperandPlan {
  bool copied = false;
  MatrixView view;      ///< of what the kernel reads or writes
  int64_t elements = 0; ///< of the copy
};

/// A oneDNN primitive; hides its headers.
class Kernel;

/// Everything about a product that does not depend on pointers.
struct MatmulPlan {
  MatmulPlan();
  ~MatmulPlan();

  Product product;
  int32_t type = DCHAG_F32; ///< the type in which operands meet, unless they stay bf16
  OperandPlan a, b, c;
  bool biasInside = false, activationInside = false;
  std::unique_ptr<Kernel> kernel; ///< null: no sum to form, or f64
};

/// What the bits of products depend on beside their operands: library, version and instruction set.
std::string productLibrary();

/// Chooses copies and creates the primitive.
Error makePlan(const dchag_matmul &op, MatmulPlan &plan);

/// Runs the primitive of `plan` on operands in its layouts; `scratch` grows on demand.
Error runKernel(const MatmulPlan &plan, Region &scratch, const void *a, const void *b,
                const void *bias, void *c);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_MATMUL_H
