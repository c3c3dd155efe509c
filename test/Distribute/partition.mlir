// RUN: dchag-opt %s --partition --split-input-file --verify-diagnostics | FileCheck %s --check-prefixes=CHECK,PLAIN
// RUN: dchag-opt %s --partition=poison-padding --split-input-file --verify-diagnostics | FileCheck %s --check-prefixes=CHECK,POISON
// RUN: dchag-opt %S/Inputs/laid-out.mlir --inputs=integers --check-ranks='insert-reshards,partition,reshards-to-collectives' --check-ranks='insert-reshards,partition{poison-padding},reshards-to-collectives'

// Of 5 columns over 2 ranks each has 3, the last one with one of padding, which is overwritten before
// it would reach the sum; the padding of a parameter is 0 as it is. Types become those of the parts, the
// global ones are kept beside them.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // CHECK-LABEL: func.func @sum(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf32> {dchag.global = tensor<2x5xf32>, dchag.sharding = #dchag.sharding<{{\[\[}}], ["tp"]]>},
  // CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<3x7xf32> {dchag.global = tensor<5x7xf32>,
  // CHECK-SAME:    -> (tensor<2x7xf32> {dchag.global = tensor<2x7xf32>, dchag.sharding = #dchag.sharding<{{\[\[}}], []]>})
  // CHECK:         %[[M:.+]] = dchag.mask_shard %[[X]] {axes = ["tp"], {{.*}}dim = 1 : i64, size = 5 : i64, value = 0.000000e+00 : f32} : tensor<2x3xf32>
  // CHECK:         %[[P:.+]] = linalg.contract {{.+}} ins(%[[M]], %[[W]] : tensor<2x3xf32>, tensor<3x7xf32>) outs(%{{.+}} : tensor<2x7xf32>)
  // CHECK:         %[[Y:.+]] = dchag.reshard %[[P]] from <{{\[\[}}], []], partial = ["tp" = sum]> to <{{\[\[}}], []]> global tensor<2x7xf32>
  // CHECK:         return %[[Y]]
  func.func @sum(%x: tensor<2x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}, %w: tensor<5x7xf32> {dchag.role = "param", dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<2x7xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    %zero = arith.constant {dchag.shardings = [#dchag.sharding<[]>]} 0.0 : f32
    %e = tensor.empty() {dchag.shardings = [#dchag.sharding<[[], []]>]} : tensor<2x7xf32>
    %z = linalg.fill {dchag.shardings = [#dchag.sharding<[[], []]>]} ins(%zero : f32) outs(%e : tensor<2x7xf32>) -> tensor<2x7xf32>
    %p = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
      {dchag.shardings = [#dchag.sharding<[[], []], partial = ["tp" = sum]>]}
      ins(%x, %w : tensor<2x5xf32>, tensor<5x7xf32>) outs(%z : tensor<2x7xf32>) -> tensor<2x7xf32>
    %y = dchag.reshard %p from <[[], []], partial = ["tp" = sum]> to <[[], []]> global tensor<2x7xf32>
      {dchag.shardings = [#dchag.sharding<[[], []]>]} : tensor<2x7xf32> -> tensor<2x7xf32>
    return %y : tensor<2x7xf32>
  }

  // Padding that only meets padding stays; poison-padding makes NaN of it, so that a program that reads it
  // shows.
  // CHECK-LABEL: func.func @elementwise(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf32>
  // CHECK:         %[[E:.+]] = math.exp %[[X]] {{.*}}: tensor<2x3xf32>
  // PLAIN-NEXT:    return %[[E]]
  // POISON-NEXT:   %[[N:.+]] = dchag.mask_shard %[[E]] {axes = ["tp"], {{.*}}dim = 1 : i64, size = 5 : i64, value = 0x7FC00000 : f32}
  // POISON-NEXT:   return %[[N]]
  func.func @elementwise(%x: tensor<2x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) -> (tensor<2x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) {
    %e = math.exp %x {dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<2x5xf32>
    return %e : tensor<2x5xf32>
  }

  // 2 ranks divide 6 columns: there is no padding.
  // CHECK-LABEL: func.func @even(
  // CHECK-NOT:     dchag.mask_shard
  // CHECK:         math.exp %{{.+}} : tensor<2x3xf32>
  // CHECK-NOT:     dchag.mask_shard
  // CHECK:         return
  func.func @even(%x: tensor<2x6xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) -> (tensor<2x6xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) {
    %e = math.exp %x {dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<2x6xf32>
    return %e : tensor<2x6xf32>
  }

  // Results of @prepare are parameters of @step, whose padding is 0.
  // CHECK-LABEL: func.func @prepare(
  // CHECK:         %[[E:.+]] = math.exp %{{.+}} : tensor<2x3xf32>
  // CHECK:         %[[M:.+]] = dchag.mask_shard %{{.+}} {axes = ["tp"], {{.*}}value = 0.000000e+00 : f32}
  // CHECK-NEXT:    return %[[M]]
  func.func @prepare(%w: tensor<2x5xf32> {dchag.name = "w", dchag.role = "param", dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) -> (tensor<2x5xf32> {dchag.name = "c", dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) {
    %e = math.exp %w {dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<2x5xf32>
    return %e : tensor<2x5xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @disagrees(%x: tensor<2x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) -> (tensor<2x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    // expected-error @+1 {{'math.exp' op has shardings that its rule does not allow: run insert-reshards and verify-shardings first}}
    %e = math.exp %x {dchag.shardings = [#dchag.sharding<[["tp"], []]>]} : tensor<2x5xf32>
    return %e : tensor<2x5xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // expected-error @+1 {{has no sharding of result 0: run propagate first}}
  func.func @no_result(%x: tensor<2x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) -> tensor<2x5xf32> {
    return %x : tensor<2x5xf32>
  }
}
