//===- Requests.cpp - collectives under way --------------------------------*- C++ -*-===//

#include "dialects/dchag_rt/Destination.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::rt;

LogicalResult StartOp::verifyRegions() {
  Block &block = getBody().front();
  bool alone = llvm::hasSingleElement(block) && block.getNumArguments() == 0;
  if (!alone || !getExchange(&block.front()) || !isa<DestinationStyleOpInterface>(block.front()) ||
      block.front().getNumResults() != 0)
    return emitOpError("(S1) holds one collective on buffers and nothing else");
  if (!isa<FunctionOpInterface>((*this)->getParentOp()))
    return emitOpError("(S2) stands inside '")
           << (*this)->getParentOp()->getName()
           << "', so that ranks may disagree on whether they reach it: move it to the body of the "
              "function";
  if (!getRequest().hasOneUse())
    return emitOpError("(S3) needs one dchag_rt.wait for its request");
  Operation *user = *getRequest().user_begin();
  if (!isa<WaitOp>(user) || user->getBlock() != (*this)->getBlock())
    return emitOpError("(S3) needs a dchag_rt.wait for its request in the same block: got '")
           << user->getName() << "'";
  return success();
}

void WaitOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  if (getSource())
    effects.emplace_back(MemoryEffects::Read::get(), &getSourceMutable()[0]);
  effects.emplace_back(MemoryEffects::Read::get(), &getInitMutable());
  effects.emplace_back(MemoryEffects::Write::get(), &getInitMutable());
  effects.emplace_back(MemoryEffects::Read::get(), CommunicatorResource::get());
  effects.emplace_back(MemoryEffects::Write::get(), CommunicatorResource::get());
}

LogicalResult WaitOp::verify() {
  auto start = getRequest().getDefiningOp<StartOp>();
  if (!start)
    return emitOpError("(W1) waits for what no dchag_rt.start began");
  // The start may not have been verified yet.
  if (!llvm::hasSingleElement(start.getBody()) || start.getBody().front().empty())
    return success();
  Operation *collective = &start.getBody().front().front();
  SmallVector<Value> buffers(collective->getOperands()), named;
  if (getSource())
    named.push_back(getSource());
  named.push_back(getInit());
  if (buffers != named)
    return emitOpError("(W2) does not name the buffers of the collective, those of '")
           << collective->getName() << "' in the same order";
  return success();
}
