//===- RuntimeOps.td - all ops of the dchag_rt dialect -------------*- tablegen -*-===//
#ifndef DCHAG_RT_RUNTIMEOPS
#define DCHAG_RT_RUNTIMEOPS

include "dialects/dchag_rt/Collectives.td"
include "dialects/dchag_rt/Kernel.td"
include "dialects/dchag_rt/Matmul.td"
include "dialects/dchag_rt/Program.td"
include "dialects/dchag_rt/Requests.td"
include "dialects/dchag_rt/Views.td"

#endif // DCHAG_RT_RUNTIMEOPS
