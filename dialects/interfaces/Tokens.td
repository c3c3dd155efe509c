//===- Tokens.td - ops on tokens that strategies distribute --------*- tablegen -*-===//
#ifndef DCHAG_INTERFACES_TOKENS
#define DCHAG_INTERFACES_TOKENS

include "mlir/IR/OpBase.td"

def TokensOpInterface : OpInterface<"TokensOpInterface"> {
  let cppNamespace = "::mlir::dchag";
  let description = [{
    An op of a vision model, what it does with tokens and what the dimensions of its tokens
    run over. A sharding rule says how an op can split; strategies also need to find the dimensions that
    they split: groups and channels of an aggregation, positions of a sequence, samples. They mark
    values of ops with this interface, and leave all other ops to propagation.
  }];
  let methods = [
    InterfaceMethod<"What the op does with tokens.",
      "::mlir::dchag::TokenRole", "getTokenRole">,
    InterfaceMethod<"The operand with the tokens, or the image that they are made of.",
      "::mlir::Value", "getTokenOperand", (ins), "", [{ return $_op->getOperand(0); }]>,
    InterfaceMethod<[{What each dimension of `value`, an operand or result, runs over; empty if it
      has neither tokens nor what they are made of (a weight, a mask).}],
      "::llvm::SmallVector<::mlir::dchag::TokenDim>", "getTokenDims", (ins "::mlir::Value":$value)>
  ];
  let extraSharedClassDeclaration = [{
    /// The first dimension of `value` that runs over `what`; nullopt if there is none.
    ::std::optional<unsigned> findTokenDim(::mlir::Value value, ::mlir::dchag::TokenDim what) {
      auto dims = $_op.getTokenDims(value);
      assert((dims.empty() || ::llvm::cast<::mlir::RankedTensorType>(value.getType()).getRank() ==
                                  int64_t(dims.size())) && "an entry for each dimension");
      auto it = ::llvm::find(dims, what);
      return it == dims.end() ? ::std::nullopt : ::std::optional<unsigned>(it - dims.begin());
    }
  }];
}

#endif // DCHAG_INTERFACES_TOKENS
