//===- Destination.h - what destination-passing ops share ------------------*- C++ -*-===//
#ifndef DCHAG_RT_DESTINATION_H
#define DCHAG_RT_DESTINATION_H

#include "dialects/dchag_rt/Runtime.h"

namespace mlir::dchag::rt {

/// Effects on buffers: reads of inputs, and of `init` where `readsInit`; writes of `init`.
void getDestinationEffects(DestinationStyleOpInterface op, bool readsInit,
                           SmallVectorImpl<MemoryEffects::EffectInstance> &effects);

/// A result of the type of `init` for tensors, none for buffers; never a mixture.
LogicalResult verifyDestination(DestinationStyleOpInterface op, StringRef label);

} // namespace mlir::dchag::rt

#endif // DCHAG_RT_DESTINATION_H
