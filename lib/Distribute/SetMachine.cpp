//===- SetMachine.cpp - the figures of the machine of a module -------------*- C++ -*-===//

#include "dchag/Distribute/Passes.h"
#include "dialects/dchag/Dchag.h"
#include "llvm/Support/MemoryBuffer.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_SETMACHINE
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct SetMachine : mlir::dchag::impl::SetMachineBase<SetMachine> {
  using SetMachineBase::SetMachineBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (file.empty() == machine.empty()) {
      module.emitError("set-machine needs one of its options file and name: got ")
          << (file.empty() ? "none" : "both");
      return signalPassFailure();
    }
    MachineAttr attr = file.empty() ? find(module) : read(module);
    if (!attr)
      return signalPassFailure();
    module->setAttr(MachineAttr::attrName, attr);
  }

  MachineAttr find(ModuleOp module) {
    MachineAttr attr = MachineAttr::getNamed(machine, &getContext());
    if (!attr) {
      InFlightDiagnostic diag = module.emitError("no machine is named '")
                                << machine << "': known are ";
      llvm::interleaveComma(MachineAttr::getNames(), diag);
    }
    return attr;
  }

  MachineAttr read(ModuleOp module) {
    auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
    if (buffer)
      return MachineAttr::parseFile((*buffer)->getBuffer(), file, &getContext());
    InFlightDiagnostic error = module.emitError("cannot read the machine file '")
                               << file << "': " << buffer.getError().message();
    if (MachineAttr::getNamed(file, &getContext()))
      error << "; the machine of this name that is part of the compiler is given by "
            << "--set-machine=name=" << file;
    return {};
  }
};
} // namespace
