// RUN: dchag-opt %s | dchag-opt | FileCheck %s
// RUN: dchag-opt %s --mlir-print-op-generic | dchag-opt | FileCheck %s

// Figures may stand in any order.
// CHECK: dchag.machine = #dchag.machine<"m", cores = 2, flops = [f32 = 1.000000e+11, bf16 = 2.500000e+11], memory = 1.000000e+10, network = [<"node", ranks = 4, bandwidth = 1.000000e+10, latency = 9.9999999999999995E-7>, <"cluster", ranks = 64, bandwidth = 1.000000e+09, latency = 5.000000e-06>]>
module attributes {dchag.machine = #dchag.machine<"m", memory = 1.0e10, cores = 2,
  network = [<"node", latency = 1.0e-06, ranks = 4, bandwidth = 1.0e+10>,
             <"cluster", ranks = 64, bandwidth = 1.0e+09, latency = 5.0e-06>],
  flops = [f32 = 1.0e+11, bf16 = 2.5e+11]>} {
}
