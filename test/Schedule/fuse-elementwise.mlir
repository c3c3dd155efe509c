// RUN: dchag-opt %s --fuse-elementwise --split-input-file | FileCheck %s

#same = affine_map<(i, j) -> (i, j)>
#columns = affine_map<(i, j) -> (j)>

// Ops with one user each become one op, which reads every input once.
// CHECK-DAG: #[[$SAME:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$COLUMNS:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @chain(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf32>, %[[B:[a-z0-9]+]]: tensor<3xf32>
// CHECK:         %[[Y:.+]] = linalg.generic {indexing_maps = [#[[$SAME]], #[[$COLUMNS]], #[[$SAME]]]
// CHECK-SAME:      ins(%[[X]], %[[B]] : tensor<2x3xf32>, tensor<3xf32>)
// CHECK-NEXT:    ^bb0(%[[A:.+]]: f32, %[[C:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:      %[[SUM:.+]] = arith.addf %[[A]], %[[C]]
// CHECK-NEXT:      %[[EXP:.+]] = math.exp %[[SUM]]
// CHECK-NEXT:      linalg.yield %[[EXP]]
// CHECK-NOT:     linalg.generic
// CHECK:         return %[[Y]]
func.func @chain(%x: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %e = tensor.empty() : tensor<2x3xf32>
  %sum = linalg.generic {indexing_maps = [#same, #columns, #same], iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : tensor<2x3xf32>, tensor<3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %c: f32, %out: f32):
    %s = arith.addf %a, %c : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  %y = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%sum : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = math.exp %a : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

#same = affine_map<(i, j) -> (i, j)>

// A negation costs less than storing its result: each user gets a copy of its own.
// CHECK-LABEL: func.func @cheap_for_two(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf32>
// CHECK:         %[[EXP:.+]] = linalg.generic {{.+}} ins(%[[X]] :
// CHECK:           arith.negf
// CHECK-NEXT:      math.exp
// CHECK:         %[[ABS:.+]] = linalg.generic {{.+}} ins(%[[X]] :
// CHECK:           arith.negf
// CHECK-NEXT:      math.absf
// CHECK-NOT:     linalg.generic
// CHECK:         return %[[EXP]], %[[ABS]]
func.func @cheap_for_two(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %e = tensor.empty() : tensor<2x3xf32>
  %n = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.negf %a : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  %exp = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%n : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = math.exp %a : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  %abs = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%n : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = math.absf %a : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  return %exp, %abs : tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

#same = affine_map<(i, j) -> (i, j)>

// A function is computed once for both users, and so is a quotient.
// CHECK-LABEL: func.func @costly_for_two(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf32>, %[[Y:[a-z0-9]+]]: tensor<2x3xf32>
// CHECK:         %[[Q:.+]] = linalg.generic {{.+}} ins(%[[X]], %[[Y]] :
// CHECK:           %[[D:.+]] = arith.divf
// CHECK-NEXT:      linalg.yield %[[D]]
// CHECK:         linalg.generic {{.+}} ins(%[[Q]] :
// CHECK:         linalg.generic {{.+}} ins(%[[Q]] :
// CHECK-NOT:     linalg.generic
func.func @costly_for_two(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %e = tensor.empty() : tensor<2x3xf32>
  %q = linalg.generic {indexing_maps = [#same, #same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : tensor<2x3xf32>, tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  %n = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.negf %a : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  %abs = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = math.absf %a : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  return %n, %abs : tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

#same = affine_map<(i, j) -> (i, j)>

// Copies of a sum of two large values would read both of them for each user.
// CHECK-LABEL: func.func @two_large_inputs(
// CHECK:         %[[SUM:.+]] = linalg.generic
// CHECK:           arith.addf
// CHECK-NEXT:      linalg.yield
// CHECK:         linalg.generic {{.+}} ins(%[[SUM]] :
// CHECK:         linalg.generic {{.+}} ins(%[[SUM]] :
// CHECK-NOT:     linalg.generic
func.func @two_large_inputs(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %e = tensor.empty() : tensor<2x3xf32>
  %sum = linalg.generic {indexing_maps = [#same, #same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : tensor<2x3xf32>, tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  %n = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%sum : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.negf %a : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  %abs = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%sum : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = math.absf %a : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  return %n, %abs : tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

#same = affine_map<(i, j) -> (i, j)>
#columns = affine_map<(i, j) -> (j)>
#list = affine_map<(j) -> (j)>

// Each element of the vector is used in two rows: a negation is repeated there, a function is not.
// CHECK-LABEL: func.func @repeated(
// CHECK-SAME:    %[[V:[a-z0-9]+]]: tensor<3xf32>, %[[X:[a-z0-9]+]]: tensor<2x3xf32>
// CHECK:         %[[EXP:.+]] = linalg.generic {{.+}} ins(%[[V]] : tensor<3xf32>) outs(%{{.+}} : tensor<3xf32>)
// CHECK:           math.exp
// CHECK:         linalg.generic {{.+}} ins(%[[X]], %[[EXP]], %[[V]] : tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>)
// CHECK:           arith.negf
// CHECK:           arith.addf
// CHECK:           arith.mulf
// CHECK-NOT:     linalg.generic
func.func @repeated(%v: tensor<3xf32>, %x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %e3 = tensor.empty() : tensor<3xf32>
  %e = tensor.empty() : tensor<2x3xf32>
  %exp = linalg.generic {indexing_maps = [#list, #list], iterator_types = ["parallel"]}
      ins(%v : tensor<3xf32>) outs(%e3 : tensor<3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = math.exp %a : f32
    linalg.yield %s : f32
  } -> tensor<3xf32>
  %n = linalg.generic {indexing_maps = [#list, #list], iterator_types = ["parallel"]}
      ins(%v : tensor<3xf32>) outs(%e3 : tensor<3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.negf %a : f32
    linalg.yield %s : f32
  } -> tensor<3xf32>
  %y = linalg.generic {indexing_maps = [#same, #columns, #columns, #same], iterator_types = ["parallel", "parallel"]}
      ins(%x, %exp, %n : tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %out: f32):
    %s = arith.addf %a, %b : f32
    %p = arith.mulf %s, %c : f32
    linalg.yield %p : f32
  } -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

#same = affine_map<(i, j) -> (i, j)>
#rows = affine_map<(i, j) -> (i)>

// What is summed is computed inside of the sum; the sum itself moves nowhere.
// CHECK-LABEL: func.func @sum(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf32>, %[[ZEROS:[a-z0-9]+]]: tensor<2xf32>
// CHECK:         %[[SUM:.+]] = linalg.generic {{.+}} iterator_types = ["parallel", "reduction"]} ins(%[[X]] : tensor<2x3xf32>) outs(%[[ZEROS]] : tensor<2xf32>)
// CHECK:           math.exp
// CHECK-NEXT:      arith.addf
// CHECK:         linalg.generic {{.+}} ins(%[[SUM]] : tensor<2xf32>)
// CHECK-NOT:     linalg.generic
func.func @sum(%x: tensor<2x3xf32>, %zeros: tensor<2xf32>) -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2x3xf32>
  %exp = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = math.exp %a : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  %sum = linalg.generic {indexing_maps = [#same, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<2x3xf32>) outs(%zeros : tensor<2xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.addf %out, %a : f32
    linalg.yield %s : f32
  } -> tensor<2xf32>
  %e2 = tensor.empty() : tensor<2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%sum : tensor<2xf32>) outs(%e2 : tensor<2xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.negf %a : f32
    linalg.yield %s : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}
