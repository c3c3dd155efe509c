//===- BufferRole.td - what a buffer of a program is for -----------*- tablegen -*-===//
#ifndef DCHAG_INTERFACES_BUFFERROLE
#define DCHAG_INTERFACES_BUFFERROLE

include "mlir/IR/OpBase.td"

def BufferRoleAttrInterface : AttrInterface<"BufferRoleAttrInterface"> {
  let cppNamespace = "::mlir::dchag";
  let description = [{
    The role of an argument or result of an entry point, and of the buffer it becomes: who fills
    it, how long it lives, what happens to it. Passes, the code generation and the runtime ask
    these questions and never for a role by name, so that an attribute of any dialect can be a
    role. Those that every program has are strings (dialects/dchag/Program.h).
  }];
  let methods = [
    InterfaceMethod<"A word for messages, help and descriptions of programs.",
      "::llvm::StringRef", "getRoleName">,
    InterfaceMethod<"Who gives the buffer its elements.",
      "::mlir::dchag::BufferFiller", "getFiller">,
    InterfaceMethod<"How long its elements are needed.",
      "::mlir::dchag::BufferLifetime", "getLifetime">,
    InterfaceMethod<[{Whether an entry point gives it new elements by a result of the same name:
      state that one run leaves to the next.}],
      "bool", "isUpdatedInPlace", (ins), "", [{ return false; }]>,
    InterfaceMethod<[{Of a buffer that is updated in place: whether what depends on it and on
      parameters alone is prepared all the same, and prepared again after each update.}],
      "bool", "isPreparedAgain", (ins), "", [{ return false; }]>,
    InterfaceMethod<"Whether a run that goes on from a checkpoint needs it.",
      "bool", "isInCheckpoint", (ins), "", [{ return false; }]>,
    InterfaceMethod<"The memory it is in, a memory space of the target; null for its default.",
      "::mlir::Attribute", "getMemorySpace", (ins), "", [{ return {}; }]>
  ];
  let extraSharedClassDeclaration = [{
    /// Whether a run of an entry point finds the same elements as the one before, or what is prepared
    /// from them is prepared again: parameters, from the file or prepared. What depends on these
    /// alone can be computed ahead.
    bool isParameter() {
      return $_attr.getFiller() != ::mlir::dchag::BufferFiller::Caller &&
             $_attr.getLifetime() != ::mlir::dchag::BufferLifetime::Run &&
             (!$_attr.isUpdatedInPlace() || $_attr.isPreparedAgain());
    }
    /// Whether the caller gives it anew for each run.
    bool isInput() { return $_attr.getFiller() == ::mlir::dchag::BufferFiller::Caller; }
  }];
}

#endif // DCHAG_INTERFACES_BUFFERROLE
