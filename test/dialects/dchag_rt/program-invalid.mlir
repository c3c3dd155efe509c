// RUN: dchag-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{(A1) axis "tp" has the size 0, wanted 1 or more}}
module attributes {t.a = #dchag_rt.axis<"tp", 0>} {}

// -----

// expected-error @+1 {{(B1) buffer "x" has the role "guest", which is none: wanted one such as "input"}}
module attributes {t.a = #dchag_rt.buffer<"x", "guest", tensor<2xf32>, local = tensor<2xf32>, axes = [array<i32>]>} {}

// -----

// expected-error @+1 {{(B1) buffer "x" has the type 'tensor<2xf32>', of a rank 'tensor<2x1xf32>', and axes of 1 dimensions: wanted static shapes of one rank}}
module attributes {t.a = #dchag_rt.buffer<"x", "input", tensor<2xf32>, local = tensor<2x1xf32>, axes = [array<i32>]>} {}

// -----

// expected-error @+1 {{(B2) buffer "x" has 1 of 2 in dimension 0, which no axis splits}}
module attributes {t.a = #dchag_rt.buffer<"x", "input", tensor<2xf32>, local = tensor<1xf32>, axes = [array<i32>]>} {}

// -----

// expected-error @+1 {{(B3) buffer "w" of the role "param" has no reads: wanted a list of #dchag.read}}
module attributes {t.a = #dchag_rt.buffer<"w", "param", tensor<2xf32>, local = tensor<2xf32>, axes = [array<i32>]>} {}

// -----

// expected-error @+1 {{(E1) entry point "step" has an arena of -1 bytes}}
module attributes {t.a = #dchag_rt.entry<"step", @f, step, buffers = [], arena = -1>} {}

// -----

// expected-error @+1 {{(P1) sites holds 1 : i64, wanted strings}}
module attributes {t.a = #dchag_rt.program<"m", axes = [], groups = [], sites = [1], buffers = [], entries = []>} {}

// -----

// expected-error @+1 {{(P2) a group names number 1 of 1}}
module attributes {t.a = #dchag_rt.program<"m", axes = [#dchag_rt.axis<"tp", 2>], groups = [array<i32: 1>], sites = [], buffers = [], entries = []>} {}

// -----

// expected-error @+1 {{(P2) entry point step names number 0 of 0}}
module attributes {t.a = #dchag_rt.program<"m", axes = [], groups = [], sites = [], buffers = [], entries = [#dchag_rt.entry<"step", @f, step, buffers = [0], arena = 0>]>} {}

// -----

// expected-error @+1 {{dchag_rt.program is "m", wanted #dchag_rt.program}}
module attributes {dchag_rt.program = "m"} {}
