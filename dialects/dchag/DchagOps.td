//===- DchagOps.td - all ops of the dchag dialect -----------------*- tablegen -*-===//
#ifndef DCHAG_DCHAGOPS
#define DCHAG_DCHAGOPS

include "dialects/dchag/DchagAttrs.td"
include "dialects/dchag/DchagMachine.td"
include "dialects/dchag/DchagSharding.td"
include "dialects/dchag/DchagTarget.td"
include "dialects/dchag/Activation.td"
include "dialects/dchag/Aggregate.td"
include "dialects/dchag/Attention.td"
include "dialects/dchag/Convolution.td"
include "dialects/dchag/FoldedAggregate.td"
include "dialects/dchag/FoldedLinear.td"
include "dialects/dchag/FoldWeights.td"
include "dialects/dchag/Gather.td"
include "dialects/dchag/Norm.td"
include "dialects/dchag/Patchify.td"
include "dialects/dchag/Spmd.td"
include "dialects/dchag/Tokenize.td"

#endif // DCHAG_DCHAGOPS
