// Passes that passes.test must report, and one that is in order.
include "mlir/Pass/PassBase.td"

def ShownAlone : Pass<"shown-alone"> {
  let summary = "In order";
  let description = [{
    ```mlir
    %y = arith.negf %x : f32    // before and after
    ```
  }];
}
def NotShown : Pass<"not-shown"> {
  let summary = "Without an example";
}
class Example<string name> : Pass<name> {
  let description = [{
    ```mlir
    %y = arith.negf %x : f32
    ```
  }];
}
def NotTested : Example<"not-tested">;
def NotRun : Example<"not-run">;
