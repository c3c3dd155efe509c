// RUN: dchag-opt %s --set-mesh=mesh=dp=2,tp=2 --annotate-named='shard=blocks.*.fc1.weight=[_,tp];x=[dp,?];act=[?,tp]' | FileCheck %s --check-prefix=MARK
// RUN: dchag-opt %s --set-mesh=mesh=tp=2 --annotate-named='shard=x=[_,tp];blocks.0.fc1.weight=[tp,_];blocks.0.fc2.weight=[_,tp]' | FileCheck %s --check-prefix=SHORT
// RUN: dchag-opt %s --check-ranks='distribute{mesh=dp=2,tp=2 strategy=tp,dp shard=blocks.*.fc1.weight=[_,tp];x=[dp,_]}' --check-ranks='distribute{mesh=dp=2,tp=3 strategy=dp,tp shard=blocks.*.fc1.weight=[tp,dp]}'
// RUN: dchag-opt %s --distribute='mesh=tp=2 shard=blocks.0.fc1.weight=[tp,_] explain-sharding' 2>&1 | FileCheck %s --check-prefix=EXPLAIN
// RUN: not dchag-opt %s --set-mesh=mesh=tp=2 --annotate-named='shard=blocks.0.fc1.wieght=[tp,_]' 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not dchag-opt %s --set-mesh=mesh=tp=2 --annotate-named='shard=*.fc1.weight=[tp]' 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: not dchag-opt %s --set-mesh=mesh=tp=2 --annotate-named='shard=*.fc1.weight=[dp,_]' 2>&1 | FileCheck %s --check-prefix=AXIS
// RUN: not dchag-opt %s --set-mesh=mesh=tp=2 --annotate-named='shard=*.fc1.weight=[tp,tp]' 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not dchag-opt %s --set-mesh=mesh=tp=2 --annotate-named='shard=*.fc1.weight' 2>&1 | FileCheck %s --check-prefix=LIST

// Parameters, inputs and ops by name. Without '?' all axes are decided.
// MARK: %{{.+}}: tensor<2x3xf32> {dchag.marks = [#dchag.mark<<{{\[\[}}"dp"], []]>, axes = ["dp"], user, by "x=[dp,?]">]
// MARK-SAME: %{{.+}}: tensor<3x6xf32> {dchag.marks = [#dchag.mark<<{{\[\[}}], ["tp"]]>, axes = ["dp", "tp"], user, by "blocks.*.fc1.weight=[_,tp]">]
// MARK: arith.addf {{.*}}dchag.marks = {{\[\[}}#dchag.mark<<{{\[\[}}], ["tp"]]>, axes = ["tp"], user, by "act=[?,tp]">]]

// Names of any length, in one list.
// SHORT: by "x=[_,tp]">
// SHORT-SAME: by "blocks.0.fc1.weight=[tp,_]">
// SHORT-SAME: by "blocks.0.fc2.weight=[_,tp]">

// What the user wants wins over the split of the hidden width; who wished a split and how far
// away is written where it holds.
// EXPLAIN: remark: splits factor 2 (sum of 3) over "tp" for the user (blocks.0.fc1.weight=[tp,_])
// EXPLAIN: %{{.+}}: tensor<2x6xf32> {{.*}}dchag.name = "blocks.0.fc1.weight", dchag.origins = ["dimension 0 over \22tp\22: blocks.0.fc1.weight=[tp,_]"]

// NAME: error: shard 'blocks.0.fc1.wieght=[tp,_]' names no parameter, input or op of that many dimensions; the nearest parameter or input is 'blocks.0.fc1.weight'
// RANK: error: 'blocks.0.fc1.weight' is of type 'tensor<3x6xf32>': shard '*.fc1.weight=[tp]' has 1 dimensions
// AXIS: error: shard '*.fc1.weight=[dp,_]' must be NAME=[AXES,..] {{.*}}: the axes are those of #dchag.mesh<["tp" = 2]>, got 'dp'
// TWICE: error: 'blocks.0.fc1.weight' cannot be sharded as '*.fc1.weight=[tp,tp]': (S2) sharding must use an axis once
// LIST: error: shard '*.fc1.weight' must be NAME=[AXES,..] {{.*}}: got no list in brackets
func.func @step(%x: tensor<2x3xf32> {dchag.role = "input", dchag.name = "x"},
                %v: tensor<3x6xf32> {dchag.role = "param", dchag.name = "blocks.0.fc1.weight"},
                %w: tensor<6x7xf32> {dchag.role = "param", dchag.name = "blocks.0.fc2.weight"}) -> tensor<2x7xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant dense<1.0> : tensor<2x6xf32>
  %e1 = tensor.empty() : tensor<2x6xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x6xf32>) -> tensor<2x6xf32>
  %h = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%x, %v : tensor<2x3xf32>, tensor<3x6xf32>) outs(%z1 : tensor<2x6xf32>) -> tensor<2x6xf32>
  %a = arith.addf %h, %one : tensor<2x6xf32> loc("act")
  %e2 = tensor.empty() : tensor<2x7xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x7xf32>) -> tensor<2x7xf32>
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%a, %w : tensor<2x6xf32>, tensor<6x7xf32>) outs(%z2 : tensor<2x7xf32>) -> tensor<2x7xf32>
  return %y : tensor<2x7xf32>
}
