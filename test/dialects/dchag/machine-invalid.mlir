// RUN: dchag-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{(H1) machine must have a name}}
module attributes {m = #dchag.machine<"", cores = 2, flops = [f32 = 1.0], memory = 1.0, network = [<"n", ranks = 2, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{(H2) machine "m" must have 'cores' of at least 1: got 0}}
module attributes {m = #dchag.machine<"m", cores = 0, flops = [f32 = 1.0], memory = 1.0, network = [<"n", ranks = 2, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{machine "m" must have 'cores', the cores of a rank: missing}}
module attributes {m = #dchag.machine<"m", flops = [f32 = 1.0], memory = 1.0, network = [<"n", ranks = 2, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{machine "m" must have 'cores' once: got it twice}}
module attributes {m = #dchag.machine<"m", cores = 1, cores = 2, flops = [f32 = 1.0], memory = 1.0, network = [<"n", ranks = 2, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{machine "m" has no figure 'core'}}
module attributes {m = #dchag.machine<"m", core = 1, flops = [f32 = 1.0], memory = 1.0, network = [<"n", ranks = 2, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{(H3) machine "m" must have 'flops' of at least one type}}
module attributes {m = #dchag.machine<"m", cores = 2, flops = [], memory = 1.0, network = [<"n", ranks = 2, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{(H3) machine "m" must have 'flops' of a type once: got 'f32' twice}}
module attributes {m = #dchag.machine<"m", cores = 2, flops = [f32 = 1.0, f32 = 2.0], memory = 1.0, network = [<"n", ranks = 2, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{(H3) machine "m" must have 'flops' of types of floats: got 'i32'}}
module attributes {m = #dchag.machine<"m", cores = 2, flops = [i32 = 1.0], memory = 1.0, network = [<"n", ranks = 2, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{(H4) machine "m" must have positive, finite 'flops' of 'bf16': got 0}}
module attributes {m = #dchag.machine<"m", cores = 2, flops = [f32 = 1.0, bf16 = 0.0], memory = 1.0, network = [<"n", ranks = 2, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{(H4) machine "m" must have a positive, finite 'memory': got -1}}
module attributes {m = #dchag.machine<"m", cores = 2, flops = [f32 = 1.0], memory = -1.0, network = [<"n", ranks = 2, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{network level "n" must have 'latency', seconds of an empty message: missing}}
module attributes {m = #dchag.machine<"m", cores = 2, flops = [f32 = 1.0], memory = 1.0, network = [<"n", ranks = 2, bandwidth = 1.0>]>} {}

// -----

// expected-error @+1 {{(H4) network level "n" must have a positive, finite 'bandwidth': got -2}}
module attributes {m = #dchag.machine<"m", cores = 2, flops = [f32 = 1.0], memory = 1.0, network = [<"n", ranks = 2, bandwidth = -2.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{(H4) network level "n" must have a positive, finite 'latency': got 0}}
module attributes {m = #dchag.machine<"m", cores = 2, flops = [f32 = 1.0], memory = 1.0, network = [<"n", ranks = 2, bandwidth = 1.0, latency = 0.0>]>} {}

// -----

// expected-error @+1 {{(H5) network level "n" must have 'ranks' of at least 2: got 1}}
module attributes {m = #dchag.machine<"m", cores = 2, flops = [f32 = 1.0], memory = 1.0, network = [<"n", ranks = 1, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{(H5) machine "m" must have a level in 'network'}}
module attributes {m = #dchag.machine<"m", cores = 2, flops = [f32 = 1.0], memory = 1.0, network = []>} {}

// -----

// expected-error @+1 {{(H5) network level "o" must have 'ranks' of several groups of 4: got 6}}
module attributes {m = #dchag.machine<"m", cores = 2, flops = [f32 = 1.0], memory = 1.0, network = [<"n", ranks = 4, bandwidth = 1.0, latency = 1.0>, <"o", ranks = 6, bandwidth = 1.0, latency = 1.0>]>} {}

// -----

// expected-error @+1 {{dchag.machine is "fast", wanted #dchag.machine}}
module attributes {dchag.machine = "fast"} {}
