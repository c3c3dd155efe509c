//===- Target.td - what programs are compiled for ------------------*- tablegen -*-===//
#ifndef DCHAG_INTERFACES_TARGET
#define DCHAG_INTERFACES_TARGET

include "mlir/IR/OpBase.td"

def TargetAttrInterface : AttrInterface<"TargetAttrInterface"> {
  let cppNamespace = "::mlir::dchag";
  let description = [{
    A target, as the module attribute `dchag.target` names it. All passes up to the memory plan are
    the same for all targets and ask these questions; what follows is the pipeline of the target,
    then its emission. An attribute of any dialect can be a target, also of one in a plugin
    (docs/add-a-target.md).
  }];
  let methods = [
    InterfaceMethod<"Name for messages and descriptions of programs, as `--target` takes it.",
      "::llvm::StringRef", "getTargetName">,
    InterfaceMethod<[{Adds the passes that take a scheduled program (`#dchag_rt.program`, entry
      points on buffers in one arena, kernels and launches) to what `translate` takes.}],
      "void", "buildKernelPipeline", (ins "::mlir::OpPassManager &":$manager)>,
    InterfaceMethod<"What products of matrices of this element type take beside the product.",
      "::mlir::dchag::ProductAbilities", "getProductAbilities", (ins "::mlir::Type":$element),
      "", [{ return {}; }]>,
    InterfaceMethod<[{The number that the runtime's devices give the memory space `space` of a buffer; the
      default, null, is 0. Nothing if the target does not have it.}],
      "std::optional<int32_t>", "getMemorySpaceNumber", (ins "::mlir::Attribute":$space),
      "", [{ return space ? std::nullopt : std::optional<int32_t>(0); }]>,
    InterfaceMethod<"The processor that host code is made for: an LLVM name, or `native`.",
      "::llvm::StringRef", "getHostCpu", (ins), "", [{ return "native"; }]>,
    InterfaceMethod<[{Makes LLVM IR of the host's code, with all that the program carries; null after
      an error at the module.}],
      "std::unique_ptr<::llvm::Module>", "translate",
      (ins "::mlir::ModuleOp":$module, "::llvm::LLVMContext &":$context),
      "", [{ return ::mlir::dchag::translateForHost(module, context, $_attr.getHostCpu()); }]>,
    InterfaceMethod<"Writes an object file of `code`, with an error at the module on failure.",
      "::llvm::LogicalResult", "emitObject",
      (ins "::mlir::ModuleOp":$module, "::llvm::Module &":$code,
           "::llvm::raw_pwrite_stream &":$os),
      "", [{ return ::mlir::dchag::emitHostObject(module, code, os, $_attr.getHostCpu()); }]>,
    InterfaceMethod<"Flags of the linker beside those of the runtime: libraries of the target.",
      "::llvm::SmallVector<std::string>", "getLinkFlags", (ins), "", [{ return {}; }]>
  ];
}

#endif // DCHAG_INTERFACES_TARGET
