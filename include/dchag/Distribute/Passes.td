//===- Passes.td - from one program to the program of each rank -----*- tablegen -*-===//
#ifndef DCHAG_DISTRIBUTE_PASSES
#define DCHAG_DISTRIBUTE_PASSES

include "mlir/Pass/PassBase.td"

class AxisOption<string what, string name> : Option<"axis", "axis", "::mlir::dchag::AxisNames",
    "\"" # name # "\"", "mesh axis over which " # what # ", several joined by '+' (default " # name # ")">;
defvar modeOption = Option<"mode", "mode", "::mlir::dchag::DistributeMode",
    "::mlir::dchag::DistributeMode::Replicate",
    "how the first aggregation is split: replicate (default), gather, hierarchical, split-softmax",
    [{::mlir::dchag::getDistributeModeValues()}]>;
defvar markedStatistic = Statistic<"numMarked", "num-marked", "values marked">;

class AnnotatePass<string name> : Pass<name, "::mlir::ModuleOp"> {
  let dependentDialects = ["::mlir::dchag::DchagDialect"];
}

def PrintShardingRules : Pass<"print-sharding-rules", "::mlir::ModuleOp"> {
  let summary = "Attaches the sharding rule of each op to it as an attribute";
  let description = [{
    Sets the attribute `dchag.rule` on every op in a function that has a rule. Ops without
    one get `dchag.rule = "none"`. For inspection and tests; no pass reads it.
    ```mlir
    %y = linalg.contract ... ins(%a, %b : tensor<2x3xf32>, tensor<3x5xf32>) outs(%z : tensor<2x5xf32>)  // before
    %n = linalg.exp ins(%y : tensor<2x5xf32>) outs(%e : tensor<2x5xf32>)

    %y = linalg.contract ... {dchag.rule = #dchag.rule<                                                 // after
        [#dchag.factor<2, parallel>, #dchag.factor<5, parallel>, #dchag.factor<3, sum>],           // factors 0, 1, 2
        [[array<i64: 0>, array<i64: 2>], [array<i64: 2>, array<i64: 1>], [array<i64: 0>, array<i64: 1>]],  // of the operands
        [[array<i64: 0>, array<i64: 1>]], linear = [array<i64: 0>, array<i64: 1>]>} ...  // of the result
    %n = linalg.exp {dchag.rule = "none"} ins(%y : tensor<2x5xf32>) outs(%e : tensor<2x5xf32>)
    ```
  }];
  // Rules are its attributes.
  let dependentDialects = ["::mlir::dchag::DchagDialect"];
}

def SetMesh : Pass<"set-mesh", "::mlir::ModuleOp"> {
  let summary = "Sets the mesh of ranks of the module";
  let description = [{
    Sets `dchag.mesh` and creates `shard.grid @mesh`; an existing one must have the same sizes.
    ```mlir
    module {                                                              // before: set-mesh{mesh=dp=2,tp=3}

    module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 3]>} {  // after
      shard.grid @mesh(shape = 2x3)
    ```
    Fails if neither the option nor the module has a mesh, and if another symbol is named `mesh`.
  }];
  let options = [Option<"mesh", "mesh", "::mlir::dchag::MeshShape", "",
    "axes of the ranks with sizes, such as tp=2 or dp=2,tp=4; empty (default): the mesh of the module">];
  let dependentDialects = ["::mlir::shard::ShardDialect", "::mlir::dchag::DchagDialect"];
}

def SetMachine : Pass<"set-machine", "::mlir::ModuleOp"> {
  let summary = "Sets the description of the target machine";
  let description = [{
    Sets `dchag.machine` to the content of `file`, which is `#dchag.machine<...>` and comments, or to
    the machine that the compiler contains as `name` (folder machines). Choices by cost are made
    for it; without the attribute for `default`. Fails when a figure is missing or not positive.
    ```mlir
    module {}                                                                                  // before
    module attributes {dchag.machine = #dchag.machine<"h100-node8", cores = ..., ...>} {}  // after name=h100-node8
    ```
  }];
  let options = [
    Option<"file", "file", "std::string", [{""}], "machine file to read (default: none)">,
    Option<"machine", "name", "std::string", [{""}],
      "name of a machine that the compiler contains (default: none)">];
  let dependentDialects = ["::mlir::dchag::DchagDialect"];
}

def SplitProjections : Pass<"split-projections", "::mlir::ModuleOp"> {
  let summary = "Moves the output projections of aggregations into separate contractions";
  let description = [{
    Heads are a parallel factor of `dchag.aggregate` up to its output projection and a summed one in it,
    so they can only split if the projection is a separate op. Its bias becomes an addition after
    the sum, so that it is added once. Equal in real arithmetic. Runs before all strategies.
    ```mlir
    %y = dchag.aggregate %t, %q output(%o, %b) {heads = 2, scale = 0.5}                                // before
      : (tensor<2x1x5x4x8xf32>, tensor<1x3x8xf32>, tensor<1x7x8xf32>, tensor<1x7xf32>) -> tensor<2x1x3x4x7xf32>

    %a = dchag.aggregate %t, %q {heads = 2 : i64, scale = 5.000000e-01 : f64} : ... -> tensor<2x1x3x4x8xf32> // after
    %p = linalg.contract ... ins(%a, %o : tensor<2x1x3x4x8xf32>, tensor<1x7x8xf32>) ... -> tensor<2x1x3x4x7xf32>
    %biases = linalg.broadcast ins(%b : tensor<1x7xf32>) ... dimensions = [0, 2, 3]
    %y = arith.addf %p, %biases : tensor<2x1x3x4x7xf32>
    ```
  }];
  let statistics = [Statistic<"numSplit", "num-split", "projections moved out of aggregations">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect", "::mlir::dchag::DchagDialect"];
}

def SplitAggregates : Pass<"split-aggregates", "::mlir::ModuleOp"> {
  let summary = "Rewrites aggregations whose channels are to be split";
  let description = [{
    Carries out the requests of `annotate-aggregations` (`dchag.channel_split`): a `dchag.aggregate`
    becomes `dchag.aggregate_partial`, which splits over the channels, and `dchag.merge_partials`, which
    combines the partial results, with a mask where the ranks do not divide the channels; of a
    `dchag.aggregate_linear` the bias becomes an addition. Tokens and results are marked. If a
    request has groups, the mesh axis is replaced by two, `AXIS.groups` and `AXIS.channels`, in the
    mesh and in every attribute. Equal in real arithmetic. Where the tokens of one group are
    concatenated from several sources, the channels of each source are distributed over the ranks
    separately, so that each rank has a part of each source: an aggregation does not depend on their
    order.
    ```mlir
    // On 2 ranks.
    %y = dchag.aggregate %t, %q {heads = 2, scale = 0.5,                                               // before
        dchag.channel_split = #dchag.channel_split<["tp"], groups = 1, by "split-softmax">}
      : (tensor<2x1x5x4x8xf32>, tensor<1x3x8xf32>) -> tensor<2x1x3x4x8xf32>

    %all = arith.constant dense<true> : tensor<1x1x5xi1>                                                // after
    %max, %sum, %acc = dchag.aggregate_partial %t, %q mask(%all) {heads = 2 : i64, scale = 5.000000e-01 : f64, weighs_masked, dchag.marks = ...}
      : ... -> (tensor<2x1x3x4x2xf32>, tensor<2x1x3x4x2xf32>, tensor<2x1x3x4x8xf32>)
    ...                                                           // a new first dimension of size 1: the parts
    %y = dchag.merge_partials %max1, %sum1, %acc1 {nan_when_empty} : ... -> tensor<2x1x3x4x8xf32>
    ```
  }];
  let statistics = [Statistic<"numSplit", "num-split", "aggregations rewritten as partial aggregations">,
                    Statistic<"numMarked", "num-marked", "values marked">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect", "::mlir::dchag::DchagDialect"];
}

def AnnotateNamed : AnnotatePass<"annotate-named"> {
  let summary = "Marks values with shardings that the user gives by name";
  let description = [{
    `shard` is a list of NAME=[AXES,..] separated by ';'. NAME is that of a parameter or input
    (`dchag.name`) or of the module that an op comes from (its location), and may have `*`, `?`
    and `[a-z]`. AXES has an entry for each dimension: an axis, several joined by '+' (first
    slowest), `_` for none, `?` for one that is left open. Without a `?` all axes of the mesh
    are decided. Runs before all strategies and has priority over them.

    ```mlir
    // annotate-named{shard=blocks.*.mlp.fc1.weight=[tp,_]}
    %w: tensor<48x12xf32> {dchag.name = "blocks.0.mlp.fc1.weight"}                        // before
    %w: tensor<48x12xf32> {dchag.marks = [#dchag.mark<<[["tp"], []]>, axes = ["tp"], user, by "...">]}
    ```
    Fails if no value has the name, or one with another number of dimensions has.
  }];
  let options = [Option<"shard", "shard", "std::string", [{""}],
    "shardings by name, such as blocks.*.fc1.weight=[tp,_];x=[dp,_,_,_]">];
  let statistics = [markedStatistic];
}

def AnnotateDevices : AnnotatePass<"annotate-devices"> {
  let summary = "Marks values with the shardings of an ONNX file";
  let description = [{
    Turns `dchag.devices`, the multi-device annotations of an ONNX file (IR version 11), into
    marks of the user. The number of shards of a dimension must be that of one mesh axis, or of
    several in a row, and the devices must be all devices of the configuration in order, so that
    rank i has shard i; of several configurations the first with as many devices as ranks is used.
    Everything else (groups of devices, parts of the devices, stages of a pipeline, tensors that
    passes have replaced) is ignored with a warning at the node. What `annotate-named` has marked
    stays as it is.

    ```mlir
    // dchag.devices: an annotation of w with dims = [array<i64: 1, 5, 2>]
    %w: tensor<3x5xf32> {dchag.name = "w"}                                                // before
    %w: tensor<3x5xf32> {dchag.marks = [#dchag.mark<<[[], ["tp"]]>, axes = ["tp"], user, by "devices of w">]}
    ```
  }];
  let statistics = [markedStatistic];
}

def AnnotateData : AnnotatePass<"annotate-data"> {
  let summary = "Marks inputs to be split by samples: data parallelism";
  let description = [{
    Marks the first dimension of every input whose size is the number of samples, which is that of
    the image that is tokenized first, or of the first input. Warns if there is only one sample.
    ```mlir
    %x: tensor<4x6x2x4xf32> {dchag.name = "x", dchag.role = "input"}                                   // before
    // after
    %x: tensor<4x6x2x4xf32> {dchag.marks = [#dchag.mark<<[["dp"], [], [], []]>, axes = ["dp"], activations, by "data">]}
    ```
  }];
  let options = [AxisOption<"samples are split", "dp">];
  let statistics = [markedStatistic];
}

def AnnotateParameters : AnnotatePass<"annotate-parameters"> {
  let summary = "Marks parameters to be stored sharded: fully sharded data parallelism";
  let description = [{
    Sets `dchag.storage` on parameters: `propagate` splits each of them over the axes, in addition
    to the sharding of its uses, along its largest dimension that divides evenly, and it is gathered
    before its use (ZeRO stage 3, arXiv 1910.02054; PyTorch FSDP, arXiv 2304.11277).
    ```mlir
    // annotate-parameters{axis=dp+fsdp min-elements=6}
    %w: tensor<6xf32> {dchag.name = "w", dchag.role = "param"}                                         // before
    %w: tensor<6xf32> {dchag.name = "w", dchag.role = "param", dchag.storage = ["dp", "fsdp"]}          // after
    ```
    Leaves arguments of `@prepare` alone: they take the shardings in which `@step` needs the results.
  }];
  let options = [AxisOption<"parameters are stored sharded", "fsdp">,
    Option<"minElements", "min-elements", "int64_t", "2",
      "parameters with fewer elements are replicated (default 2)">];
  let statistics = [markedStatistic];
}

def AnnotateAggregations : AnnotatePass<"annotate-aggregations"> {
  let summary = "Marks tokens and aggregations to be split by channels or groups";
  let description = [{
    By `mode`: nothing (`replicate`); tokens by channel (`gather`), which are then gathered; groups
    of the first aggregations and of all levels of a tree that have groups for all ranks
    (`hierarchical`, D-CHAG, arXiv 2506.21411), after which everything is replicated; or the
    channels of the first aggregations (`split-softmax`; docs/math.md, section 3). If the channels of
    an aggregation are to be split, which `hierarchical` does too if there are fewer groups than
    ranks and they divide the ranks, and the op cannot be split like that as it is, it gets the
    request `dchag.channel_split` instead of marks: `split-aggregates` must follow.
    ```mlir
    // annotate-aggregations{mode=hierarchical}: 4 groups over 2 ranks; the level above has one group.
    %a = dchag.aggregate %t, %q {heads = 2, scale = 0.5} : ... -> tensor<2x4x1x4x8xf32>                // before
    ...
    %y = dchag.aggregate %s, %o {heads = 2, scale = 0.5} : ... -> tensor<2x1x1x4x8xf32>

    %a = dchag.aggregate %t, %q {dchag.marks =                                                          // after
      [[#dchag.mark<<[[], ["tp"], [], [], []]>, axes = ["tp"], weights, by "hierarchical">]], ...} : ...
    ...                                                           // %s is marked like %y: gathered for all its uses
    %y = dchag.aggregate %s, %o {dchag.marks =
      [[#dchag.mark<<[[], [], [], [], []]>, axes = ["tp"], weights, by "hierarchical">]], ...} : ...
    ```
    Fails if the mode does not apply to the model: in mode `split-softmax` at a first aggregation of
    several groups, in mode `hierarchical` at one of one group.
  }];
  let options = [AxisOption<"channels or groups are split", "tp">, modeOption];
  let statistics = [markedStatistic,
                    Statistic<"numRequested", "num-requested", "aggregations to be rewritten by split-aggregates">];
}

def AnnotateWidths : AnnotatePass<"annotate-widths"> {
  let summary = "Marks heads and hidden widths to be split: tensor parallelism";
  let description = [{
    Marks each sum over a width that only parameters produce: walking up from a sum of an
    activation with a parameter, through ops in which the summed factor is parallel, to ops where
    only parameters have it. This is the Megatron split of heads and hidden widths (arXiv
    1909.08053), found from the rules. A width that something else uses as well stays whole.
    ```mlir
    %h = linalg.contract ... ins(%x, %v : tensor<2x3xf32>, tensor<3x5xf32>) ... -> tensor<2x5xf32>     // before
    %a = dchag.gelu %h : tensor<2x5xf32>
    %y = linalg.contract ... ins(%a, %w : tensor<2x5xf32>, tensor<5x7xf32>) ... -> tensor<2x7xf32>

    %a = dchag.gelu %h {dchag.marks = [[#dchag.mark<<[[], ["tp"]]>, axes = ["tp"], weights, by "widths">]]} ... // after
    ```
    Warns if there is no such width.
  }];
  let options = [AxisOption<"heads and hidden widths are split", "tp">];
  let statistics = [markedStatistic];
}

def AnnotatePositions : AnnotatePass<"annotate-positions"> {
  let summary = "Marks activations to be split by positions: sequence parallelism";
  let description = [{
    Marks operands and results of normalisations along the dimension of positions, in rows of the
    image if there are rows for all ranks. Over the axis of tensor parallelism sums are then
    scattered before the regions between attention and MLP and gathered after them
    (Megatron's sequence parallelism, arXiv 2205.05198). Over a separate axis
    everything is split by positions, and attention gathers keys and values. Where attention is inside
    of windows and a rank has one sample, rows of windows are split: only what
    is rolled (shifted windows) is gathered. Warns if nothing can be split.
    ```mlir
    // 12 positions are 3 rows of 4 pixels, as a later dchag.unpatchify shows.
    %n = dchag.rms_norm %x scale(%s) {dims = 1, epsilon = 1.0e-5} : (tensor<2x12x6xf32>, tensor<6xf32>) -> ...  // before

    %n = dchag.rms_norm %x scale(%s) {dchag.marks =                                                     // after
      [[#dchag.mark<<[[], ["sp"] block 4, []]>, axes = ["sp"], activations, by "positions">]], ...} : ...
    ```
  }];
  let options = [AxisOption<"positions are split", "sp">];
  let statistics = [markedStatistic];
}

def Propagate : Pass<"propagate", "::mlir::ModuleOp"> {
  let summary = "Decides the sharding of every value by propagating the marks";
  let description = [{
    Decides a plan (lib/Distribute/ShardingPlan.h, printed by `print-plan`), then writes it.
    A fix-point over the factors of the ops' rules. Marks of users are propagated first, then those of
    weights, then those of activations; of two with the same priority the one on more bytes wins. An axis
    splits one factor of an op; if another sharding was requested, the value is resharded at its
    use, with a remark that names both origins and their costs. What no mark reaches is replicated,
    unless splitting an op over an axis that is free there takes less time by the cost model.
    `@step` comes first, then other entry points: ports of one name and role take one sharding, and
    results of `@prepare` take that of the arguments of the same name. Arguments take the sharding that all their uses agree on, else they are replicated;
    parameters with `dchag.storage` are split over these axes too, and gathered before their uses.
    ```mlir
    %h = linalg.contract ... ins(%x, %v : tensor<2x3xf32>, tensor<3x5xf32>) ...                        // before
    %a = arith.addf %h, %one {dchag.marks = [[#dchag.mark<<[[], ["tp"]]>, axes = ["tp"], weights, by "widths">]]} : ...
    %y = linalg.contract ... ins(%a, %w : tensor<2x5xf32>, tensor<5x7xf32>) ...

    %v: tensor<3x5xf32> {..., dchag.sharding = #dchag.sharding<[[], ["tp"]]>}                           // after
    %w: tensor<5x7xf32> {..., dchag.sharding = #dchag.sharding<[["tp"], []]>}
    %a = arith.addf %h, %one {dchag.operand_shardings = [#dchag.sharding<[[], ["tp"]]>, #dchag.sharding<[[], ["tp"]]>],
                              dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<2x5xf32>
    %y = linalg.contract ... {dchag.operand_shardings = [#dchag.sharding<[[], ["tp"]]>, #dchag.sharding<[["tp"], []]>, ...],
                              dchag.shardings = [#dchag.sharding<[[], []], partial = ["tp" = sum]>]} ...
    ```
    Leaves `dchag.shardings` (results) and `dchag.operand_shardings` on every op and
    `dchag.sharding` on arguments and results of functions, no marks, and with `explain` where
    each split comes from (`dchag.origins = ["dimension 1 over \22tp\22: widths, 2 ops away"]` on
    `%v`). An op without a rule gets whole operands, with a warning.
  }];
  let options = [Option<"strict", "strict-sharding", "bool", "false",
    "an op without a rule that needs operands gathered is an error (default: a warning)">,
    Option<"deferSums", "defer-sums", "bool", "false",
    "pass partial sums through linear ops if that takes less time, so that several are combined at once; "
    "changes the order of additions (default: no)">,
    Option<"explain", "explain", "bool", "false",
    "write the origin of each split and the number of ops it was propagated through (default: no)">];
  let statistics = [Statistic<"numConflicts", "num-conflicts", "requests that conflict with another and lost">];
}

def PrintPlan : Pass<"print-plan", "::mlir::ModuleOp"> {
  let summary = "Prints what propagate would decide, with its cost";
  let description = [{
    Prints for each function how its arguments, ops and results split, the origin of each split,
    requests that lost, the reshards, and by the cost model of the module's machine the seconds of
    one run on one rank (all ops on local shards and all collectives, without overlap), its
    operations, bytes of memory and bytes sent; and whether the plan with the other choice of
    `defer-sums` would be cheaper. Changes nothing.
    ```mlir
    %y = linalg.contract ... ins(%x, %w : tensor<2x6xf32>, tensor<6x5xf32>) ...    // unchanged; printed is how
                                                        // its factors split, why, and what the reshards cost
    ```
  }];
  let options = [Option<"deferSums", "defer-sums", "bool", "false",
    "pass partial sums through linear ops, as in propagate (default: no)">,
    Option<"output", "output", "std::string", [{"-"}],
    "file to write; '-' (default) for the standard output">];
}

def InsertReshards : Pass<"insert-reshards", "::mlir::ModuleOp"> {
  let summary = "Inserts a reshard op for every change of sharding";
  let description = [{
    Inserts a `dchag.reshard` before the first op that needs a value in another sharding than
    its producer's, once for each sharding. Partial sums are thus combined right where they are
    needed, to the sharding that is needed there.
    ```mlir
    %x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}
    %b = math.absf %x {dchag.operand_shardings = [#dchag.sharding<[[], ["tp"]]>], dchag.shardings = ...} : ...  // before
    %c = math.exp %x {dchag.operand_shardings = [#dchag.sharding<[[], ["tp"]]>], dchag.shardings = ...} : ...

    %r = dchag.reshard %x from <[["tp"], []]> to <[[], ["tp"]]> global tensor<5x7xf32>                  // after
      {dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<5x7xf32> -> tensor<5x7xf32>
    %b = math.absf %r {dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<5x7xf32>
    %c = math.exp %r {dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<5x7xf32>
    ```
    Needs `propagate`; types stay global.
  }];
  let statistics = [Statistic<"numReshards", "num-reshards", "reshards inserted">];
}

def VerifyShardings : Pass<"verify-shardings", "::mlir::ModuleOp"> {
  let summary = "Checks that shardings agree with the rules: no partial result is lost or invented";
  let description = [{
    After `insert-reshards`: the shardings of operands and results of each op follow by its rule
    from one split of its factors, partial results included; partial values are used by
    `dchag.reshard` only; returned values have the sharding of the signature. Changes nothing.
    ```mlir
    %x: tensor<5x4xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}
    %y = linalg.reduce { arith.addf } ins(%x : ...) outs(%z : tensor<5xf32>) dimensions = [1]                   // accepted
      {dchag.shardings = [#dchag.sharding<[[]], partial = ["tp" = sum]>]}
    %n = arith.negf %y : tensor<5xf32>
    // error: 'arith.negf' op uses operand 0 before its partial results are combined: ...
    %s = linalg.reduce { arith.addf } ins(%x : ...) outs(%z : tensor<5xf32>) dimensions = [1]
      {dchag.shardings = [#dchag.sharding<[[]]>]}
    // error: 'linalg.reduce' op has shardings that its rule does not allow: ...
    ```
  }];
}

def Partition : Pass<"partition", "::mlir::ModuleOp"> {
  let summary = "Replaces every value by the local shard of a rank";
  let description = [{
    Rewrites ops on local types by `ShardingRuleOpInterface::cloneLocal`. Where a factor is
    split unevenly and padding would reach valid elements, `dchag.mask_shard` overwrites
    it, unless it is proven to be 0. Arguments and results keep their global type as
    `dchag.global`. Padding of parameters computed by `@prepare` is 0.
    ```mlir
    func.func @sum(%x: tensor<2x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}, ...) // before: 2 ranks
    %p = linalg.contract ... {dchag.shardings = [#dchag.sharding<[[], []], partial = ["tp" = sum]>]}
      ins(%x, %w : tensor<2x5xf32>, tensor<5x7xf32>) outs(%z : tensor<2x7xf32>) -> tensor<2x7xf32>

    func.func @sum(%x: tensor<2x3xf32> {dchag.global = tensor<2x5xf32>, dchag.sharding = ...}, ...) // after
    %m = dchag.mask_shard %x {axes = ["tp"], dim = 1 : i64, size = 5 : i64, value = 0.000000e+00 : f32, ...} : tensor<2x3xf32>
    %p = linalg.contract ... {dchag.shardings = [#dchag.sharding<[[], []], partial = ["tp" = sum]>]}
      ins(%m, %w : tensor<2x3xf32>, tensor<3x7xf32>) outs(%z : tensor<2x7xf32>) -> tensor<2x7xf32>
    ```
    Needs `insert-reshards`.
  }];
  let options = [Option<"poisonPadding", "poison-padding", "bool", "false",
      "fill padding that may hold anything with NaN, or the largest integer, for checks (default false)">];
  let statistics = [Statistic<"numMasks", "num-masks", "masks of padding inserted">];
}

def VerifyPartition : Pass<"verify-partition", "::mlir::ModuleOp"> {
  let summary = "Checks that the types of every function agree with its shardings";
  let description = [{
    After `partition`: types of arguments and results are the local types that `dchag.sharding` makes
    of `dchag.global`; partial values are not returned, nor used by another op than
    `dchag.reshard` or a reducing collective. Changes nothing.
    ```mlir
    // On 2 ranks the first is accepted.
    func.func @argument(%x: tensor<3xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>, dchag.global = tensor<5xf32>})
    func.func @argument(%x: tensor<5xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>, dchag.global = tensor<5xf32>})
    // error: 'func.func' op argument 0: must have the type of its part, 'tensor<3xf32>' of 'tensor<5xf32>' by
    //   #dchag.sharding<[["tp"]]>: got 'tensor<5xf32>'
    ```
  }];
}

def ReshardsToCollectives : Pass<"reshards-to-collectives", "::mlir::ModuleOp"> {
  let summary = "Replaces reshards by collectives of the shard dialect";
  let description = [{
    Each reshard becomes the sequence of `shard.all_slice`, `all_to_all`, `all_gather`,
    `reduce_scatter` and `all_reduce` that takes the least time by the cost model, and of those the
    shortest. A sum that is needed sharded is a reduce-scatter; over several axes at once where that is
    cheaper. Parts of an online softmax are made relative to the maximum of all ranks
    (`dchag.rescale`) and then summed. Sizes that do not divide evenly are padded before and sliced
    after a step, and the type after each step is checked. Removes `dchag.shardings`.
    ```mlir
    %y = dchag.reshard %x from <[["tp"], []]> to <[[], ["tp"]]> global tensor<5x7xf32>                 // before
      {dchag.shardings = [#dchag.sharding<[[], ["tp"]]>]} : tensor<3x7xf32> -> tensor<5x4xf32>

    %p = tensor.pad %x low[0, 0] high[0, 1] { ... } : tensor<3x7xf32> to tensor<3x8xf32>                // after
    %a = shard.all_to_all %p on @mesh grid_axes = [0] split_axis = 1 concat_axis = 0 : tensor<3x8xf32> -> tensor<6x4xf32>
    %y = tensor.extract_slice %a[0, 0] [5, 4] [1, 1] : tensor<6x4xf32> to tensor<5x4xf32>
    ```
    Needs `partition`.
  }];
  let dependentDialects = ["::mlir::shard::ShardDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect"];
  let statistics = [Statistic<"numCollectives", "num-collectives", "collectives created">];
}

#endif // DCHAG_DISTRIBUTE_PASSES
