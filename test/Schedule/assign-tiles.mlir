// RUN: dchag-opt %s --assign-tiles | FileCheck %s

// As many rows as are 4096 numbers; tiles that a user has set stay.
// CHECK: dchag_rt.kernel @rows(%{{.*}}) -> tensor<640x1000xf32> attributes {dchag_rt.tiles = #dchag_rt.tiles<[4]>}
dchag_rt.kernel @rows(%x: tensor<640x1000xf32>, %out: tensor<640x1000xf32>) -> tensor<640x1000xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<640xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<640xf32>) -> tensor<640xf32>
  %s = linalg.reduce {arith.addf} ins(%x : tensor<640x1000xf32>) outs(%f : tensor<640xf32>) dimensions = [1]
  %a = tensor.empty() : tensor<640x1000xf32>
  %b = linalg.broadcast ins(%s : tensor<640xf32>) outs(%a : tensor<640x1000xf32>) dimensions = [1]
  %y = arith.subf %x, %b : tensor<640x1000xf32>
  dchag_rt.return %y : tensor<640x1000xf32>
}

// CHECK: dchag_rt.kernel @given(%{{.*}}) -> tensor<64x8xf32> attributes {dchag_rt.tiles = #dchag_rt.tiles<[2, 8]>}
dchag_rt.kernel @given(%x: tensor<64x8xf32>, %out: tensor<64x8xf32>) -> tensor<64x8xf32> attributes {dchag_rt.tiles = #dchag_rt.tiles<[2, 8]>} {
  %y = math.exp %x : tensor<64x8xf32>
  dchag_rt.return %y : tensor<64x8xf32>
}

// The middle dimension is summed over: neighbours in memory stay together.
// CHECK: dchag_rt.kernel @columns(%{{.*}}) -> tensor<64x512xf32> attributes {dchag_rt.tiles = #dchag_rt.tiles<[1, 64]>}
dchag_rt.kernel @columns(%x: tensor<64x80x512xf32>, %out: tensor<64x512xf32>) -> tensor<64x512xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x512xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<64x512xf32>) -> tensor<64x512xf32>
  %s = linalg.reduce {arith.addf} ins(%x : tensor<64x80x512xf32>) outs(%f : tensor<64x512xf32>) dimensions = [1]
  dchag_rt.return %s : tensor<64x512xf32>
}
