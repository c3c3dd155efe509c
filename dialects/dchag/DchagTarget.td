//===- DchagTarget.td - the targets that the compiler brings -------*- tablegen -*-===//
#ifndef DCHAG_DCHAGTARGET
#define DCHAG_DCHAGTARGET

include "dialects/dchag/DchagAttrs.td"
include "dialects/interfaces/Target.td"

def Dchag_CpuAttr : Dchag_Attr<"Cpu", "cpu", [DeclareAttrInterfaceMethods<TargetAttrInterface,
    ["getHostCpu", "getProductAbilities", "getKernelAbilities", "getTiles"]>]> {
  let summary = "The target of programs that run on CPUs";
  let description = [{
    `host` is the processor to generate code for, an LLVM name or `native` for that of the machine
    that compiles. Kernels are loops with vectors and OpenMP, products are the runtime's (oneDNN).

    ```mlir
    module attributes {dchag.target = #dchag.cpu<"native">} {}
    ```
  }];
  let parameters = (ins "StringAttr":$host);
  let assemblyFormat = "`<` $host `>`";
}

#endif // DCHAG_DCHAGTARGET
