//===- MatmulLayout.h - a contraction as the runtime takes it --------------*- C++ -*-===//
#ifndef DCHAG_SCHEDULE_MATMULLAYOUT_H
#define DCHAG_SCHEDULE_MATMULLAYOUT_H

#include "dialects/dchag_rt/Runtime.h"

namespace mlir::dchag {

/// One loop of a product with its stride in each operand, 0 where the operand repeats.
/// Operands: lhs, rhs, bias, init.
struct MatmulLoop {
  int64_t size = 1;
  std::array<int64_t, 4> strides = {0, 0, 0, 0};
};

/// The numbers of `dchag_matmul`.
struct MatmulLayout {
  SmallVector<MatmulLoop, 4> batch;
  MatmulLoop m, n, k;
};

/// The layout of a product of buffers with at most `maxBatchDims` batch dimensions; or why there is
/// none.
FailureOr<MatmulLayout> getMatmulLayout(rt::MatmulOp op, unsigned maxBatchDims,
                                        std::string &reason);

} // namespace mlir::dchag

#endif // DCHAG_SCHEDULE_MATMULLAYOUT_H
