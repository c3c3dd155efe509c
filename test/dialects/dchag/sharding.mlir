// RUN: dchag-opt %s --verify-roundtrip --split-input-file | FileCheck %s

// CHECK: module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 3]>}
module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 3]>} {
  // CHECK-LABEL: func.func private @shardings(
  // CHECK-SAME: #dchag.sharding<[]>
  // CHECK-SAME: #dchag.sharding<{{\[\[}}"dp", "tp"], []]>
  // CHECK-SAME: #dchag.sharding<{{\[\[}}"tp"] block 64, []], partial = ["dp" = max]>
  func.func private @shardings(tensor<f32> {dchag.sharding = #dchag.sharding<[]>},
      tensor<12x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>},
      tensor<1024x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 64, []], partial = ["dp" = max]>})
}
