// RUN: dchag-opt %s --raise-layer-norm | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(raise-layer-norm)' --allow-unchanged

// As TorchScript writes it below opset 17.
// CHECK-LABEL: func.func @affine(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x5xf64>, %[[S:[a-z0-9]+]]: tensor<5xf64> {{.+}}, %[[B:[a-z0-9]+]]: tensor<5xf64>
// CHECK-NEXT:    %[[Y:.+]] = dchag.layer_norm %[[X]] scale(%[[S]]) bias(%[[B]]) {dims = 1 : i64, epsilon = 1.000000e-05 : f64}
// CHECK-NEXT:    return %[[Y]]
func.func @affine(%x: tensor<2x5xf64>, %s: tensor<5xf64> {dchag.role = "param"},
                  %b: tensor<5xf64> {dchag.role = "param"}) -> tensor<2x5xf64> {
  %zero = arith.constant 0.0 : f64
  %five = arith.constant dense<5.0> : tensor<2xf64>
  %eps = arith.constant dense<1.0e-5> : tensor<2x1xf64>
  %e2 = tensor.empty() : tensor<2xf64>
  %e25 = tensor.empty() : tensor<2x5xf64>
  %init = linalg.fill ins(%zero : f64) outs(%e2 : tensor<2xf64>) -> tensor<2xf64>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x5xf64>) outs(%init : tensor<2xf64>) dimensions = [1]
  %mean = arith.divf %sum, %five : tensor<2xf64>
  %mean_all = linalg.broadcast ins(%mean : tensor<2xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [1]
  %d = arith.subf %x, %mean_all : tensor<2x5xf64>
  %two = arith.constant dense<2.0> : tensor<2x5xf64>
  %d2 = math.powf %d, %two : tensor<2x5xf64>
  %sum2 = linalg.reduce { arith.addf } ins(%d2 : tensor<2x5xf64>) outs(%init : tensor<2xf64>) dimensions = [1]
  %var = arith.divf %sum2, %five : tensor<2xf64>
  %var1 = tensor.expand_shape %var [[0, 1]] output_shape [2, 1] : tensor<2xf64> into tensor<2x1xf64>
  %shifted = arith.addf %var1, %eps : tensor<2x1xf64>
  %root = math.sqrt %shifted : tensor<2x1xf64>
  %root1 = tensor.collapse_shape %root [[0, 1]] : tensor<2x1xf64> into tensor<2xf64>
  %root_all = linalg.broadcast ins(%root1 : tensor<2xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [1]
  %n = arith.divf %d, %root_all : tensor<2x5xf64>
  %s_all = linalg.broadcast ins(%s : tensor<5xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [0]
  %m = arith.mulf %n, %s_all : tensor<2x5xf64>
  %b_all = linalg.broadcast ins(%b : tensor<5xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [0]
  %y = arith.addf %m, %b_all : tensor<2x5xf64>
  return %y : tensor<2x5xf64>
}

// Times the reciprocal of the root, square as a product, no scale and bias.
// CHECK-LABEL: func.func @reciprocal(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x5xf64>)
// CHECK-NEXT:    dchag.layer_norm %[[X]] {dims = 1 : i64, epsilon = 1.000000e-03 : f64}
func.func @reciprocal(%x: tensor<2x5xf64>) -> tensor<2x5xf64> {
  %zero = arith.constant 0.0 : f64
  %fifth = arith.constant dense<0.2> : tensor<2xf64>
  %eps = arith.constant dense<1.0e-3> : tensor<2xf64>
  %one = arith.constant dense<1.0> : tensor<2xf64>
  %e2 = tensor.empty() : tensor<2xf64>
  %e25 = tensor.empty() : tensor<2x5xf64>
  %init = linalg.fill ins(%zero : f64) outs(%e2 : tensor<2xf64>) -> tensor<2xf64>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x5xf64>) outs(%init : tensor<2xf64>) dimensions = [1]
  %mean = arith.mulf %fifth, %sum : tensor<2xf64>
  %mean_all = linalg.broadcast ins(%mean : tensor<2xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [1]
  %d = arith.subf %x, %mean_all : tensor<2x5xf64>
  %d2 = arith.mulf %d, %d : tensor<2x5xf64>
  %sum2 = linalg.reduce { arith.addf } ins(%d2 : tensor<2x5xf64>) outs(%init : tensor<2xf64>) dimensions = [1]
  %var = arith.mulf %sum2, %fifth : tensor<2xf64>
  %shifted = arith.addf %var, %eps : tensor<2xf64>
  %root = math.sqrt %shifted : tensor<2xf64>
  %inverse = arith.divf %one, %root : tensor<2xf64>
  %all = linalg.broadcast ins(%inverse : tensor<2xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [1]
  %n = arith.mulf %d, %all : tensor<2x5xf64>
  return %n : tensor<2x5xf64>
}

// The mean runs over the other dimension than the variance.
// CHECK-LABEL: func.func @other_mean(
// CHECK-NOT:     dchag.layer_norm
func.func @other_mean(%x: tensor<5x5xf64>) -> tensor<5x5xf64> {
  %zero = arith.constant 0.0 : f64
  %five = arith.constant dense<5.0> : tensor<5xf64>
  %eps = arith.constant dense<1.0e-3> : tensor<5xf64>
  %e5 = tensor.empty() : tensor<5xf64>
  %e55 = tensor.empty() : tensor<5x5xf64>
  %init = linalg.fill ins(%zero : f64) outs(%e5 : tensor<5xf64>) -> tensor<5xf64>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<5x5xf64>) outs(%init : tensor<5xf64>) dimensions = [0]
  %mean = arith.divf %sum, %five : tensor<5xf64>
  %mean_all = linalg.broadcast ins(%mean : tensor<5xf64>) outs(%e55 : tensor<5x5xf64>) dimensions = [0]
  %d = arith.subf %x, %mean_all : tensor<5x5xf64>
  %d2 = arith.mulf %d, %d : tensor<5x5xf64>
  %sum2 = linalg.reduce { arith.addf } ins(%d2 : tensor<5x5xf64>) outs(%init : tensor<5xf64>) dimensions = [1]
  %var = arith.divf %sum2, %five : tensor<5xf64>
  %shifted = arith.addf %var, %eps : tensor<5xf64>
  %root = math.sqrt %shifted : tensor<5xf64>
  %root_all = linalg.broadcast ins(%root : tensor<5xf64>) outs(%e55 : tensor<5x5xf64>) dimensions = [1]
  %n = arith.divf %d, %root_all : tensor<5x5xf64>
  return %n : tensor<5x5xf64>
}

// The divisor is not the number of elements (an unbiased variance).
// CHECK-LABEL: func.func @unbiased(
// CHECK-NOT:     dchag.layer_norm
func.func @unbiased(%x: tensor<2x5xf64>) -> tensor<2x5xf64> {
  %zero = arith.constant 0.0 : f64
  %five = arith.constant dense<5.0> : tensor<2xf64>
  %four = arith.constant dense<4.0> : tensor<2xf64>
  %eps = arith.constant dense<1.0e-3> : tensor<2xf64>
  %e2 = tensor.empty() : tensor<2xf64>
  %e25 = tensor.empty() : tensor<2x5xf64>
  %init = linalg.fill ins(%zero : f64) outs(%e2 : tensor<2xf64>) -> tensor<2xf64>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x5xf64>) outs(%init : tensor<2xf64>) dimensions = [1]
  %mean = arith.divf %sum, %five : tensor<2xf64>
  %mean_all = linalg.broadcast ins(%mean : tensor<2xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [1]
  %d = arith.subf %x, %mean_all : tensor<2x5xf64>
  %d2 = arith.mulf %d, %d : tensor<2x5xf64>
  %sum2 = linalg.reduce { arith.addf } ins(%d2 : tensor<2x5xf64>) outs(%init : tensor<2xf64>) dimensions = [1]
  %var = arith.divf %sum2, %four : tensor<2xf64>
  %shifted = arith.addf %var, %eps : tensor<2xf64>
  %root = math.sqrt %shifted : tensor<2xf64>
  %root_all = linalg.broadcast ins(%root : tensor<2xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [1]
  %n = arith.divf %d, %root_all : tensor<2x5xf64>
  return %n : tensor<2x5xf64>
}

// The normalised dimension is not the last one of what was transposed.
// CHECK-LABEL: func.func @channels_first(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x5x3xf64>
// CHECK:         %[[T:.+]] = linalg.transpose ins(%[[X]] {{.+}} permutation = [0, 2, 1]
// CHECK:         dchag.layer_norm %[[T]] scale(%{{.+}}) {dims = 1 : i64, epsilon = 1.000000e-05 : f64} : (tensor<2x3x5xf64>, tensor<5xf64>) -> tensor<2x3x5xf64>
// CHECK-NOT:     linalg.reduce
func.func @channels_first(%x: tensor<2x5x3xf64>, %s: tensor<5xf64> {dchag.role = "param"}) -> tensor<2x3x5xf64> {
  %zero = arith.constant 0.0 : f64
  %count = arith.constant dense<5.0> : tensor<2x3xf64>
  %eps = arith.constant dense<1.0e-5> : tensor<2x3xf64>
  %full = tensor.empty() : tensor<2x3x5xf64>
  %e = tensor.empty() : tensor<2x3xf64>
  %i = linalg.fill ins(%zero : f64) outs(%e : tensor<2x3xf64>) -> tensor<2x3xf64>
  %t = linalg.transpose ins(%x : tensor<2x5x3xf64>) outs(%full : tensor<2x3x5xf64>) permutation = [0, 2, 1]
  %sum = linalg.reduce { arith.addf } ins(%t : tensor<2x3x5xf64>) outs(%i : tensor<2x3xf64>) dimensions = [2]
  %mean = arith.divf %sum, %count : tensor<2x3xf64>
  %means = linalg.broadcast ins(%mean : tensor<2x3xf64>) outs(%full : tensor<2x3x5xf64>) dimensions = [2]
  %c = arith.subf %t, %means : tensor<2x3x5xf64>
  %square = arith.mulf %c, %c : tensor<2x3x5xf64>
  %squares = linalg.reduce { arith.addf } ins(%square : tensor<2x3x5xf64>) outs(%i : tensor<2x3xf64>) dimensions = [2]
  %var = arith.divf %squares, %count : tensor<2x3xf64>
  %shifted = arith.addf %var, %eps : tensor<2x3xf64>
  %root = math.sqrt %shifted : tensor<2x3xf64>
  %roots = linalg.broadcast ins(%root : tensor<2x3xf64>) outs(%full : tensor<2x3x5xf64>) dimensions = [2]
  %n = arith.divf %c, %roots : tensor<2x3x5xf64>
  %scale = linalg.broadcast ins(%s : tensor<5xf64>) outs(%full : tensor<2x3x5xf64>) dimensions = [0, 1]
  %y = arith.mulf %n, %scale : tensor<2x3x5xf64>
  return %y : tensor<2x3x5xf64>
}

// Root mean square, as it is written below opset 23; what is added to it stays.
// CHECK-LABEL: func.func @rms(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x5xf64>, %[[S:[a-z0-9]+]]: tensor<5xf64> {{.+}}, %[[B:[a-z0-9]+]]: tensor<5xf64>
// CHECK:         %[[Y:.+]] = dchag.rms_norm %[[X]] scale(%[[S]]) {dims = 1 : i64, epsilon = 1.000000e-05 : f64}
// CHECK:         arith.addf %[[Y]]
func.func @rms(%x: tensor<2x5xf64>, %s: tensor<5xf64> {dchag.role = "param"}, %b: tensor<5xf64> {dchag.role = "param"}) -> tensor<2x5xf64> {
  %zero = arith.constant 0.0 : f64
  %five = arith.constant dense<5.0> : tensor<2xf64>
  %eps = arith.constant dense<1.0e-5> : tensor<2xf64>
  %two = arith.constant dense<2.0> : tensor<2x5xf64>
  %e2 = tensor.empty() : tensor<2xf64>
  %e25 = tensor.empty() : tensor<2x5xf64>
  %init = linalg.fill ins(%zero : f64) outs(%e2 : tensor<2xf64>) -> tensor<2xf64>
  %x2 = math.powf %x, %two : tensor<2x5xf64>
  %sum = linalg.reduce { arith.addf } ins(%x2 : tensor<2x5xf64>) outs(%init : tensor<2xf64>) dimensions = [1]
  %mean = arith.divf %sum, %five : tensor<2xf64>
  %shifted = arith.addf %mean, %eps : tensor<2xf64>
  %inverse = math.rsqrt %shifted : tensor<2xf64>
  %all = linalg.broadcast ins(%inverse : tensor<2xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [1]
  %n = arith.mulf %x, %all : tensor<2x5xf64>
  %s_all = linalg.broadcast ins(%s : tensor<5xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [0]
  %m = arith.mulf %s_all, %n : tensor<2x5xf64>
  %b_all = linalg.broadcast ins(%b : tensor<5xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [0]
  %y = arith.addf %m, %b_all : tensor<2x5xf64>
  return %y : tensor<2x5xf64>
}

// Parts of a dimension, those of each head, are normalised, behind a transpose.
// CHECK-LABEL: func.func @heads(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x5x6xf64>, %[[S:[a-z0-9]+]]: tensor<3xf64>
// CHECK:         %[[H:.+]] = tensor.expand_shape %[[X]] {{.+}} into tensor<2x5x2x3xf64>
// CHECK:         %[[Y:.+]] = dchag.layer_norm %[[H]] scale(%[[S]]) {dims = 1 : i64, epsilon = 1.000000e-05 : f64} : (tensor<2x5x2x3xf64>,
// CHECK:         linalg.transpose ins(%[[Y]] : tensor<2x5x2x3xf64>) outs(%{{.+}} : tensor<2x2x5x3xf64>)
func.func @heads(%x: tensor<2x5x6xf64>, %s: tensor<3xf64> {dchag.role = "param"}) -> tensor<2x2x5x3xf64> {
  %third = arith.constant dense<0.33333333333333331> : tensor<2x2x5xf64>
  %eps = arith.constant dense<1.0e-5> : tensor<2x2x5xf64>
  %init = arith.constant dense<0.0> : tensor<2x2x5xf64>
  %e = tensor.empty() : tensor<2x2x5x3xf64>
  %h = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [2, 5, 2, 3] : tensor<2x5x6xf64> into tensor<2x5x2x3xf64>
  %k = linalg.transpose ins(%h : tensor<2x5x2x3xf64>) outs(%e : tensor<2x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %sum = linalg.reduce { arith.addf } ins(%k : tensor<2x2x5x3xf64>) outs(%init : tensor<2x2x5xf64>) dimensions = [3]
  %mean = arith.mulf %sum, %third : tensor<2x2x5xf64>
  %mean_all = linalg.broadcast ins(%mean : tensor<2x2x5xf64>) outs(%e : tensor<2x2x5x3xf64>) dimensions = [3]
  %d = arith.subf %k, %mean_all : tensor<2x2x5x3xf64>
  %d2 = arith.mulf %d, %d : tensor<2x2x5x3xf64>
  %sum2 = linalg.reduce { arith.addf } ins(%d2 : tensor<2x2x5x3xf64>) outs(%init : tensor<2x2x5xf64>) dimensions = [3]
  %var = arith.mulf %sum2, %third : tensor<2x2x5xf64>
  %shifted = arith.addf %var, %eps : tensor<2x2x5xf64>
  %root = math.sqrt %shifted : tensor<2x2x5xf64>
  %all = linalg.broadcast ins(%root : tensor<2x2x5xf64>) outs(%e : tensor<2x2x5x3xf64>) dimensions = [3]
  %n = arith.divf %d, %all : tensor<2x2x5x3xf64>
  %s_all = linalg.broadcast ins(%s : tensor<3xf64>) outs(%e : tensor<2x2x5x3xf64>) dimensions = [0, 1, 2]
  %y = arith.mulf %n, %s_all : tensor<2x2x5x3xf64>
  return %y : tensor<2x2x5x3xf64>
}

// CHECK-LABEL: func.func @rms_of_heads(
// CHECK:         dchag.rms_norm %{{.+}} {dims = 1 : i64, epsilon = 1.000000e-05 : f64} : (tensor<2x5x2x3xf64>)
func.func @rms_of_heads(%x: tensor<2x5x6xf64>) -> tensor<2x2x5x3xf64> {
  %third = arith.constant dense<0.33333333333333331> : tensor<2x2x5xf64>
  %eps = arith.constant dense<1.0e-5> : tensor<2x2x5xf64>
  %init = arith.constant dense<0.0> : tensor<2x2x5xf64>
  %e = tensor.empty() : tensor<2x2x5x3xf64>
  %h = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [2, 5, 2, 3] : tensor<2x5x6xf64> into tensor<2x5x2x3xf64>
  %k = linalg.transpose ins(%h : tensor<2x5x2x3xf64>) outs(%e : tensor<2x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %k2 = arith.mulf %k, %k : tensor<2x2x5x3xf64>
  %sum2 = linalg.reduce { arith.addf } ins(%k2 : tensor<2x2x5x3xf64>) outs(%init : tensor<2x2x5xf64>) dimensions = [3]
  %var = arith.mulf %sum2, %third : tensor<2x2x5xf64>
  %shifted = arith.addf %var, %eps : tensor<2x2x5xf64>
  %root = math.sqrt %shifted : tensor<2x2x5xf64>
  %all = linalg.broadcast ins(%root : tensor<2x2x5xf64>) outs(%e : tensor<2x2x5x3xf64>) dimensions = [3]
  %n = arith.divf %k, %all : tensor<2x2x5x3xf64>
  return %n : tensor<2x2x5x3xf64>
}

// Squares of one head, divided by those of the other.
// CHECK-LABEL: func.func @other_head(
// CHECK-NOT:     dchag.rms_norm
// CHECK:         return
func.func @other_head(%x: tensor<2x6xf64>) -> tensor<2x3xf64> {
  %third = arith.constant dense<0.33333333333333331> : tensor<2xf64>
  %eps = arith.constant dense<1.0e-5> : tensor<2xf64>
  %init = arith.constant dense<0.0> : tensor<2xf64>
  %e = tensor.empty() : tensor<2x3xf64>
  %k = tensor.extract_slice %x[0, 0] [2, 3] [1, 1] : tensor<2x6xf64> to tensor<2x3xf64>
  %o = tensor.extract_slice %x[0, 3] [2, 3] [1, 1] : tensor<2x6xf64> to tensor<2x3xf64>
  %o2 = arith.mulf %o, %o : tensor<2x3xf64>
  %sum2 = linalg.reduce { arith.addf } ins(%o2 : tensor<2x3xf64>) outs(%init : tensor<2xf64>) dimensions = [1]
  %var = arith.mulf %sum2, %third : tensor<2xf64>
  %shifted = arith.addf %var, %eps : tensor<2xf64>
  %root = math.sqrt %shifted : tensor<2xf64>
  %all = linalg.broadcast ins(%root : tensor<2xf64>) outs(%e : tensor<2x3xf64>) dimensions = [1]
  %n = arith.divf %k, %all : tensor<2x3xf64>
  return %n : tensor<2x3xf64>
}

// The mean of the squares of something else.
// CHECK-LABEL: func.func @other_squares(
// CHECK-NOT:     dchag.rms_norm
// CHECK:         return
func.func @other_squares(%x: tensor<2x5xf64>, %z: tensor<2x5xf64>) -> tensor<2x5xf64> {
  %zero = arith.constant 0.0 : f64
  %five = arith.constant dense<5.0> : tensor<2xf64>
  %eps = arith.constant dense<1.0e-5> : tensor<2xf64>
  %e2 = tensor.empty() : tensor<2xf64>
  %e25 = tensor.empty() : tensor<2x5xf64>
  %init = linalg.fill ins(%zero : f64) outs(%e2 : tensor<2xf64>) -> tensor<2xf64>
  %z2 = arith.mulf %z, %z : tensor<2x5xf64>
  %sum = linalg.reduce { arith.addf } ins(%z2 : tensor<2x5xf64>) outs(%init : tensor<2xf64>) dimensions = [1]
  %mean = arith.divf %sum, %five : tensor<2xf64>
  %shifted = arith.addf %mean, %eps : tensor<2xf64>
  %root = math.sqrt %shifted : tensor<2xf64>
  %all = linalg.broadcast ins(%root : tensor<2xf64>) outs(%e25 : tensor<2x5xf64>) dimensions = [1]
  %y = arith.divf %x, %all : tensor<2x5xf64>
  return %y : tensor<2x5xf64>
}
