//===- Object.cpp - code of the host -------------------*- C++ -*-===//

#include "VectorMath.h"
#include "dchag/Emit/Emit.h"
#include "dchag/Target/Cpu/Passes.h"
#include "dialects/interfaces/Target.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace mlir::dchag;

/// Features that decide which instructions are used and that a program can ask the CPU
/// for when it starts. Others (prefetch hints, say) cannot make it fail.
static constexpr llvm::StringLiteral checkedFeatures[] = {
    "adx",          "avx",        "avx2",        "avx512bf16",
    "avx512bitalg", "avx512bw",   "avx512cd",    "avx512dq",
    "avx512f",      "avx512fp16", "avx512ifma",  "avx512vbmi",
    "avx512vl",     "avx512vnni", "avx512vbmi2", "avx512vpopcntdq",
    "avxvnni",      "bmi",        "bmi2",        "f16c",
    "fma",          "gfni",       "lzcnt",       "movbe",
    "popcnt",       "sse3",       "sse4.1",      "sse4.2",
    "ssse3",        "vaes",       "vpclmulqdq"};

namespace {
struct TargetCpu {
  std::string name;
  std::string features; ///< in LLVM's form, "+avx2,-avx512f"
};
} // namespace

static TargetCpu resolveCpu(StringRef requested) {
  TargetCpu cpu;
  if (requested != "native")
    return {requested.str(), ""};
  cpu.name = llvm::sys::getHostCPUName().str();
  SmallVector<std::string> features;
  for (auto &feature : llvm::sys::getHostCPUFeatures())
    features.push_back((feature.second ? "+" : "-") + feature.first().str());
  llvm::sort(features);
  cpu.features = llvm::join(features, ",");
  return cpu;
}

unsigned mlir::dchag::getVectorBits(StringRef requested) {
  TargetCpu cpu = resolveCpu(requested);
  llvm::InitializeNativeTarget();
  llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  // What is wrong with the CPU's name is said where code is generated.
  if (!target || !triple.isX86())
    return 128;
  std::unique_ptr<llvm::MCSubtargetInfo> generic(target->createMCSubtargetInfo(triple, "", ""));
  if (!generic->isCPUStringValid(cpu.name))
    return 128;
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      target->createMCSubtargetInfo(triple, cpu.name, cpu.features));
  return info->checkFeatures("+avx512f") ? 512 : info->checkFeatures("+avx2") ? 256 : 128;
}

/// The features of the target CPU that the program checks when it starts.
static std::string getCheckedFeatures(const llvm::MCSubtargetInfo &cpu) {
  if (!cpu.getTargetTriple().isX86())
    return "";
  auto isThere = [&](StringRef name) { return cpu.checkFeatures(("+" + name).str()); };
  return llvm::join(llvm::make_filter_range(checkedFeatures, isThere), ",");
}

static std::unique_ptr<llvm::TargetMachine> createTargetMachine(ModuleOp module,
                                                                const TargetCpu &cpu) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target) {
    module.emitError("no code generator for ") << triple.str() << ": " << error;
    return nullptr;
  }
  // Asks a generic machine: one made for an unknown CPU would print additional warnings.
  std::unique_ptr<llvm::MCSubtargetInfo> generic(target->createMCSubtargetInfo(triple, "", ""));
  if (!generic->isCPUStringValid(cpu.name)) {
    module.emitError("unknown CPU '") << cpu.name << "': see `llc -mcpu=help`, or use native";
    return nullptr;
  }
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, cpu.name, cpu.features, llvm::TargetOptions(),
                                  llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
}

static void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

std::unique_ptr<llvm::Module>
mlir::dchag::translateForHost(ModuleOp module, llvm::LLVMContext &context, StringRef host) {
  TargetCpu cpu = resolveCpu(host);
  std::unique_ptr<llvm::TargetMachine> machine = createTargetMachine(module, cpu);
  if (!machine)
    return nullptr;
  registerBuiltinDialectTranslation(*module->getContext());
  registerLLVMDialectTranslation(*module->getContext());
  registerOpenMPDialectTranslation(*module->getContext());
  std::unique_ptr<llvm::Module> target = translateModuleToLLVMIR(module, context, "dchag-model");
  if (!target)
    return nullptr; // the translation has reported why
  target->setDataLayout(machine->createDataLayout());
  target->setTargetTriple(machine->getTargetTriple());
  bindVectorMath(*target, *machine->getMCSubtargetInfo());
  for (llvm::Function &function : *target)
    if (!function.isDeclaration()) {
      function.addFnAttr("target-cpu", cpu.name);
      function.addFnAttr("target-features", cpu.features);
    }
  if (failed(emitDescriptor(module, *target, getCheckedFeatures(*machine->getMCSubtargetInfo()))))
    return nullptr;
  std::string problems;
  llvm::raw_string_ostream stream(problems);
  if (llvm::verifyModule(*target, &stream)) {
    module.emitError("the generated LLVM module is invalid: ") << problems;
    return nullptr;
  }
  optimise(*target, *machine);
  return target;
}

LogicalResult mlir::dchag::emitHostObject(ModuleOp module, llvm::Module &code,
                                          llvm::raw_pwrite_stream &os, StringRef host) {
  std::unique_ptr<llvm::TargetMachine> machine = createTargetMachine(module, resolveCpu(host));
  if (!machine)
    return failure();
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, os, nullptr, llvm::CodeGenFileType::ObjectFile))
    return module.emitError("this machine's code generator cannot write object files");
  passes.run(code);
  return success();
}
