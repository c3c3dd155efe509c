// RUN: dchag-opt %s -split-input-file -verify-diagnostics

// Attributes of arguments and results by which a module says what it is as a program.

// expected-error @+1 {{argument 0 of type 'tensor<2xf32>' has "dchag.role" = "guest", wanted "input", "output", "param", "compiled", "loaded" or another dialect's role}}
func.func @step(%x: tensor<2xf32> {dchag.role = "guest"}) { return }

// -----

// expected-error @+1 {{result 0 of type 'tensor<2xf32>' has "dchag.name" = 1 : i64, wanted a string}}
func.func @step(%x: tensor<2xf32>) -> (tensor<2xf32> {dchag.name = 1}) { return %x : tensor<2xf32> }

// -----

// expected-error @+1 {{argument 0 of type 'tensor<2xf32>' has "dchag.unsigned" = unit, wanted a unit attribute of integers}}
func.func @step(%x: tensor<2xf32> {dchag.unsigned}) { return }

// -----

// expected-error @+1 {{argument 0 of type 'tensor<2xf32>' has "dchag.reads" = ["w"], wanted a list of #dchag.read}}
func.func @prepare(%x: tensor<2xf32> {dchag.reads = ["w"]}) { return }

// -----

// expected-error @+1 {{argument 0 of type 'tensor<2xi32>' has "dchag.range" = array<i64: 3, 1>, wanted array<i64: smallest, largest> of integers}}
func.func @step(%x: tensor<2xi32> {dchag.range = array<i64: 3, 1>}) { return }

// -----

// expected-error @+1 {{argument 0 of type 'tensor<2xf32>' has "dchag.source" = "w.bin", wanted #dchag.source}}
func.func @step(%x: tensor<2xf32> {dchag.source = "w.bin"}) { return }

// -----

// expected-error @+1 {{argument 0 of type 'tensor<2xf32>' has "dchag.sharding" = "tp", wanted #dchag.sharding}}
func.func @step(%x: tensor<2xf32> {dchag.sharding = "tp"}) { return }

// -----

// expected-error @+1 {{dchag.model is 3 : i64, wanted a string}}
module attributes {dchag.model = 3} {}

// -----

// expected-error @+1 {{dchag.mesh is "tp=2", wanted #dchag.mesh}}
module attributes {dchag.mesh = "tp=2"} {}
