//===- DeviceCpu.h - the CPU as a device ------------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_DEVICECPU_H
#define DCHAG_RUNTIME_DEVICECPU_H

#include "Matmul.h"
#include "Memory.h"

#include <unordered_map>

struct dchag_device {};

namespace dchag::rt {

struct CpuDevice : dchag_device {
  std::string reason; ///< of the last failure
  /// Plans of products by their descriptions, which are constants of the program.
  std::unordered_map<const dchag_matmul *, std::unique_ptr<MatmulPlan>> plans;
  // Memory of products; it grows in the first step and stays.
  Region operandA, operandB, result; ///< operands in other layouts
  Region libraryScratch;
};

/// Computes a product as `dchag_matmul` says.
Error multiplyOnCpu(CpuDevice &device, const dchag_matmul &op, const void *a, const void *b,
                    const void *bias, void *c);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_DEVICECPU_H
