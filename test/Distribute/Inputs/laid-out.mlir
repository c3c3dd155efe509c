// What propagate leaves of a program: a product that is summed over the ranks, returned whole, and
// its negation by rows.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @step(%x: tensor<3x5xf32> {dchag.name = "x", dchag.sharding = #dchag.sharding<[[], ["tp"]]>},
      %w: tensor<5x7xf32> {dchag.name = "w", dchag.role = "param", dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<3x7xf32> {dchag.name = "p", dchag.sharding = #dchag.sharding<[[], []]>}, tensor<3x7xf32> {dchag.name = "n", dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    %zero = arith.constant {dchag.operand_shardings = [], dchag.shardings = [#dchag.sharding<[]>]} 0.0 : f32
    %e = tensor.empty() {dchag.operand_shardings = [], dchag.shardings = [#dchag.sharding<[[], []]>]} : tensor<3x7xf32>
    %z = linalg.fill {dchag.operand_shardings = [#dchag.sharding<[]>, #dchag.sharding<[[], []]>], dchag.shardings = [#dchag.sharding<[[], []]>]} ins(%zero : f32) outs(%e : tensor<3x7xf32>) -> tensor<3x7xf32>
    %p = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
      {dchag.operand_shardings = [#dchag.sharding<[[], ["tp"]]>, #dchag.sharding<[["tp"], []]>, #dchag.sharding<[[], []]>],
       dchag.shardings = [#dchag.sharding<[[], []], partial = ["tp" = sum]>]}
      ins(%x, %w : tensor<3x5xf32>, tensor<5x7xf32>) outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
    %n = arith.negf %p {dchag.operand_shardings = [#dchag.sharding<[["tp"], []]>], dchag.shardings = [#dchag.sharding<[["tp"], []]>]} : tensor<3x7xf32>
    return %p, %n : tensor<3x7xf32>, tensor<3x7xf32>
  }
}
