//===- BufferRole.td - what a buffer of a program is for -----------*- tablegen -*-===//
#ifndef DCHAG_INTERFACES_BUFFERROLE
#define DCHAG_INTERFACES_BUFFERROLE

include "mlir/IR/OpBase.td"

def BufferRoleAttrInterface : AttrInterface<"BufferRoleAttrInterface"> {
  let cppNamespace = "::mlir::dchag";
  let description = [{
    The role of an argument or result of an entry point, and of the buffer that it becomes: who fills
    it, how long it lives, whether it is updated. Passes, code generation and the runtime use
    these methods and do not check for a role by name, so that an attribute of any dialect can be a
    role. The roles of every program are strings (dialects/dchag/Program.h).
  }];
  let methods = [
    InterfaceMethod<"The name for messages, help and descriptions of programs.",
      "::llvm::StringRef", "getRoleName">,
    InterfaceMethod<"Who fills the buffer.",
      "::mlir::dchag::BufferFiller", "getFiller">,
    InterfaceMethod<"How long its elements are needed.",
      "::mlir::dchag::BufferLifetime", "getLifetime">,
    InterfaceMethod<[{Whether an entry point updates it by a result of the same name:
      state that is kept from one run to the next.}],
      "bool", "isUpdatedInPlace", (ins), "", [{ return false; }]>,
    InterfaceMethod<[{For a buffer that is updated in place: whether values that depend only on it and on
      parameters are prepared all the same, and prepared again after each update.}],
      "bool", "isPreparedAgain", (ins), "", [{ return false; }]>,
    InterfaceMethod<"Whether a run that continues from a checkpoint needs it.",
      "bool", "isInCheckpoint", (ins), "", [{ return false; }]>,
    InterfaceMethod<"The memory space of the target that it is in; null for the default one.",
      "::mlir::Attribute", "getMemorySpace", (ins), "", [{ return {}; }]>
  ];
  let extraSharedClassDeclaration = [{
    /// Whether it is a parameter, from the file or prepared: it is the same in all runs of an entry
    /// point, or is updated but prepared again. Values that depend only on parameters
    /// can be computed ahead.
    bool isParameter() {
      return $_attr.getFiller() != ::mlir::dchag::BufferFiller::Caller &&
             $_attr.getLifetime() != ::mlir::dchag::BufferLifetime::Run &&
             (!$_attr.isUpdatedInPlace() || $_attr.isPreparedAgain());
    }
    /// Whether the caller fills it for each run.
    bool isInput() { return $_attr.getFiller() == ::mlir::dchag::BufferFiller::Caller; }
  }];
}

#endif // DCHAG_INTERFACES_BUFFERROLE
