// RUN: dchag-opt %s --tile-kernels --canonicalize --cse --split-input-file --verify-diagnostics | FileCheck %s

// 10 rows in tiles of 4: two of 4 rows in a loop, and one of 2.
// CHECK-LABEL: dchag_rt.kernel @rows(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<10x6xf32>, %[[OUT:[a-z0-9]+]]: tensor<10x6xf32>
// CHECK:         %[[FULL:.+]] = scf.forall (%[[I:.+]]) in (2) shared_outs(%[[O:.+]] = %[[OUT]]) -> (tensor<10x6xf32>) {
// CHECK:           %[[AT:.+]] = arith.muli %[[I]], %c4
// CHECK:           %[[T:.+]] = tensor.extract_slice %[[X]][%[[AT]], 0] [4, 6] [1, 1]
// CHECK:           linalg.reduce { arith.addf } ins(%[[T]] : tensor<4x6xf32>)
// CHECK:           %[[Y:.+]] = arith.subf %[[T]], %{{.+}} : tensor<4x6xf32>
// CHECK:           tensor.parallel_insert_slice %[[Y]] into %[[O]][%[[AT]], 0] [4, 6] [1, 1]
// CHECK:         tensor.extract_slice %[[X]][8, 0] [2, 6] [1, 1]
// CHECK:         tensor.insert_slice %{{.+}} into %[[FULL]][8, 0] [2, 6] [1, 1]
dchag_rt.kernel @rows(%x: tensor<10x6xf32>, %out: tensor<10x6xf32>) -> tensor<10x6xf32> attributes {dchag_rt.tiles = #dchag_rt.tiles<[4]>} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<10xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<10xf32>) -> tensor<10xf32>
  %s = linalg.reduce {arith.addf} ins(%x : tensor<10x6xf32>) outs(%f : tensor<10xf32>) dimensions = [1]
  %a = tensor.empty() : tensor<10x6xf32>
  %b = linalg.broadcast ins(%s : tensor<10xf32>) outs(%a : tensor<10x6xf32>) dimensions = [1]
  %y = arith.subf %x, %b : tensor<10x6xf32>
  dchag_rt.return %y : tensor<10x6xf32>
}

// -----

// expected-error @+1 {{has #dchag_rt.tiles<[4]>, wanted a size for each of its outer dimensions, which have the sizes [8, 6]}}
dchag_rt.kernel @few(%x: tensor<8x6xf32>, %out: tensor<8x6xf32>) -> tensor<8x6xf32> attributes {dchag_rt.tiles = #dchag_rt.tiles<[4]>} {
  %y = math.exp %x : tensor<8x6xf32>
  dchag_rt.return %y : tensor<8x6xf32>
}

// -----

// expected-error @+1 {{has #dchag_rt.tiles<[9, 6]>, wanted a size for each of its outer dimensions, which have the sizes [8, 6]}}
dchag_rt.kernel @large(%x: tensor<8x6xf32>, %out: tensor<8x6xf32>) -> tensor<8x6xf32> attributes {dchag_rt.tiles = #dchag_rt.tiles<[9, 6]>} {
  %y = math.exp %x : tensor<8x6xf32>
  dchag_rt.return %y : tensor<8x6xf32>
}
