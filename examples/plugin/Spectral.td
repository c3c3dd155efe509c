//===- Spectral.td - a dialect of two ops, a role and a target --------*- tablegen -*-===//
#ifndef SPECTRAL
#define SPECTRAL

include "dialects/interfaces/BufferRole.td"
include "dialects/interfaces/Target.td"
include "dialects/interfaces/Cost.td"
include "dialects/interfaces/Evaluable.td"
include "dialects/interfaces/Exact.td"
include "dialects/interfaces/ShardingRule.td"
include "dialects/interfaces/Tokens.td"
include "mlir/Dialect/Linalg/IR/LinalgInterfaces.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Spectral_Dialect : Dialect {
  let name = "spectral";
  // Inside mlir: declarations that upstream generates name its types without it.
  let cppNamespace = "::mlir::spectral";
  let summary = "What denoising of spectra needs";
  let useDefaultAttributePrinterParser = 1;
}

def Spectral_BackgroundAttr : AttrDef<Spectral_Dialect, "Background",
    [DeclareAttrInterfaceMethods<BufferRoleAttrInterface, ["isUpdatedInPlace", "isInCheckpoint"]>]> {
  let summary = "A background that is learned from step to step";
  let description = [{
    The role of an argument and of the result of the same name that replaces it: 0 at the start,
    then what the step before left.

    ```mlir
    func.func @step(%b: tensor<4xf32> {dchag.name = "b", dchag.role = #spectral.background})
        -> (tensor<4xf32> {dchag.name = "b", dchag.role = #spectral.background})
    ```
  }];
  let mnemonic = "background";
}

def Spectral_GainAttr : AttrDef<Spectral_Dialect, "Gain",
    [DeclareAttrInterfaceMethods<BufferRoleAttrInterface, ["isUpdatedInPlace", "isPreparedAgain", "isInCheckpoint"]>]> {
  let summary = "A gain that is calibrated from step to step";
  let description = [{
    The role of an argument and of the result of the same name that replaces it: what the weights file has
    at the start, then what the step before left. What depends on it alone is prepared, and prepared again
    before each further step.

    ```mlir
    func.func @step(%g: tensor<4xf32> {dchag.name = "g", dchag.role = #spectral.gain})
        -> (tensor<4xf32> {dchag.name = "g", dchag.role = #spectral.gain})
    ```
  }];
  let mnemonic = "gain";
}

def Spectral_LoopsAttr : AttrDef<Spectral_Dialect, "Loops",
    [DeclareAttrInterfaceMethods<TargetAttrInterface, ["getHostCpu", "getProductAbilities"]>]> {
  let summary = "CPUs, with plain loops for element-wise kernels";
  let description = [{
    The target `loops`: the pass `lower-maps` makes element-wise kernels scalar loops, all others are
    lowered as for `#dchag.cpu`. Products have no GELU inside, so that there is something element-wise.

    ```mlir
    module attributes {dchag.target = #spectral.loops<"native">} {}
    ```
  }];
  let mnemonic = "loops";
  let parameters = (ins "StringAttr":$host);
  let assemblyFormat = "`<` $host `>`";
}

def Spectral_SoftThresholdOp : Op<Spectral_Dialect, "soft_threshold",
    [Pure, SameOperandsAndResultType,
     DeclareOpInterfaceMethods<EvaluableOpInterface, ["evaluate"]>,
     DeclareOpInterfaceMethods<ShardingRuleOpInterface, ["getShardingRule"]>,
     DeclareOpInterfaceMethods<CostOpInterface, ["getFlops"]>,
     DeclareOpInterfaceMethods<ExactOpInterface, ["isExactOnIntegers"]>,
     DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>]> {
  let summary = "Soft thresholding";
  let description = [{
    Shrinks every element towards zero (Donoho, IEEE Trans. Inf. Theory 41, 1995):

        y = sign(x) max(|x| - threshold, 0)

    - (C1) `threshold` is finite and not negative.
    ```mlir
    %y = spectral.soft_threshold %x {threshold = 0.5 : f64} : tensor<2x3xf32>
    ```
  }];
  let arguments = (ins StaticShapeTensorOf<[AnyFloat]>:$input, F64Attr:$threshold /*C1*/);
  let results = (outs StaticShapeTensorOf<[AnyFloat]>:$result);
  let hasVerifier = 1;
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def Spectral_MergeBandsOp : Op<Spectral_Dialect, "merge_bands",
    [Pure, DeclareOpInterfaceMethods<EvaluableOpInterface, ["evaluate"]>,
     DeclareOpInterfaceMethods<ShardingRuleOpInterface, ["getShardingRule"]>,
     DeclareOpInterfaceMethods<CostOpInterface, ["getFlops"]>,
     DeclareOpInterfaceMethods<TokensOpInterface>, ExactOpInterface,
     DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>]> {
  let summary = "Merges the tokens of the bands of a group by their sum";
  let description = [{
    The plainest aggregation: `tokens` is B x G x K x N x D, the result B x G x 1 x N x D,

        y[b,g,0,n,:] = sum_c tokens[b,g,c,n,:]

    - (C1) The result has the shape and element type of `tokens` with dimension 2 of size 1.

    Strategies for aggregations spread its groups or bands because it says which they are.
    ```mlir
    %y = spectral.merge_bands %t : (tensor<2x3x2x4x5xf32>) -> tensor<2x3x1x4x5xf32>
    ```
  }];
  let arguments = (ins StaticShapeTensorOf<[AnyFloat]>:$tokens /*C1*/);
  let results = (outs StaticShapeTensorOf<[AnyFloat]>:$result);
  let hasVerifier = 1;
  let assemblyFormat = "$tokens attr-dict `:` functional-type(operands, results)";
}

#endif // SPECTRAL
