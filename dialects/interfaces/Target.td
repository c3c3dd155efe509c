//===- Target.td - what programs are compiled for ------------------*- tablegen -*-===//
#ifndef DCHAG_INTERFACES_TARGET
#define DCHAG_INTERFACES_TARGET

include "mlir/IR/OpBase.td"

def TargetAttrInterface : AttrInterface<"TargetAttrInterface"> {
  let cppNamespace = "::mlir::dchag";
  let description = [{
    A target, the value of the module attribute `dchag.target`. All passes up to the memory plan are
    the same for all targets and use these methods; then the pipeline of the target follows,
    and its emission. An attribute of any dialect can be a target, also of a dialect in a plugin
    (docs/add-a-target.md).
  }];
  let methods = [
    InterfaceMethod<"The name that `--target` takes, also for messages and descriptions of programs.",
      "::llvm::StringRef", "getTargetName">,
    InterfaceMethod<[{Adds the passes from a scheduled program (`#dchag_rt.program`, entry
      points on buffers in one arena, kernels and launches) to the input of `translate`.}],
      "void", "buildKernelPipeline", (ins "::mlir::OpPassManager &":$manager)>,
    InterfaceMethod<"What matrix products of this element type can do besides multiplying.",
      "::mlir::dchag::ProductAbilities", "getProductAbilities", (ins "::mlir::Type":$element),
      "", [{ return {}; }]>,
    InterfaceMethod<"What a kernel of several ops can be.",
      "::mlir::dchag::KernelAbilities", "getKernelAbilities", (ins), "", [{ return {}; }]>,
    InterfaceMethod<[{Sizes of the tiles of a kernel on tensors, one for each of its outer dimensions
      (`#dchag_rt.tiles`).}],
      "::llvm::SmallVector<int64_t>", "getTiles",
      (ins "::mlir::Operation *":$kernel, "::llvm::ArrayRef<::mlir::dchag::OuterDim>":$dims),
      "", [{ return ::mlir::dchag::getWholeTiles(dims); }]>,
    InterfaceMethod<[{The number of the memory space `space` of a buffer for the runtime's devices; the
      default, null, is 0. nullopt if the target does not have it.}],
      "std::optional<int32_t>", "getMemorySpaceNumber", (ins "::mlir::Attribute":$space),
      "", [{ return space ? std::nullopt : std::optional<int32_t>(0); }]>,
    InterfaceMethod<"The processor that host code is made for: an LLVM name, or `native`.",
      "::llvm::StringRef", "getHostCpu", (ins), "", [{ return "native"; }]>,
    InterfaceMethod<[{Creates the LLVM IR of the host's code, with all data of the program; null after
      an error at the module.}],
      "std::unique_ptr<::llvm::Module>", "translate",
      (ins "::mlir::ModuleOp":$module, "::llvm::LLVMContext &":$context),
      "", [{ return ::mlir::dchag::translateForHost(module, context, $_attr.getHostCpu()); }]>,
    InterfaceMethod<"Writes an object file of `code`, with an error at the module on failure.",
      "::llvm::LogicalResult", "emitObject",
      (ins "::mlir::ModuleOp":$module, "::llvm::Module &":$code,
           "::llvm::raw_pwrite_stream &":$os),
      "", [{ return ::mlir::dchag::emitHostObject(module, code, os, $_attr.getHostCpu()); }]>,
    InterfaceMethod<"Linker flags besides those of the runtime: libraries of the target.",
      "::llvm::SmallVector<std::string>", "getLinkFlags", (ins), "", [{ return {}; }]>
  ];
}

#endif // DCHAG_INTERFACES_TARGET
