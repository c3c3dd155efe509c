// RUN: dchag-opt %s --check-ranks='propagate,insert-reshards,verify-shardings,partition,verify-partition,reshards-to-collectives'
// RUN: dchag-opt %s --propagate --insert-reshards --verify-shardings --partition --reshards-to-collectives | FileCheck %s --implicit-check-not="shard.all"

// An axis of one rank may be anywhere in a sharding: the layout is the same.
module attributes {dchag.mesh = #dchag.mesh<["a" = 3, "b" = 1]>} {
  shard.grid @mesh(shape = 3x1)
  // CHECK-LABEL: func.func @patches(
  func.func @patches(%x: tensor<1x3x5xf32> {dchag.sharding = #dchag.sharding<[[], ["a", "b"], []]>})
      -> (tensor<1x1x15xf32> {dchag.sharding = #dchag.sharding<[["b"], [], ["a"] block 5]>}) {
    %y = dchag.patchify %x {layout = #dchag.patch_layout<channels_first>, patch = array<i64: 5>} : (tensor<1x3x5xf32>) -> tensor<1x1x15xf32>
    return %y : tensor<1x1x15xf32>
  }
  // It leaves no padding either.
  // CHECK-LABEL: func.func @block_sizes(%{{.+}}: tensor<5xf32>
  func.func @block_sizes(%x: tensor<5xf32> {dchag.sharding = #dchag.sharding<[["b"] block 3]>}) -> (tensor<5xf32> {dchag.sharding = #dchag.sharding<[[]]>}) {
    return %x : tensor<5xf32>
  }
  // CHECK-LABEL: func.func @collapse(
  func.func @collapse(%x: tensor<3x4xf32> {dchag.sharding = #dchag.sharding<[["a"], ["b"]]>})
      -> (tensor<12xf32> {dchag.sharding = #dchag.sharding<[["b", "a"]]>}) {
    %y = tensor.collapse_shape %x [[0, 1]] : tensor<3x4xf32> into tensor<12xf32>
    return %y : tensor<12xf32>
  }
}
