// RUN: dchag-reduce %s --inputs=integers --check-ranks='propagate,partition,reshards-to-collectives' | FileCheck %s
// RUN: not dchag-reduce %s --inputs=integers --check-ranks='propagate,insert-reshards,partition,reshards-to-collectives' 2>&1 | FileCheck %s --check-prefix=PASSES

// A planted failure: without insert-reshards the layouts of %a and %b do not agree. Of the program
// the op that needs them to is left, with what makes them differ.
// CHECK:      func.func @main(
// CHECK-SAME:   %[[X:[a-z0-9]+]]: tensor<4x3xf32> {{{[^}]*}}#dchag.sharding<{{\[\[}}"tp"], []]>
// CHECK-SAME:   %[[Y:[a-z0-9]+]]: tensor<4x3xf32> {{{[^}]*}}#dchag.sharding<{{\[\[}}], ["tp"]]>
// CHECK-NEXT:   arith.addf %[[X]], %[[Y]] : tensor<4x3xf32>
// CHECK-NEXT:   return
// PASSES: dchag-reduce: error: the program passes the check
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @main(%x: tensor<4x3xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>},
                  %y: tensor<4x3xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>},
                  %z: tensor<4x3xf32> {dchag.role = "param"}) -> (tensor<4x3xf32>, tensor<4x3xf32>) {
    %a = math.absf %x : tensor<4x3xf32>
    %b = arith.negf %y : tensor<4x3xf32>
    %c = arith.addf %a, %b : tensor<4x3xf32>
    %d = arith.mulf %c, %z : tensor<4x3xf32>
    return %d, %a : tensor<4x3xf32>, tensor<4x3xf32>
  }
}
