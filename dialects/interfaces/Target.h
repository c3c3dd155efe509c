//===- Target.h - what programs are compiled for ---------------------------*- C++ -*-===//
#ifndef DCHAG_INTERFACES_TARGET_H
#define DCHAG_INTERFACES_TARGET_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <optional>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace mlir {
class OpPassManager;
}

namespace mlir::dchag {

namespace rt {
enum class Activation : uint32_t;
}
struct OuterDim;

/// What the kernels of a target can be.
struct KernelAbilities {
  /// Bytes of values between the ops of a kernel, for one iteration of its outer dimensions.
  int64_t scratchBytes = int64_t(1) << 18;
  /// The part of the speed of the library's products that products within kernels reach.
  double productShare = 0.5;
};

/// The whole dimensions.
SmallVector<int64_t> getWholeTiles(ArrayRef<OuterDim> dims);

/// What a matrix product of a target can do besides multiplying. Sums are in f32 at least and
/// rounded once, for every target.
struct ProductAbilities {
  /// Whether there are products of this element type; otherwise contractions are kernels.
  bool exists = false;
  /// Adds a vector that is broadcast along the other dimensions of the result.
  bool bias = false;
  /// Adds a value of the shape of the result.
  bool accumulate = false;
  /// Multiplies by a constant.
  bool factor = false;
  /// Rounds to a narrower type than that of the factors.
  bool rounds = false;
  /// Functions of f32 that it applies to the result.
  SmallVector<rt::Activation, 2> activations;
  /// Maximum number of batch dimensions.
  unsigned maxBatchDims = 0;
  /// Matrices must be contiguous along a row or a column.
  bool needsUnitStride = true;
  /// Products of at most this many results that are sums of at least `longSum` addends become
  /// kernels, which sum in blocks.
  int64_t fewResults = 0, longSum = 0;
};

/// Translates a module in the LLVM dialect for the host's processor `cpu`, adds the descriptor of
/// its `#dchag_rt.program` and optimises. Emits an error at the module and returns null on failure.
std::unique_ptr<llvm::Module> translateForHost(ModuleOp module, llvm::LLVMContext &context,
                                               StringRef cpu);
/// Writes the object code of `code` to `os`, whose errors are left to the caller.
LogicalResult emitHostObject(ModuleOp module, llvm::Module &code, llvm::raw_pwrite_stream &os,
                             StringRef cpu);

} // namespace mlir::dchag

#include "dialects/interfaces/Target.h.inc"

namespace mlir::dchag {

/// The module attribute that names the target.
inline constexpr llvm::StringLiteral kTargetAttr = "dchag.target";

/// The target of a module; the CPU of this machine if it names none.
TargetAttrInterface getTarget(ModuleOp module);

} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_TARGET_H
