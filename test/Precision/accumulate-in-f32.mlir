// RUN: dchag-opt %s --accumulate-in-f32 --canonicalize | FileCheck %s
// RUN: dchag-opt %s --check-equal=accumulate-in-f32 --inputs=integers,normal

// The factors stay as they are stored.
// CHECK-LABEL: func.func @contract(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<2x3xbf16>, %[[B:[a-z0-9]+]]: tensor<3x5xbf16>
// CHECK:         %[[S:.+]] = linalg.contract {{.+}} ins(%[[A]], %[[B]] : tensor<2x3xbf16>, tensor<3x5xbf16>) outs({{.+}} : tensor<2x5xf32>)
// CHECK:         arith.truncf %[[S]] : tensor<2x5xf32> to tensor<2x5xbf16>
func.func @contract(%a: tensor<2x3xbf16>, %b: tensor<3x5xbf16>) -> tensor<2x5xbf16> {
  %zero = arith.constant 0.0 : bf16
  %e = tensor.empty() : tensor<2x5xbf16>
  %f = linalg.fill ins(%zero : bf16) outs(%e : tensor<2x5xbf16>) -> tensor<2x5xbf16>
  %c = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
                                        affine_map<(i, j, k) -> (i, j)>]
       ins(%a, %b : tensor<2x3xbf16>, tensor<3x5xbf16>) outs(%f : tensor<2x5xbf16>) -> tensor<2x5xbf16>
  return %c : tensor<2x5xbf16>
}

// CHECK-LABEL: func.func @sum(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf16>
// CHECK:         %[[W:.+]] = arith.extf %[[X]] : tensor<2x3xf16> to tensor<2x3xf32>
// CHECK:         %[[S:.+]] = linalg.reduce {{.+}} ins(%[[W]] : tensor<2x3xf32>) outs({{.+}} : tensor<2xf32>)
// CHECK:         arith.truncf %[[S]] : tensor<2xf32> to tensor<2xf16>
func.func @sum(%x: tensor<2x3xf16>) -> tensor<2xf16> {
  %zero = arith.constant 0.0 : f16
  %e = tensor.empty() : tensor<2xf16>
  %f = linalg.fill ins(%zero : f16) outs(%e : tensor<2xf16>) -> tensor<2xf16>
  %s = linalg.reduce { arith.addf } ins(%x : tensor<2x3xf16>) outs(%f : tensor<2xf16>) dimensions = [1]
  return %s : tensor<2xf16>
}

// CHECK-LABEL: func.func @product(
// CHECK:         linalg.reduce {{.+}} ins({{.+}} : tensor<2x3xf32>) outs({{.+}} : tensor<2xf32>)
func.func @product(%x: tensor<2x3xf16>) -> tensor<2xf16> {
  %one = arith.constant 1.0 : f16
  %e = tensor.empty() : tensor<2xf16>
  %f = linalg.fill ins(%one : f16) outs(%e : tensor<2xf16>) -> tensor<2xf16>
  %s = linalg.reduce { arith.mulf } ins(%x : tensor<2x3xf16>) outs(%f : tensor<2xf16>) dimensions = [1]
  return %s : tensor<2xf16>
}

// Exact in any type.
// CHECK-LABEL: func.func @max(
// CHECK-NOT:     f32
// CHECK:         return
func.func @max(%x: tensor<2x3xf16>) -> tensor<2xf16> {
  %low = arith.constant 0xFC00 : f16
  %e = tensor.empty() : tensor<2xf16>
  %f = linalg.fill ins(%low : f16) outs(%e : tensor<2xf16>) -> tensor<2xf16>
  %s = linalg.reduce { arith.maximumf } ins(%x : tensor<2x3xf16>) outs(%f : tensor<2xf16>) dimensions = [1]
  return %s : tensor<2xf16>
}

// CHECK-LABEL: func.func @wide(
// CHECK-NOT:     arith.truncf
// CHECK:         return
func.func @wide(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %s = linalg.reduce { arith.addf } ins(%x : tensor<2x3xf32>) outs(%f : tensor<2xf32>) dimensions = [1]
  return %s : tensor<2xf32>
}

// Parts of a softmax over channels are added up over ranks: they are of f32, weights stay narrow.
// CHECK-LABEL: func.func @aggregate(
// CHECK-SAME:    %[[T:[a-z0-9]+]]: tensor<2x1x3x4x8xbf16>
// CHECK:         %[[Y:.+]] = dchag.aggregate %[[T]], {{.+}} -> tensor<2x1x1x4x8xf32>
// CHECK:         arith.truncf %[[Y]]
func.func @aggregate(%t: tensor<2x1x3x4x8xbf16>, %q: tensor<1x1x8xbf16>, %wk: tensor<1x8x8xbf16>) -> tensor<2x1x1x4x8xbf16> {
  %y = dchag.aggregate %t, %q keys(%wk) {heads = 2 : i64, scale = 0.5 : f64} : (tensor<2x1x3x4x8xbf16>, tensor<1x1x8xbf16>, tensor<1x8x8xbf16>) -> tensor<2x1x1x4x8xbf16>
  return %y : tensor<2x1x1x4x8xbf16>
}

// Its channels are split after the bias is taken out of it.
// CHECK-LABEL: func.func @aggregate_linear(
// CHECK:         %[[Y:.+]] = dchag.aggregate_linear {{.+}} bias({{.+}}) : (tensor<2x1x3x4x8xbf16>, tensor<1x2x3xbf16>, tensor<1x2xbf16>) -> tensor<2x1x2x4x8xf32>
// CHECK:         arith.truncf %[[Y]]
func.func @aggregate_linear(%t: tensor<2x1x3x4x8xbf16>, %w: tensor<1x2x3xbf16>, %b: tensor<1x2xbf16>) -> tensor<2x1x2x4x8xbf16> {
  %y = dchag.aggregate_linear %t weight(%w) bias(%b) : (tensor<2x1x3x4x8xbf16>, tensor<1x2x3xbf16>, tensor<1x2xbf16>) -> tensor<2x1x2x4x8xbf16>
  return %y : tensor<2x1x2x4x8xbf16>
}

// Rounded once inside of its decomposition, and split by no sum: it stays.
// CHECK-LABEL: func.func @norm(
// CHECK:         dchag.layer_norm {{.+}}xbf16
// CHECK-NOT:     f32
func.func @norm(%x: tensor<2x8xbf16>) -> tensor<2x8xbf16> {
  %y = dchag.layer_norm %x {dims = 1 : i64, epsilon = 1.0e-5 : f64} : (tensor<2x8xbf16>) -> tensor<2x8xbf16>
  return %y : tensor<2x8xbf16>
}
