// RUN: dchag-opt %s --set-machine=file=%S/Inputs/small.machine --print-plan -o %t.mlir | FileCheck %s
// RUN: dchag-opt %s --set-machine=file=%S/Inputs/small.machine --print-plan=defer-sums -o %t | FileCheck %s --check-prefix=DEFER
// RUN: FileCheck %s --check-prefix=SAME --implicit-check-not=dchag.shardings --implicit-check-not=dchag.operand_shardings < %t.mlir
// RUN: not dchag-opt %s --print-plan=output=%t.none/plan 2>&1 | FileCheck %s --check-prefix=FILE

// The zeros are filled once and used twice: each product has its own.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // SAME: linalg.fill
  // SAME-NOT: linalg.fill
  // CHECK:      plan of @step
  // CHECK-NEXT:   argument 0: #dchag.sharding<{{\[\[}}], ["tp"]]>
  // CHECK-NEXT:   argument 1: #dchag.sharding<{{\[\[}}"tp"], []]>
  // CHECK-NEXT:   argument 2: #dchag.sharding<{{\[\[}}"tp"], []]>
  // CHECK:        linalg.fill (copy 1)
  // CHECK:        linalg.fill -> v
  // CHECK:        linalg.contract -> [[Y:v[0-9]+]] #dchag.sharding<{{\[\[}}], []], partial = ["tp" = sum]>
  // CHECK-NEXT:     factor 2 (sum of 6) over "tp" for the user (the program)
  // CHECK:        linalg.contract -> [[Z:v[0-9]+]] #dchag.sharding<{{\[\[}}], []], partial = ["tp" = sum]>
  // CHECK:        arith.addf ->
  // CHECK-NEXT:   reshard [[Y]] from #dchag.sharding<{{\[\[}}], []], partial = ["tp" = sum]> to #dchag.sharding<{{\[\[}}], []]>
  // CHECK-NEXT:   reshard [[Z]]
  // CHECK-NEXT:   result 0: #dchag.sharding<{{\[\[}}], []]>
  // Two products of 2 * 4 * 5 * 3 operations on a rank and 20 sums; two sums of 80 bytes over two ranks.
  // CHECK-NEXT:   cost: {{.+}} s, 260 operations, {{[0-9]+}} bytes of memory, 160 bytes sent
  // CHECK-NEXT:   with defer-sums: cheaper, 80 bytes sent
  // DEFER:        cost: {{.+}} 80 bytes sent
  // DEFER-NEXT:   without defer-sums: dearer, 160 bytes sent
  func.func @step(%x: tensor<4x6xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>},
                  %v: tensor<6x5xf32>, %w: tensor<6x5xf32>) -> tensor<4x5xf32> {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<4x5xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x5xf32>) -> tensor<4x5xf32>
    %y1 = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
      ins(%x, %v : tensor<4x6xf32>, tensor<6x5xf32>) outs(%z : tensor<4x5xf32>) -> tensor<4x5xf32>
    %y2 = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
      ins(%x, %w : tensor<4x6xf32>, tensor<6x5xf32>) outs(%z : tensor<4x5xf32>) -> tensor<4x5xf32>
    %y = arith.addf %y1, %y2 : tensor<4x5xf32>
    return %y : tensor<4x5xf32>
  }
}
// FILE: error: the plan: cannot write '{{.*}}.none/plan'
