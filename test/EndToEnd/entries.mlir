// A third entry point: it shares a parameter, what is prepared of it and an input with the step, and has an input and an
// output of its own. It is executed by the interpreter and by programs of one and three ranks.

// RUN: rm -rf %t && mkdir %t
// RUN: dchag-opt %s --prepare | FileCheck %s
// CHECK-LABEL: func.func @prepare(
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<3x4xf32> {dchag.name = "w", dchag.role = "param"}
// CHECK-SAME:    -> (tensor<4x3xf32> {dchag.name = "w"}, tensor<3x4xf32> {dchag.name = "w.1"})
// CHECK-LABEL: func.func @step(
// CHECK-SAME:    tensor<4x3xf32> {dchag.name = "w", dchag.role = "compiled"}
// CHECK-LABEL: func.func @evaluate(
// CHECK-SAME:    tensor<3x4xf32> {dchag.name = "w.1", dchag.role = "compiled"}

// RUN: dchag-opt %s --check-equal=prepare --check-equal='prepare,extract-reads' | FileCheck %s --check-prefix=EQUAL
// EQUAL: check-equal: @step
// EQUAL: check-equal: @evaluate
// EQUAL: check-equal: @step
// EQUAL: check-equal: @evaluate
// RUN: dchag-opt %s --check-ranks='prepare,extract-reads,distribute{mesh=dp=3}' --inputs=integers,normal | FileCheck %s --check-prefix=RANKS
// RANKS: check-ranks: @step
// RANKS: check-ranks: @evaluate

// RUN: python3 %S/Inputs/make_entries.py %t
// RUN: dchag-opt %s --emit=exe -o %t/one && dchag-opt %s --mesh=dp=3 --emit=exe -o %t/three
// RUN: %t/one --help | FileCheck %s --check-prefix=HELP
// HELP: Inputs:
// HELP-NEXT: x: 6x3 f32
// HELP-NEXT: Outputs:
// HELP-NEXT: y: 6x4 f32
// HELP-NEXT: Other entry points (--entry):
// HELP-NEXT: evaluate
// RUN: %t/one --describe | FileCheck %s --check-prefix=DESCRIBE
// DESCRIBE: "entries": [
// DESCRIBE: "name": "prepare"
// DESCRIBE: "time": "load"
// DESCRIBE: "name": "step"
// DESCRIBE: "time": "step"
// DESCRIBE: "name": "evaluate"
// DESCRIBE: "time": "request"
// RUN: cd %t && ./one --weights w.safetensors --input x=x.npy --output one.step && python3 %S/Inputs/compare.py one.step/y.npy y.npy 0
// RUN: cd %t && ./one --entry evaluate --weights w.safetensors --input x=x.npy --input target=t.npy --output one.loss && python3 %S/Inputs/compare.py one.loss/loss.npy loss.npy 0
// RUN: cd %t && ./three --comm threads --entry step --weights w.safetensors --input x=x.npy --output three.step && python3 %S/Inputs/compare.py three.step/y.npy y.npy 0
// RUN: cd %t && ./three --comm threads --entry evaluate --weights w.safetensors --input x=x.npy --input target=t.npy --output three.loss && python3 %S/Inputs/compare.py three.loss/loss.npy loss.npy 0
// RUN: cd %t && not ./one --entry train --weights w.safetensors 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: --entry train: the model has no such entry point: see --help
// RUN: cd %t && not ./one --weights w.safetensors --input x=x.npy --input target=t.npy 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: input "target" (t.npy): the model has no such input: its inputs are x

#left = affine_map<(i, j, k) -> (i, k)>
#right = affine_map<(i, j, k) -> (k, j)>
#turned = affine_map<(i, j, k) -> (j, k)>
#out = affine_map<(i, j, k) -> (i, j)>
module {
  func.func @step(%x: tensor<6x3xf32> {dchag.name = "x", dchag.role = "input"},
                  %w: tensor<3x4xf32> {dchag.name = "w", dchag.role = "param"}) -> (tensor<6x4xf32> {dchag.name = "y"}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<4x3xf32>
    %t = linalg.transpose ins(%w : tensor<3x4xf32>) outs(%e : tensor<4x3xf32>) permutation = [1, 0]
    %s = arith.addf %t, %t : tensor<4x3xf32>
    %f = tensor.empty() : tensor<6x4xf32>
    %z = linalg.fill ins(%zero : f32) outs(%f : tensor<6x4xf32>) -> tensor<6x4xf32>
    %y = linalg.contract indexing_maps = [#left, #turned, #out] ins(%x, %s : tensor<6x3xf32>, tensor<4x3xf32>) outs(%z : tensor<6x4xf32>) -> tensor<6x4xf32>
    return %y : tensor<6x4xf32>
  }
  func.func @evaluate(%x: tensor<6x3xf32> {dchag.name = "x", dchag.role = "input"},
                      %w: tensor<3x4xf32> {dchag.name = "w", dchag.role = "param"},
                      %target: tensor<6x4xf32> {dchag.name = "target", dchag.role = "input"}) -> (tensor<f32> {dchag.name = "loss"}) {
    %zero = arith.constant 0.0 : f32
    %f = tensor.empty() : tensor<6x4xf32>
    %z = linalg.fill ins(%zero : f32) outs(%f : tensor<6x4xf32>) -> tensor<6x4xf32>
    %s = arith.addf %w, %w : tensor<3x4xf32>
    %y = linalg.contract indexing_maps = [#left, #right, #out] ins(%x, %s : tensor<6x3xf32>, tensor<3x4xf32>) outs(%z : tensor<6x4xf32>) -> tensor<6x4xf32>
    %d = arith.subf %y, %target : tensor<6x4xf32>
    %q = arith.mulf %d, %d : tensor<6x4xf32>
    %g = tensor.empty() : tensor<f32>
    %i = linalg.fill ins(%zero : f32) outs(%g : tensor<f32>) -> tensor<f32>
    %loss = linalg.reduce { arith.addf } ins(%q : tensor<6x4xf32>) outs(%i : tensor<f32>) dimensions = [0, 1]
    return %loss : tensor<f32>
  }
}
