// RUN: dchag-opt %s --annotate-parameters='axis=dp+fsdp min-elements=6' | FileCheck %s --implicit-check-not=dchag.marks --implicit-check-not=dchag.storage
// RUN: not dchag-opt %s --annotate-parameters=axis=tp 2>&1 | FileCheck %s --check-prefix=AXIS
// AXIS: error: mesh must have the axis 'tp': got #dchag.mesh<["dp" = 2, "fsdp" = 3]>

module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "fsdp" = 3]>} {
  shard.grid @mesh(shape = 2x3)

  // @prepare is laid out as @step takes its results.
  // CHECK-LABEL: func.func @prepare(
  // CHECK:         return
  func.func @prepare(%f: tensor<3x2xf32> {dchag.role = "param", dchag.name = "f"}) -> (tensor<3x2xf32> {dchag.name = "c"}) {
    return %f : tensor<3x2xf32>
  }

  // Parameters of 6 elements and more, computed ones too; never an input.
  // CHECK-LABEL: func.func @step(
  // CHECK-SAME:    tensor<4x7xf32> {dchag.name = "x", dchag.role = "input"},
  // CHECK-SAME:    tensor<3x2xf32> {dchag.name = "c", dchag.role = "compiled", dchag.storage = ["dp", "fsdp"]},
  // CHECK-SAME:    tensor<5xf32> {dchag.name = "small", dchag.role = "param"},
  // CHECK-SAME:    tensor<6xf32> {dchag.name = "large", dchag.role = "param", dchag.storage = ["dp", "fsdp"]})
  func.func @step(%x: tensor<4x7xf32> {dchag.role = "input", dchag.name = "x"},
                  %c: tensor<3x2xf32> {dchag.role = "compiled", dchag.name = "c"},
                  %small: tensor<5xf32> {dchag.role = "param", dchag.name = "small"},
                  %large: tensor<6xf32> {dchag.role = "param", dchag.name = "large"}) -> tensor<4x7xf32> {
    return %x : tensor<4x7xf32>
  }
}
