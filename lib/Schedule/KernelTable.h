//===- KernelTable.h - equal kernels once ----------------------------------*- C++ -*-===//
#ifndef DCHAG_LIB_SCHEDULE_KERNELTABLE_H
#define DCHAG_LIB_SCHEDULE_KERNELTABLE_H

#include "dialects/dchag_rt/Runtime.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::dchag {

/// The kernels that a pass makes. The cost of compiling depends on the number of different ones.
class KernelTable {
public:
  explicit KernelTable(ModuleOp module) : module(module) {}

  /// The name of a kernel that equals `kernel`, which joins the module as PREFIX_0 and so on if
  /// there is none.
  FlatSymbolRefAttr add(OwningOpRef<rt::KernelOp> kernel, StringRef prefix) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    kernel->print(stream, OpPrintingFlags().useLocalScope());
    StringAttr &name = names[text];
    if (!name) {
      name = StringAttr::get(module.getContext(),
                             llvm::formatv("{0}_{1}", prefix, counts[prefix]++).str());
      kernel->setName(name);
      module.push_back(kernel.release());
    }
    return FlatSymbolRefAttr::get(name);
  }
  unsigned size() const { return names.size(); }

private:
  ModuleOp module;
  llvm::StringMap<StringAttr> names; ///< by text
  llvm::StringMap<unsigned> counts;  ///< by prefix
};

} // namespace mlir::dchag

#endif // DCHAG_LIB_SCHEDULE_KERNELTABLE_H
