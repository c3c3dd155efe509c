// Attentions with the query of a parameter in bf16: one with a bias is no aggregation and stays as it is, the other one
// is raised; results keep their type.
// RUN: dchag-opt %s --raise-aggregate 2>/dev/null | FileCheck %s

// CHECK-LABEL: func.func @biased
// CHECK: %[[Y:.*]] = dchag.attention %{{.*}}, %{{.*}}, %{{.*}} bias(
// CHECK: return %[[Y]] : tensor<2x1x6x1xbf16>
func.func @biased(%q: tensor<2x1x6x4xbf16> {dchag.role = "param", dchag.name = "q"}, %k: tensor<2x1x3x4xbf16> {dchag.role = "input", dchag.name = "k"},
                  %v: tensor<2x1x3x1xbf16> {dchag.role = "input", dchag.name = "v"}, %b: tensor<2x1x6x3xbf16> {dchag.role = "param", dchag.name = "b"}) -> (tensor<2x1x6x1xbf16> {dchag.name = "y"}) {
  %y = dchag.attention %q, %k, %v bias(%b) {scale = 0.25 : f64} : (tensor<2x1x6x4xbf16>, tensor<2x1x3x4xbf16>, tensor<2x1x3x1xbf16>, tensor<2x1x6x3xbf16>) -> tensor<2x1x6x1xbf16>
  return %y : tensor<2x1x6x1xbf16>
}
