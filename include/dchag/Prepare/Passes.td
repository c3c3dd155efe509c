//===- Passes.td - computations on parameters only -------------------*- tablegen -*-===//
#ifndef DCHAG_PREPARE_PASSES
#define DCHAG_PREPARE_PASSES

include "mlir/Pass/PassBase.td"

def Prepare : Pass<"prepare", "::mlir::ModuleOp"> {
  let summary = "Moves ops that depend only on parameters from entry points to @prepare";
  let description = [{
    Ops of `@step` and of other entry points whose operands depend only on parameters move to a new
    function `@prepare` from file parameters to compiled parameters, which the entry point takes
    instead. A parameter that is used unchanged is passed through `@prepare`, once for all that use
    it; unused ones are dropped. Broadcasts of parameters to the size of activations stay, and so do
    constants.
    ```mlir
    func.func @step(%x: tensor<2x3xf32>, %w: tensor<5x3xf32> {dchag.name = "w", dchag.role = "param"}) {
      %t = linalg.transpose ins(%w) ...                                                 // before
    func.func @prepare(%w: tensor<5x3xf32> {dchag.name = "w", dchag.role = "param"}) -> (tensor<3x5xf32> {dchag.name = "w"})
    func.func @step(%x: tensor<2x3xf32>, %t: tensor<3x5xf32> {dchag.name = "w", dchag.role = "compiled"})
    ```
    Needs a module with `@step` and without `@prepare`. Makes an empty `@prepare` for a model
    without parameters.
  }];
}

def ExtractReads : Pass<"extract-reads", "::mlir::ModuleOp"> {
  let summary = "Turns views of file parameters in @prepare into strided reads of the file";
  let description = [{
    Chains of slices, transposes, reshapes, concatenations, broadcasts and zero padding of file
    parameters in `@prepare` become arguments with the role `loaded`, whose `dchag.reads` say
    which elements of which parameter are copied where. Computed values stay. A rank then
    reads only its part of the file.
    ```mlir
    func.func @prepare(%w: tensor<3x5xf32> {dchag.name = "w", dchag.role = "loaded",
      dchag.reads = [#dchag.read<"w", tensor<5x3xf32>, offset = 0, strides = [1, 3], at = [0, 0], sizes = [3, 5]>]})
    ```
    A view that would need more than 4096 strided boxes is computed. Needs a
    module with `@prepare`.
  }];
}

#endif // DCHAG_PREPARE_PASSES
