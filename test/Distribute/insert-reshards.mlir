// RUN: dchag-opt %s --insert-reshards --split-input-file --verify-diagnostics | FileCheck %s --implicit-check-not=dchag.operand_shardings --implicit-check-not=dchag.wanted_shardings
// RUN: dchag-opt %S/Inputs/laid-out.mlir --inputs=integers --check-ranks='insert-reshards,verify-shardings,partition,verify-partition,reshards-to-collectives'

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // Two ops take one value in one layout: it is laid out once, right before the first of them. The op
  // that takes it as it is keeps it, and so does what is returned.
  // CHECK-LABEL: func.func @once(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<5x7xf32>
  // CHECK-NEXT:    %[[A:.+]] = arith.negf %[[X]] {dchag.shardings = [#dchag.sharding<{{\[\[}}"tp"], []]>]}
  // CHECK-NEXT:    %[[R:.+]] = dchag.reshard %[[X]] from <{{\[\[}}"tp"], []]> to <{{\[\[}}], ["tp"]]> global tensor<5x7xf32> {dchag.shardings = [#dchag.sharding<{{\[\[}}], ["tp"]]>]} : tensor<5x7xf32> -> tensor<5x7xf32>
  // CHECK-NEXT:    %[[B:.+]] = math.absf %[[R]]
  // CHECK-NEXT:    %[[C:.+]] = math.exp %[[R]]
  // CHECK-NEXT:    %[[D:.+]] = arith.addf %[[B]], %[[C]]
  // CHECK-NEXT:    return %[[A]], %[[D]]
  func.func @once(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}, tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) {
    %a = arith.negf %x {dchag.operand_shardings = [#dchag.sharding<[["tp"], []]>], dchag.shardings = [#dchag.sharding<[["tp"], []]>]} : tensor<5x7xf32>
    %b = math.absf %x {dchag.operand_shardings = [#dchag.sharding<[[], ["tp"]]>], dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<5x7xf32>
    %c = math.exp %x {dchag.operand_shardings = [#dchag.sharding<[[], ["tp"]]>], dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<5x7xf32>
    %d = arith.addf %b, %c {dchag.operand_shardings = [#dchag.sharding<[[], ["tp"]]>, #dchag.sharding<[[], ["tp"]]>], dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<5x7xf32>
    return %a, %d : tensor<5x7xf32>, tensor<5x7xf32>
  }

  // Partial sums are combined where they are returned, to the layout of the signature.
  // CHECK-LABEL: func.func @partial(
  // CHECK:         %[[P:.+]] = linalg.contract {{.*}}partial = ["tp" = sum]
  // CHECK-NEXT:    %[[R:.+]] = dchag.reshard %[[P]] from <{{\[\[}}], []], partial = ["tp" = sum]> to <{{\[\[}}"tp"], []]> global tensor<2x5xf32>
  // CHECK-NEXT:    return %[[R]]
  func.func @partial(%x: tensor<2x3xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}, %w: tensor<3x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<2x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    %zero = arith.constant {dchag.operand_shardings = [], dchag.shardings = [#dchag.sharding<[]>]} 0.0 : f32
    %e = tensor.empty() {dchag.operand_shardings = [], dchag.shardings = [#dchag.sharding<[[], []]>]} : tensor<2x5xf32>
    %z = linalg.fill {dchag.operand_shardings = [#dchag.sharding<[]>, #dchag.sharding<[[], []]>], dchag.shardings = [#dchag.sharding<[[], []]>]} ins(%zero : f32) outs(%e : tensor<2x5xf32>) -> tensor<2x5xf32>
    %p = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
      {dchag.operand_shardings = [#dchag.sharding<[[], ["tp"]]>, #dchag.sharding<[["tp"], []]>, #dchag.sharding<[[], []]>],
       dchag.shardings = [#dchag.sharding<[[], []], partial = ["tp" = sum]>]}
      ins(%x, %w : tensor<2x3xf32>, tensor<3x5xf32>) outs(%z : tensor<2x5xf32>) -> tensor<2x5xf32>
    return %p : tensor<2x5xf32>
  }

  // A layout that the user names for a result holds for all its uses.
  // CHECK-LABEL: func.func @wanted(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<5x7xf32>
  // CHECK-NEXT:    %[[A:.+]] = arith.negf %[[X]] {dchag.shardings = [#dchag.sharding<{{\[\[}}"tp"], []]>]}
  // CHECK-NEXT:    %[[R:.+]] = dchag.reshard %[[A]] from <{{\[\[}}"tp"], []]> to <{{\[\[}}], []]>
  // CHECK-NEXT:    return %[[R]], %[[R]]
  func.func @wanted(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], []]>}, tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    %a = arith.negf %x {dchag.operand_shardings = [#dchag.sharding<[["tp"], []]>], dchag.shardings = [#dchag.sharding<[["tp"], []]>],
                        dchag.wanted_shardings = [#dchag.sharding<[[], []]>]} : tensor<5x7xf32>
    return %a, %a : tensor<5x7xf32>, tensor<5x7xf32>
  }

  // Blocks of 2 elements over 2 ranks make parts of 2 of 3 elements, as no blocks do: one layout.
  // CHECK-LABEL: func.func @same_parts(
  // CHECK-NOT:     dchag.reshard
  // CHECK:         return
  func.func @same_parts(%x: tensor<3xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2]>}) -> (tensor<3xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>}) {
    return %x : tensor<3xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @not_propagated(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) -> (tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    // expected-error @+1 {{'arith.negf' op has no shardings of its operands: run propagate first}}
    %a = arith.negf %x : tensor<5x7xf32>
    return %a : tensor<5x7xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @no_result(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) -> tensor<5x7xf32> {
    // expected-error @+1 {{'func.return' op has an operand without a sharding: run propagate first}}
    return %x : tensor<5x7xf32>
  }
}
