//===- Matmul.td - matrix products by the runtime -----------------*- tablegen -*-===//
#ifndef DCHAG_RT_MATMUL
#define DCHAG_RT_MATMUL

include "dialects/dchag_rt/RuntimeDialect.td"
include "dialects/interfaces/Cost.td"
include "dialects/interfaces/Evaluable.td"
include "dialects/interfaces/ShardingRule.td"

def Runtime_Activation : I32EnumAttr<"Activation", "function applied to a product", [
    I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"GeluErf", 1, "gelu_erf">,
    I32EnumAttrCase<"GeluTanh", 2, "gelu_tanh">]> {
  let cppNamespace = "::mlir::dchag::rt";
  let genSpecializedAttr = 0;
}
def Runtime_ActivationAttr : EnumAttr<Runtime_Dialect, Runtime_Activation, "activation"> {
  let assemblyFormat = "`<` $value `>`";
}

def Runtime_MatmulOp : Runtime_DestinationOp<"matmul", [
    DeclareOpInterfaceMethods<EvaluableOpInterface, ["evaluate"]>,
    DeclareOpInterfaceMethods<CostOpInterface, ["getFlops", "getBytes"]>,
    DeclareOpInterfaceMethods<ShardingRuleOpInterface, ["getShardingRule"]>]> {
  let summary = "Contraction of two operands with bias, addition and activation";
  let description = [{
    Indexing maps as in `linalg.contract`, one for each operand (`lhs`, `rhs`, `bias` if there is
    one, `init`); the iteration space is that of the maps. With sums over the dimensions that the
    map of `init` does not have

        result = activation(alpha sum lhs rhs + bias + (accumulate ? init : 0))

    - (M1) One projected permutation for each operand, all with the same dimensions, whose results
      agree with the shape.
    - (M2) A dimension that `init` lacks is one of both `lhs` and `rhs`; every dimension of `init`
      is one of `lhs` or `rhs`; `bias` has only dimensions of `init`.
    - (M3) One floating-point element type for `lhs` and `rhs`; `bias` and `init` have floating-point
      types that may differ. Sums are kept in f32 at least and rounded once, to the type of `init`.
    - (M4) The result, if `init` is a tensor, has the type of `init`; there is none otherwise.

    Created from `linalg.contract` by `contract-to-matmul`, lowered to a call of `dchag_rt_matmul`.
    ```mlir
    %y = dchag_rt.matmul(%x, %w) bias(%b) outs(%e) {activation = #dchag_rt.activation<gelu_erf>, indexing_maps = [
        affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (j)>, affine_map<(i, j, k) -> (i, j)>]}
      : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
    ```
  }];
  let arguments = (ins Runtime_Shaped:$lhs, Runtime_Shaped:$rhs, Optional<Runtime_Shaped>:$bias,
      Runtime_Shaped:$init, AffineMapArrayAttr:$indexing_maps,
      DefaultValuedAttr<Runtime_ActivationAttr, "::mlir::dchag::rt::Activation::None">:$activation,
      UnitAttr:$accumulate, DefaultValuedAttr<F64Attr, "1.0">:$alpha,
      DefaultValuedAttr<Runtime_Queue, "0">:$queue);
  let assemblyFormat = [{
    `(` $lhs `,` $rhs `)` (`bias` `(` $bias^ `)`)? `outs` `(` $init `)` attr-dict `:`
    functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    ::mlir::AffineMap getMap(unsigned operand) {
      return ::llvm::cast<::mlir::AffineMapAttr>(getIndexingMaps()[operand]).getValue();
    }
    ::mlir::AffineMap getInitMap() { return getMap(getNumOperands() - 1); }
    /// The product in simpler ops, on tensors.
    ::mlir::Value decompose(::mlir::OpBuilder &builder);
    /// Sizes of the iteration space.
    ::llvm::SmallVector<int64_t> getLoopSizes();
  }];
}

#endif // DCHAG_RT_MATMUL
