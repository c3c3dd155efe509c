// RUN: not dchag-opt %s --emit=run --inputs=integers 2>&1 | FileCheck %s

// An argument of @prepare without a role is no input of the model, though @step has one there.
// CHECK: error: 'func.func' op argument 1 has the role "input", but @prepare runs before there are inputs
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @prepare(%w: tensor<3xf32> {dchag.role = "param", dchag.name = "w"}, %v: tensor<3xf32> {dchag.name = "v"})
      -> (tensor<3xf32> {dchag.name = "c"}) {
    %c = arith.addf %w, %v : tensor<3xf32>
    return %c : tensor<3xf32>
  }
  func.func @step(%c: tensor<3xf32> {dchag.role = "compiled", dchag.name = "c"}, %x: tensor<3xf32> {dchag.role = "input", dchag.name = "x"})
      -> (tensor<3xf32> {dchag.name = "y"}) {
    %y = arith.mulf %c, %x : tensor<3xf32>
    return %y : tensor<3xf32>
  }
}
