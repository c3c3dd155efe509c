//===- LinearAggregate.cpp - recognises linear aggregations ----------------*- C++ -*-===//

#include "LinearAggregate.h"
#include "dialects/dchag/Dchag.h"

using namespace mlir;
using namespace mlir::dchag;

/// y[.., i, ..] = sum over the channels of a tokenization or aggregation of weight[i, c] t[c].
bool dchag::raiseLinear(linalg::ContractOp op, ParameterAnalysis &parameters) {
  for (unsigned side : {0, 1}) {
    if (!parameters.isParameterOnly(op.getInputs()[side]))
      continue;
    IndexNotation notation(parameters);
    Location loc = op.getLoc();
    Ref root = notation.createRef(op.getResult(0));
    IndexNotation::Product product = notation.getProduct(op, root);
    Ref weight = side == 0 ? product.lhs : product.rhs;
    Ref tokens = notation.strip(side == 0 ? product.rhs : product.lhs);
    auto tokenize = tokens.value.getDefiningOp<TokenizeOp>();
    auto aggregate = tokens.value.getDefiningOp<AggregateOp>();
    // Groups of an aggregation are the channels of the next one.
    if (!tokenize && !aggregate)
      continue;
    FailureOr<AtomTensor> weightAtoms = notation.rebuildParameters(weight, nullptr, loc);
    if (failed(weightAtoms) || failed(notation.read(tokens, nullptr, loc)))
      continue;
    AtomList channels;
    for (const Index &index : product.reduced)
      llvm::append_range(channels, notation.getAtoms(index));
    tokens = notation.strip(tokens);
    AtomList channelDim = notation.getAtoms(tokens.dims[1]);
    AtomList batch = notation.getAtoms(tokens.dims[0]),
             width = notation.getAtoms(tokens.dims.back());
    AtomList positions =
        without(without(without(notation.getAtoms(tokens), channels), batch), width);
    AtomList queries = without(weightAtoms->atoms, channels);
    AtomList kept = batch;
    llvm::append_range(kept, positions);
    llvm::append_range(kept, width);
    if (!containsAll(channelDim, channels) || channels.empty() ||
        !containsNone(kept, weightAtoms->atoms))
      continue;
    OpBuilder b(op);
    AtomTensor weightTensor = *notation.rebuildParameters(weight, &b, loc);
    AtomTensor tokenTensor = *notation.read(tokens, &b, loc);
    Value t = notation.arrange(tokenTensor, {batch, {}, channels, positions, width}, b, loc);
    Value w = notation.arrange(weightTensor, {{}, queries, channels}, b, loc);
    SmallVector<AtomList> dims{batch, {}, queries, positions, width};
    SmallVector<int64_t> shape;
    for (const AtomList &dim : dims)
      shape.push_back(notation.getSize(ArrayRef<Atom>(dim)));
    auto type =
        RankedTensorType::get(shape, cast<RankedTensorType>(root.value.getType()).getElementType());
    Value result = AggregateLinearOp::create(b, loc, type, t, w, Value());
    root.value.replaceAllUsesWith(
        notation.arrangeAs(notation.split(result, dims, b, loc), root, b, loc));
    return true;
  }
  return false;
}
