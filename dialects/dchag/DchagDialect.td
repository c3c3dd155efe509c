//===- DchagDialect.td - the dialect and its base classes --------*- tablegen -*-===//
#ifndef DCHAG_DCHAGDIALECT
#define DCHAG_DCHAGDIALECT

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Dialect/Linalg/IR/LinalgInterfaces.td"
include "dialects/interfaces/Cost.td"
include "dialects/interfaces/Evaluable.td"
include "dialects/interfaces/Exact.td"
include "dialects/interfaces/ShardingRule.td"
include "dialects/interfaces/Tokens.td"

def Dchag_Dialect : Dialect {
  let name = "dchag";
  let cppNamespace = "::mlir::dchag";
  let summary = "Vision models with many input channels";
  let description = [{
    Ops for what vision foundation models with many channels need and upstream dialects do
    not have: tokenization of each channel, aggregation of the channels at every position,
    attention, normalisation, and ONNX operators without an upstream op. All ops work on
    statically shaped tensors, are pure, and have an evaluation (`EvaluableOpInterface`) and a cost,
    those of models also a sharding rule, so that every pass treats them alike.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

/// Ops on tensors, pure; passes handle them through interfaces. By default an op has no sharding rule.
class Dchag_Op<string mnemonic, list<Trait> traits = []>
    : Op<Dchag_Dialect, mnemonic, !listconcat([Pure,
        DeclareOpInterfaceMethods<EvaluableOpInterface, ["evaluate"]>,
        ShardingRuleOpInterface, CostOpInterface], traits)>;

/// Ops that models consist of: each implements its rule and cost. An op whose attributes
/// depend on sizes adds "cloneLocal" to `ruleMethods`.
class Dchag_ModelOp<string mnemonic, list<Trait> traits = [],
                    list<string> ruleMethods = ["getShardingRule"]>
    : Op<Dchag_Dialect, mnemonic, !listconcat([Pure,
        DeclareOpInterfaceMethods<EvaluableOpInterface, ["evaluate"]>,
        DeclareOpInterfaceMethods<ShardingRuleOpInterface, ruleMethods>,
        DeclareOpInterfaceMethods<CostOpInterface, ["getFlops"]>], traits)>;

/// Ops with a decomposition into simpler ops, which is all that a target needs.
defvar Dchag_Decomposable =
    DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>;

/// Ops on tokens that strategies mark.
defvar Dchag_OnTokens = DeclareOpInterfaceMethods<TokensOpInterface>;

/// Statically shaped tensors of floats.
def Dchag_FloatTensor : StaticShapeTensorOf<[AnyFloat]>;
/// Statically shaped tensors of anything that a model computes with.
def Dchag_Tensor : StaticShapeTensorOf<[AnyFloat, AnySignlessInteger, Index]>;
def Dchag_IntTensor : StaticShapeTensorOf<[AnySignlessInteger, Index]>;
def Dchag_BoolTensor : StaticShapeTensorOf<[I1]>;

#endif // DCHAG_DCHAGDIALECT
