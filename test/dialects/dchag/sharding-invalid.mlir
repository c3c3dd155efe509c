// RUN: dchag-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{mesh must have axes of different names: got "tp" twice}}
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2, "tp" = 3]>} {}

// -----

// expected-error @+1 {{mesh axis "tp" must have a size from 1}}
module attributes {dchag.mesh = #dchag.mesh<["tp" = 0]>} {}

// -----

// expected-error @+1 {{mesh must have at least one axis}}
module attributes {dchag.mesh = #dchag.mesh<[]>} {}

// -----

// expected-error @+1 {{(S2) sharding must use an axis once: got "tp" twice}}
module attributes {s2 = #dchag.sharding<[["tp"], ["tp"]]>} {}

// -----

// expected-error @+1 {{(S2) sharding must use an axis once: got "tp" twice}}
module attributes {s2 = #dchag.sharding<[["tp"], []], partial = ["tp" = sum]>} {}

// -----

// expected-error @+1 {{(S4) sharding must have positive block sizes: got 0}}
module attributes {s4 = #dchag.sharding<[["tp"] block 0]>} {}

// -----

// expected-error @+1 {{(S5) partial result must be sum, max, min or softmax: got parallel}}
module attributes {s5 = #dchag.sharding<[[]], partial = ["tp" = parallel]>} {}

// -----

// expected-error @+1 {{rule has 1 factors, but names factor 1}}
module attributes {rule = #dchag.rule<[#dchag.factor<3, parallel>], [[array<i64: 0>]], [[array<i64: 1>]]>} {}
