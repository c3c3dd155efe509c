// RUN: not dchag-opt %s --verify-accumulators 2>&1 | FileCheck %s --implicit-check-not=error:

shard.grid @mesh(shape = 2)

func.func @contract(%a: tensor<2x3xf16>, %b: tensor<3x5xf16>) -> tensor<2x5xf16> {
  %zero = arith.constant 0.0 : f16
  %e = tensor.empty() : tensor<2x5xf16>
  %f = linalg.fill ins(%zero : f16) outs(%e : tensor<2x5xf16>) -> tensor<2x5xf16>
  // CHECK: :[[@LINE+1]]:8: error: 'linalg.contract' op keeps a sum or a product in 'f16', in which it loses what is added late: wanted f32 or f64; cast the operands, or run accumulate-in-f32 on the global program
  %c = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
                                        affine_map<(i, j, k) -> (i, j)>]
       ins(%a, %b : tensor<2x3xf16>, tensor<3x5xf16>) outs(%f : tensor<2x5xf16>) -> tensor<2x5xf16>
  return %c : tensor<2x5xf16>
}

func.func @sum(%x: tensor<2x3xbf16>) -> tensor<2xbf16> {
  %zero = arith.constant 0.0 : bf16
  %e = tensor.empty() : tensor<2xbf16>
  %f = linalg.fill ins(%zero : bf16) outs(%e : tensor<2xbf16>) -> tensor<2xbf16>
  // CHECK: :[[@LINE+1]]:8: error: 'linalg.reduce' op keeps a sum or a product in 'bf16'
  %s = linalg.reduce { arith.addf } ins(%x : tensor<2x3xbf16>) outs(%f : tensor<2xbf16>) dimensions = [1]
  return %s : tensor<2xbf16>
}

// Maxima are exact.
func.func @max(%x: tensor<2x3xbf16>) -> tensor<2xbf16> {
  %low = arith.constant 0xFF80 : bf16
  %e = tensor.empty() : tensor<2xbf16>
  %f = linalg.fill ins(%low : bf16) outs(%e : tensor<2xbf16>) -> tensor<2xbf16>
  %s = linalg.reduce { arith.maximumf } ins(%x : tensor<2x3xbf16>) outs(%f : tensor<2xbf16>) dimensions = [1]
  return %s : tensor<2xbf16>
}

func.func @ranks(%x: tensor<4xbf16>, %w: tensor<4xf32>) -> (tensor<4xbf16>, tensor<2xbf16>, tensor<4xbf16>, tensor<4xf32>) {
  // CHECK: :[[@LINE+1]]:8: error: 'shard.all_reduce' op keeps a sum or a product in 'bf16'
  %a = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<4xbf16> -> tensor<4xbf16>
  // CHECK: :[[@LINE+1]]:8: error: 'shard.reduce_scatter' op keeps a sum or a product in 'bf16'
  %b = shard.reduce_scatter %x on @mesh grid_axes = [0] scatter_axis = 0 : tensor<4xbf16> -> tensor<2xbf16>
  %c = shard.all_reduce %x on @mesh grid_axes = [0] reduction = max : tensor<4xbf16> -> tensor<4xbf16>
  %d = shard.all_reduce %w on @mesh grid_axes = [0] : tensor<4xf32> -> tensor<4xf32>
  return %a, %b, %c, %d : tensor<4xbf16>, tensor<2xbf16>, tensor<4xbf16>, tensor<4xf32>
}
