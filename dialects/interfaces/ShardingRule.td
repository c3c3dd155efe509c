//===- ShardingRule.td - ops that say how they split --------------*- tablegen -*-===//
#ifndef DCHAG_INTERFACES_SHARDINGRULE
#define DCHAG_INTERFACES_SHARDINGRULE

include "mlir/IR/OpBase.td"

def ShardingRuleOpInterface : OpInterface<"ShardingRuleOpInterface"> {
  let cppNamespace = "::mlir::dchag";
  let description = [{
    How an op splits over ranks, as data (`#dchag.rule`): factors of its iteration space
    and the factors that make up each dimension of each operand and result. The passes
    that distribute a program handle ops through this interface only.
  }];
  let methods = [
    InterfaceMethod<[{The rule of this op, or null: the op is then executed on gathered
      operands, with a warning.}],
      "::mlir::dchag::RuleAttr", "getShardingRule", (ins), "", [{ return {}; }]>,
    InterfaceMethod<[{Builds the op on the local parts `operands` with the local result
      types; `localSizes` has the local size of each factor of the rule. Ops whose
      attributes depend on sizes (a number of heads, say) adapt them here.}],
      "::mlir::Operation *", "cloneLocal",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands,
           "::mlir::TypeRange":$resultTypes, "::llvm::ArrayRef<int64_t>":$localSizes),
      "", [{ return ::mlir::dchag::cloneWithTypes($_op.getOperation(), builder, operands, resultTypes); }]>
  ];
}

#endif // DCHAG_INTERFACES_SHARDINGRULE
