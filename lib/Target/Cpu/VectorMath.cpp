//===- VectorMath.cpp - functions of f32 by SLEEF --------------------------*- C++ -*-===//

#include "VectorMath.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// A vector form: its length and how its name ends.
struct VectorForm {
  unsigned width;
  const char *suffix;
};

/// SLEEF's names for a CPU: "Sleef_" family function "f" width "_u10" suffix.
struct Family {
  const char *prefix, *scalarSuffix;
  llvm::SmallVector<VectorForm, 3> vectors; ///< the widest first
};
} // namespace

/// With fused multiply-adds the results of one family are equal in all widths, without them those
/// of the other.
static Family getFamily(const llvm::Triple &triple, const llvm::MCSubtargetInfo &cpu) {
  if (!triple.isX86())
    return {"finz_", "purecfma", {}};
  if (!cpu.checkFeatures("+fma") || !cpu.checkFeatures("+avx2"))
    return {"cinz_", "purec", {{4, "sse2"}}};
  Family family{"finz_", "purecfma", {{8, "avx2"}, {4, "avx2128"}}};
  if (cpu.checkFeatures("+avx512f"))
    family.vectors.insert(family.vectors.begin(), {16, "avx512f"});
  return family;
}

static std::string getName(const Family &family, llvm::StringRef function, unsigned width,
                           llvm::StringRef suffix) {
  // The error bound in units in the last place, times 10.
  const char *bound = function == "erfc" ? "_u15" : "_u10";
  return ("Sleef_" + llvm::Twine(family.prefix) + function + "f" + llvm::Twine(width) + bound +
          suffix)
      .str();
}

static llvm::Function *declare(llvm::Module &module, llvm::StringRef name,
                               llvm::FunctionType *type) {
  auto *function = llvm::cast<llvm::Function>(module.getOrInsertFunction(name, type).getCallee());
  function->setDoesNotAccessMemory();
  function->setDoesNotThrow();
  function->setWillReturn();
  return function;
}

static llvm::FunctionType *getType(llvm::Function &like, unsigned width) {
  llvm::Type *element = llvm::Type::getFloatTy(like.getContext());
  llvm::Type *type = width == 1 ? element : llvm::FixedVectorType::get(element, width);
  llvm::SmallVector<llvm::Type *> parameters(like.arg_size(), type);
  return llvm::FunctionType::get(type, parameters, /*isVarArg=*/false);
}

/// Replaces `function` of one number; attributes of its calls name the vector forms.
static void bindScalar(llvm::Module &module, llvm::Function &function, llvm::StringRef name,
                       const Family &family) {
  std::string scalarName = getName(family, name, 1, family.scalarSuffix);
  llvm::Function *scalar = declare(module, scalarName, getType(function, 1));
  std::string variants, parameters(function.arg_size(), 'v');
  llvm::SmallVector<llvm::GlobalValue *> kept;
  for (const VectorForm &form : family.vectors) {
    std::string vectorName = getName(family, name, form.width, form.suffix);
    kept.push_back(declare(module, vectorName, getType(function, form.width)));
    variants += (variants.empty() ? "" : ",") + std::string("_ZGV_LLVM_N") +
                std::to_string(form.width) + parameters + "_" + scalarName + "(" + vectorName + ")";
  }
  for (llvm::User *user : function.users())
    if (auto *call = llvm::dyn_cast<llvm::CallInst>(user); call && !variants.empty())
      call->addFnAttr(
          llvm::Attribute::get(module.getContext(), "vector-function-abi-variant", variants));
  llvm::appendToCompilerUsed(module, kept);
  function.replaceAllUsesWith(scalar);
  function.eraseFromParent();
}

/// Defines `function` of 16 numbers: calls of the widest form that the CPU has.
static void bindVector(llvm::Module &module, llvm::Function &function, llvm::StringRef name,
                       const Family &family) {
  VectorForm form{1, family.scalarSuffix};
  if (!family.vectors.empty())
    form = family.vectors.front();
  llvm::Function *piece = declare(module, getName(family, name, form.width, form.suffix),
                                  getType(function, form.width));
  function.setLinkage(llvm::GlobalValue::InternalLinkage);
  function.addFnAttr(llvm::Attribute::AlwaysInline);
  llvm::IRBuilder<> b(llvm::BasicBlock::Create(module.getContext(), "", &function));
  unsigned size = kVectorMathWidth;
  llvm::Value *result = llvm::PoisonValue::get(function.getReturnType());
  for (unsigned from = 0; from < size; from += form.width) {
    llvm::SmallVector<llvm::Value *> operands;
    llvm::SmallVector<int> lanes = llvm::to_vector(llvm::seq<int>(from, from + form.width));
    for (llvm::Argument &argument : function.args())
      operands.push_back(form.width == 1      ? b.CreateExtractElement(&argument, from)
                         : form.width == size ? static_cast<llvm::Value *>(&argument)
                                              : b.CreateShuffleVector(&argument, lanes));
    llvm::Value *part = b.CreateCall(piece, operands);
    if (form.width == size)
      result = part;
    else
      for (unsigned i = 0; i < form.width; ++i)
        result = b.CreateInsertElement(
            result, form.width == 1 ? part : b.CreateExtractElement(part, i), from + i);
  }
  b.CreateRet(result);
}

void mlir::dchag::bindVectorMath(llvm::Module &module, const llvm::MCSubtargetInfo &cpu) {
  Family family = getFamily(module.getTargetTriple(), cpu);
  llvm::SmallVector<llvm::Function *> functions;
  for (llvm::Function &function : module)
    if (function.isDeclaration() && function.getName().starts_with(kVectorMathPrefix))
      functions.push_back(&function);
  for (llvm::Function *function : functions) {
    llvm::StringRef name = function->getName().drop_front(kVectorMathPrefix.size());
    if (name.consume_back(kWideMathSuffix)) {
      function->replaceAllUsesWith(declare(module, name, function->getFunctionType()));
      function->eraseFromParent();
    } else if (name.consume_back(kVectorMathSuffix))
      bindVector(module, *function, std::string(name), family);
    else
      bindScalar(module, *function, std::string(name), family);
  }
}
