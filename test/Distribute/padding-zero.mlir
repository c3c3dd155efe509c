// RUN: dchag-opt %s --distribute=mesh=tp=3 | FileCheck %s
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=3}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --inputs=normal --tolerance=1e-12 --check-ranks='set-mesh{mesh=tp=3},propagate,insert-reshards,verify-shardings,partition{poison-padding},verify-partition,reshards-to-collectives'

// Padding that is shown to be 0 needs no mask in front of a sum: of a parameter, also behind moves and
// sums, and of what is cut out of a whole value.
// CHECK-LABEL: func.func @zeros(
// CHECK-NOT:     dchag.mask_shard
// CHECK:         return
func.func @zeros(%x: tensor<2x5xf32> {dchag.role = "input", dchag.name = "x", dchag.sharding = #dchag.sharding<[[], []]>},
                 %w: tensor<7x5xf32> {dchag.role = "param", dchag.name = "w", dchag.sharding = #dchag.sharding<[[], ["tp"]]>},
                 %u: tensor<5x7xf32> {dchag.role = "param", dchag.name = "u", dchag.sharding = #dchag.sharding<[["tp"], []]>}) -> (tensor<2x7xf32> {dchag.name = "y"}) {
  %zero = arith.constant 0.0 : f32
  %ew = tensor.empty() : tensor<5x7xf32>
  %t = linalg.transpose ins(%w : tensor<7x5xf32>) outs(%ew : tensor<5x7xf32>) permutation = [1, 0]
  %s = arith.subf %t, %u : tensor<5x7xf32>
  %e = tensor.empty() : tensor<2x7xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x7xf32>) -> tensor<2x7xf32>
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%x, %s : tensor<2x5xf32>, tensor<5x7xf32>) outs(%z : tensor<2x7xf32>) -> tensor<2x7xf32>
  return %y : tensor<2x7xf32>
}

// A parameter along one dimension is repeated along another, also where that is padded.
// CHECK-LABEL: func.func @repeated(
// CHECK:         linalg.broadcast
// CHECK:         dchag.mask_shard {{.+}} value = 0.0
// CHECK:         return
func.func @repeated(%v: tensor<2xf32> {dchag.role = "param", dchag.name = "v"}) -> (tensor<2xf32> {dchag.name = "y"}) {
  %zero = arith.constant 0.0 : f32
  %eb = tensor.empty() : tensor<2x5xf32>
  %b = linalg.broadcast {dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} ins(%v : tensor<2xf32>) outs(%eb : tensor<2x5xf32>) dimensions = [1]
  %e = tensor.empty() : tensor<2xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %y = linalg.reduce {arith.addf} ins(%b : tensor<2x5xf32>) outs(%z : tensor<2xf32>) dimensions = [1]
  return %y : tensor<2xf32>
}

// A product of zeros with what may be infinite is masked, and so is a quotient.
// CHECK-LABEL: func.func @products(
// CHECK:         %[[P:.+]] = arith.mulf
// CHECK:         %[[Q:.+]] = arith.divf %[[P]]
// CHECK:         dchag.mask_shard %[[Q]] {{.+}} value = 0.0
// CHECK:         return
func.func @products(%x: tensor<2x5xf32> {dchag.role = "input", dchag.name = "x", dchag.sharding = #dchag.sharding<[[], ["tp"]]>},
                    %w: tensor<2x5xf32> {dchag.role = "param", dchag.name = "w"}) -> (tensor<2xf32> {dchag.name = "y"}) {
  %zero = arith.constant 0.0 : f32
  %p = arith.mulf %x, %w : tensor<2x5xf32>
  %q = arith.divf %p, %w : tensor<2x5xf32>
  %e = tensor.empty() : tensor<2xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %y = linalg.reduce {arith.addf} ins(%q : tensor<2x5xf32>) outs(%z : tensor<2xf32>) dimensions = [1]
  return %y : tensor<2xf32>
}

// Integers are not divided by padding, which is 0 here: the program would stop.
// CHECK-LABEL: func.func @integers(
// CHECK:         %[[D:.+]] = dchag.mask_shard %{{.+}} {{.+}} value = 1 : i32
// CHECK:         arith.divsi %{{.+}}, %[[D]]
func.func @integers(%x: tensor<2x5xi32> {dchag.role = "input", dchag.name = "x", dchag.sharding = #dchag.sharding<[[], ["tp"]]>},
                    %w: tensor<2x5xi32> {dchag.role = "param", dchag.name = "w", dchag.range = array<i64: 1, 3>}) -> (tensor<2x5xi32> {dchag.name = "y"}) {
  %y = arith.divsi %x, %w : tensor<2x5xi32>
  return %y : tensor<2x5xi32>
}
