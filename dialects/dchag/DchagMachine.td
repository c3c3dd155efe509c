//===- DchagMachine.td - what a program runs on --------------------*- tablegen -*-===//
#ifndef DCHAG_DCHAGMACHINE
#define DCHAG_DCHAGMACHINE

include "dialects/dchag/DchagAttrs.td"

def Dchag_NetworkLevelAttr : Dchag_Attr<"NetworkLevel", "network_level"> {
  let summary = "Ranks that reach each other at one speed";
  let description = [{
    `ranks` neighbouring ranks are a group of this level; `bandwidth` is what one of them sends in
    bytes/s while all others send too, `latency` the seconds of an empty message.

    ```mlir
    #dchag.network_level<"nvlink", ranks = 8, bandwidth = 4.5e+11, latency = 5.0e-06>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "int64_t":$ranks,
      "::mlir::FloatAttr":$bandwidthAttr, "::mlir::FloatAttr":$latencyAttr);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Bytes that a rank sends in a second.
    double getBandwidth() const { return getBandwidthAttr().getValueAsDouble(); }
    /// Seconds of an empty message.
    double getLatency() const { return getLatencyAttr().getValueAsDouble(); }
  }];
}

def Dchag_MachineAttr : Dchag_Attr<"Machine", "machine"> {
  let summary = "Figures of the machine for the cost model";
  let description = [{
    Of one rank: cores, floating-point operations a second of matrix products by element type
    (`flops`), and bytes a second to and from memory (`memory`). Of all ranks: levels of the
    network from the innermost to the outermost. Ranks are numbered with the last axis of the mesh
    fastest, so a group of the first level is `ranks` consecutive ranks. Beyond the outermost
    level, its figures apply.

    The module attribute `dchag.machine`, set by `set-machine` and `--machine`; without it the file
    machines/default.machine is used, which the compiler contains.

    - (H1) The name is not empty.  (H2) There is a core.  (H3) `flops` has a float type, each once.
    - (H4) All figures are positive and finite.
    - (H5) There is a level; levels have names, and each has more ranks than the next inner one,
      a multiple of its ranks.

    ```mlir
    #dchag.machine<"example", cores = 2, flops = [f32 = 1.0e+11, bf16 = 2.0e+11], memory = 1.0e+10,
      network = [<"node", ranks = 8, bandwidth = 1.0e+10, latency = 1.0e-06>,
                 <"cluster", ranks = 1024, bandwidth = 1.0e+09, latency = 5.0e-06>]>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "int64_t":$cores,
      ArrayRefParameter<"::mlir::FloatType">:$types, ArrayRefParameter<"::mlir::FloatAttr">:$rates,
      "::mlir::FloatAttr":$memoryAttr, ArrayRefParameter<"NetworkLevelAttr">:$network);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Name of the module attribute.
    static constexpr ::llvm::StringLiteral attrName = "dchag.machine";

    /// The machine of the module that holds `op`, else the default.
    static MachineAttr lookup(::mlir::Operation *op);
    /// A machine that the compiler contains (folder machines); null if there is none of the
    /// name.
    static MachineAttr getNamed(::llvm::StringRef name, ::mlir::MLIRContext *context);
    static ::llvm::SmallVector<::llvm::StringRef> getNames();
    /// Parses the text of a machine file: this attribute, and comments. Emits an error at line and
    /// column of `path`, and returns null, if it is invalid.
    static MachineAttr parseFile(::llvm::StringRef text, ::llvm::StringRef path,
                                 ::mlir::MLIRContext *context);

    /// Bytes a second to and from memory.
    double getMemory() const { return getMemoryAttr().getValueAsDouble(); }
    /// Floating-point operations a second on elements of `type`: a type that is not listed runs at
    /// the rate of the narrowest one that has as many bits, else at that of the widest.
    double getRate(::mlir::Type type) const;
  }];
}

#endif // DCHAG_DCHAGMACHINE
