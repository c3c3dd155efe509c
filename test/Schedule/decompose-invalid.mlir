// RUN: dchag-opt %s --decompose --verify-diagnostics --allow-unregistered-dialect

// What remains must be ops that later passes know.
func.func @unknown(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+1 {{implement AggregatedOpInterface, which says what it is in simpler ops}}
  %y = "other.op"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
