// RUN: dchag-opt %s --prepare --split-input-file | FileCheck %s
// RUN: dchag-opt %s --prepare --extract-reads --split-input-file | FileCheck %s --check-prefix=READS

// A weight that is transposed and one that is used as it is, a bias whose broadcast stays,
// an unused parameter that goes.

// CHECK-LABEL: func.func @prepare(
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<5x3xf32> {dchag.name = "fc.weight", dchag.role = "param"}
// CHECK-SAME:    %[[B:[a-z0-9]+]]: tensor<5xf32> {dchag.name = "fc.bias", dchag.role = "param"}
// CHECK-SAME:    -> (tensor<5xf32> {dchag.name = "fc.bias"}, tensor<3x5xf32> {dchag.name = "fc.weight"})
// CHECK:         %[[T:.+]] = linalg.transpose ins(%[[W]]
// CHECK:         return %[[B]], %[[T]]
// CHECK-LABEL: func.func @step(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf32> {dchag.name = "x", dchag.role = "input"}
// CHECK-SAME:    %[[CB:[a-z0-9]+]]: tensor<5xf32> {dchag.name = "fc.bias", dchag.role = "compiled"}
// CHECK-SAME:    %[[CW:[a-z0-9]+]]: tensor<3x5xf32> {dchag.name = "fc.weight", dchag.role = "compiled"}
// CHECK-NOT:     linalg.transpose
// CHECK-DAG:     linalg.broadcast ins(%[[CB]]
// CHECK-DAG:     linalg.contract {{.+}} ins(%[[X]], %[[CW]]

// READS-LABEL: func.func @prepare(
// READS-SAME:    %[[B:[a-z0-9]+]]: tensor<5xf32> {dchag.name = "fc.bias", dchag.reads = [#dchag.read<"fc.bias", tensor<5xf32>, offset = 0, strides = [1], at = [0], sizes = [5]>], dchag.role = "loaded"}
// READS-SAME:    %[[W:[a-z0-9]+]]: tensor<3x5xf32> {dchag.name = "fc.weight", dchag.reads = [#dchag.read<"fc.weight", tensor<5x3xf32>, offset = 0, strides = [1, 3], at = [0, 0], sizes = [3, 5]>], dchag.role = "loaded"}
// READS-NEXT:    return %[[B]], %[[W]]
module {
  func.func @step(%x: tensor<2x3xf32> {dchag.name = "x", dchag.role = "input"},
                  %w: tensor<5x3xf32> {dchag.name = "fc.weight", dchag.role = "param"},
                  %b: tensor<5xf32> {dchag.name = "fc.bias", dchag.role = "param"},
                  %u: tensor<7xf32> {dchag.name = "unused", dchag.role = "param"}) -> tensor<2x5xf32> {
    %e = tensor.empty() : tensor<3x5xf32>
    %t = linalg.transpose ins(%w : tensor<5x3xf32>) outs(%e : tensor<3x5xf32>) permutation = [1, 0]
    %zero = arith.constant 0.0 : f32
    %f = tensor.empty() : tensor<2x5xf32>
    %ba = linalg.broadcast ins(%b : tensor<5xf32>) outs(%f : tensor<2x5xf32>) dimensions = [0]
    %init = linalg.fill ins(%zero : f32) outs(%f : tensor<2x5xf32>) -> tensor<2x5xf32>
    %p = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
      ins(%x, %t : tensor<2x3xf32>, tensor<3x5xf32>) outs(%init : tensor<2x5xf32>) -> tensor<2x5xf32>
    %y = arith.addf %p, %ba : tensor<2x5xf32>
    return %y : tensor<2x5xf32>
  }
}

// -----

// Parts of a packed parameter, stacked parameters, and a product that is computed from
// loaded values.

// CHECK-LABEL: func.func @prepare(
// CHECK-SAME:    -> (tensor<2x3xf32> {dchag.name = "qkv"}, tensor<2x3xf32> {dchag.name = "embeds.weight"})
// CHECK-LABEL: func.func @step(
// CHECK-SAME:    {dchag.name = "qkv", dchag.role = "compiled"}
// CHECK-SAME:    {dchag.name = "embeds.weight", dchag.role = "compiled"}

// READS-LABEL: func.func @prepare(
// READS-SAME:    %[[Q:[a-z0-9]+]]: tensor<2x3xf32> {dchag.name = "qkv", dchag.reads = [#dchag.read<"qkv", tensor<6x3xf32>, offset = 6, strides = [3, 1], at = [0, 0], sizes = [2, 3]>]
// READS-SAME:    %[[E:[a-z0-9]+]]: tensor<2x3xf32> {dchag.name = "embeds.weight", dchag.reads = [#dchag.read<"embeds.0.weight", tensor<3xf32>, offset = 0, strides = [{{[0-9]+}}, 1], at = [0, 0], sizes = [1, 3]>, #dchag.read<"embeds.1.weight", tensor<3xf32>, offset = 0, strides = [{{[0-9]+}}, 1], at = [1, 0], sizes = [1, 3]>]
// READS:         %[[N:.+]] = arith.mulf %[[Q]], %[[Q]]
// READS:         return %[[N]], %[[E]]
module {
  func.func @step(%x: tensor<2x3xf32> {dchag.name = "x", dchag.role = "input"},
                  %w: tensor<6x3xf32> {dchag.name = "qkv", dchag.role = "param"},
                  %a: tensor<3xf32> {dchag.name = "embeds.0.weight", dchag.role = "param"},
                  %b: tensor<3xf32> {dchag.name = "embeds.1.weight", dchag.role = "param"}) -> tensor<2x3xf32> {
    %s = tensor.extract_slice %w[2, 0] [2, 3] [1, 1] : tensor<6x3xf32> to tensor<2x3xf32>
    %n = arith.mulf %s, %s : tensor<2x3xf32>
    %a1 = tensor.expand_shape %a [[0, 1]] output_shape [1, 3] : tensor<3xf32> into tensor<1x3xf32>
    %b1 = tensor.expand_shape %b [[0, 1]] output_shape [1, 3] : tensor<3xf32> into tensor<1x3xf32>
    %c = tensor.concat dim(0) %a1, %b1 : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
    %y = arith.addf %x, %n : tensor<2x3xf32>
    %z = arith.addf %y, %c : tensor<2x3xf32>
    return %z : tensor<2x3xf32>
  }
}

// -----

// What the region of an op uses moves with it; and where the op stays, it is a result of @prepare.

// CHECK-LABEL: func.func @prepare(
// CHECK-SAME:    -> (f32 {dchag.name = "s"}, tensor<4xf32> {dchag.name = "w"})
// CHECK:         %[[S:.+]] = arith.mulf
// CHECK:         %[[C:.+]] = arith.constant 1.000000e+00 : f32
// CHECK:         %[[P:.+]] = tensor.pad
// CHECK:           tensor.yield %[[C]]
// CHECK:         return %[[S]], %[[P]]
// CHECK-LABEL: func.func @step(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: f32 {dchag.name = "s", dchag.role = "compiled"}
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<4xf32> {dchag.name = "w", dchag.role = "compiled"}
// CHECK:         tensor.pad
// CHECK:           tensor.yield %[[A]]
// READS-LABEL: func.func @prepare(
module {
  func.func @step(%x: tensor<2xf32> {dchag.name = "x", dchag.role = "input"},
                  %w: tensor<2xf32> {dchag.name = "w", dchag.role = "param"}, %s: tensor<f32> {dchag.name = "s", dchag.role = "param"}) -> tensor<4xf32> {
    %c = arith.constant 1.0 : f32
    %e = tensor.extract %s[] : tensor<f32>
    %d = arith.mulf %e, %e : f32
    %p = tensor.pad %w low[1] high[1] {
    ^bb0(%i: index):
      tensor.yield %c : f32
    } : tensor<2xf32> to tensor<4xf32>
    %q = tensor.pad %x low[1] high[1] {
    ^bb0(%i: index):
      tensor.yield %d : f32
    } : tensor<2xf32> to tensor<4xf32>
    %y = arith.addf %p, %q : tensor<4xf32>
    return %y : tensor<4xf32>
  }
}
