//===- Passes.td - from one program to the program of each rank -----*- tablegen -*-===//
#ifndef DCHAG_DISTRIBUTE_PASSES
#define DCHAG_DISTRIBUTE_PASSES

include "mlir/Pass/PassBase.td"

defvar meshOption = Option<"mesh", "mesh", "std::string", [{""}],
    "axes of the ranks with sizes, such as tp=2 or dp=2,tp=4; empty (default): the module's own">;
defvar axisOption = Option<"axis", "axis", "std::string", [{"tp"}],
    "axis over which channels, heads and hidden widths are spread (default tp)">;
defvar modeOption = Option<"mode", "mode", "::mlir::dchag::DistributeMode",
    "::mlir::dchag::DistributeMode::Replicate",
    "how the first aggregation is spread: replicate (default), gather, hierarchical, split-softmax",
    [{::mlir::dchag::getDistributeModeValues()}]>;

def PrintShardingRules : Pass<"print-sharding-rules", "::mlir::ModuleOp"> {
  let summary = "Writes the sharding rule of each op into the IR";
  let description = [{
    Sets the attribute `dchag.rule` on every op in a function that has a rule. Ops without
    one get `dchag.rule = "none"`. For reading and for tests; nothing consumes it.
  }];
  // Rules are its attributes.
  let dependentDialects = ["::mlir::dchag::DchagDialect"];
}

def SplitAggregates : Pass<"split-aggregates", "::mlir::ModuleOp"> {
  let summary = "Writes aggregations such that heads or units of a group can be split";
  let description = [{
    The output projection of `dchag.aggregate` becomes a contraction of its own (and a bias an
    addition), so that heads are a parallel factor up to it and a summed one in it. In mode
    `split-softmax` the aggregations that are fed by tokens directly become
    `dchag.aggregate_partial`, which splits over the units, and `dchag.merge_partials`, which
    divides; with a mask where the ranks along `axis` do not divide the units. Equal in real
    arithmetic; changes no aggregation without an output projection in the other modes.

    Fails in mode `split-softmax` at a first-level aggregation of several groups: those split
    by groups (mode `hierarchical`).
  }];
  let options = [meshOption, axisOption, modeOption];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect", "::mlir::math::MathDialect",
                           "::mlir::dchag::DchagDialect"];
}

def Annotate : Pass<"annotate", "::mlir::ModuleOp"> {
  let summary = "Marks values with the shardings of a strategy";
  let description = [{
    Sets the mesh of the module (`dchag.mesh` and `shard.grid @mesh`) and marks values with
    shardings; changes nothing else. Marked are, by the mode, the tokens (`gather`), the groups
    of the first aggregations (`hierarchical`) or their parts (`split-softmax`), and then each
    sum over a width that parameters alone have made: walking up from a sum of an activation
    with a parameter, through ops in which the summed factor is parallel, to ops where only
    parameters have it. This is Megatron's split of heads and hidden widths (arXiv 1909.08053),
    found from the rules.

    Values marked before (by the user) are kept. Fails when the mode does not apply to the
    model.
  }];
  let options = [meshOption, axisOption, modeOption];
  let dependentDialects = ["::mlir::shard::ShardDialect", "::mlir::dchag::DchagDialect"];
}

def Propagate : Pass<"propagate", "::mlir::ModuleOp"> {
  let summary = "Decides the sharding of every value from those marked";
  let description = [{
    A fix-point over the factors of the ops' rules: marks come first, then what parameters
    want, then activations. An axis splits one factor of an op; what loses is laid out anew
    where it is used, with a remark that names both. What nothing asks for is replicated.
    `@step` comes first; the results of `@prepare` then have the shardings of the arguments of
    `@step` of the same name. Arguments are laid out as all their uses want, or replicated.

    Leaves `dchag.shardings` (results) and `dchag.operand_shardings` on every op and
    `dchag.sharding` on arguments and results of functions. An op without a rule gets whole
    operands, with a warning.
  }];
  let options = [Option<"strict", "strict-sharding", "bool", "false",
    "an op without a rule that needs operands gathered is an error (default: a warning)">];
}

def InsertReshards : Pass<"insert-reshards", "::mlir::ModuleOp"> {
  let summary = "Makes every change of layout an op of its own";
  let description = [{
    Inserts a `dchag.reshard` before the first op that needs a value in another layout than
    its producer's, once for each layout. Partial sums are thus combined right where they are
    needed, to the layout that is needed there.
  }];
  let statistics = [Statistic<"numReshards", "num-reshards", "reshards inserted">];
}

def VerifyShardings : Pass<"verify-shardings", "::mlir::ModuleOp"> {
  let summary = "Checks that shardings agree with the rules: no partial result dropped or made up";
  let description = [{
    After `insert-reshards`: the shardings of operands and results of each op are what its rule
    makes of one split of its factors, partial results included; partial values go into
    `dchag.reshard` only; what is returned has the sharding of the signature.
  }];
}

def Partition : Pass<"partition", "::mlir::ModuleOp"> {
  let summary = "Replaces every value by the part a rank holds";
  let description = [{
    Rewrites ops on local types by `ShardingRuleOpInterface::cloneLocal`. Where a factor is
    split unevenly and padding would reach what is not padding, `dchag.mask_shard` overwrites
    it. Arguments and results keep their global type as `dchag.global`. Padding of
    parameters computed by `@prepare` is 0.
  }];
  let statistics = [Statistic<"numMasks", "num-masks", "masks of padding inserted">];
}

def VerifyPartition : Pass<"verify-partition", "::mlir::ModuleOp"> {
  let summary = "Checks that every function has the types of its shardings";
  let description = [{
    After `partition`: types of arguments and results are the parts that `dchag.sharding` makes
    of `dchag.global`; nothing partial is returned or used by another op than
    `dchag.reshard` or a reducing collective.
  }];
}

def ReshardsToCollectives : Pass<"reshards-to-collectives", "::mlir::ModuleOp"> {
  let summary = "Replaces reshards by collectives of the shard dialect";
  let description = [{
    Each reshard becomes the sequence of `shard.all_slice`, `all_to_all`, `all_gather`,
    `reduce_scatter` and `all_reduce` in which a rank sends the fewest bytes, and of those the
    shortest. A sum that is wanted split is scattered; over several axes at once where that is
    cheaper. Parts of an online softmax are made relative to the maximum of all ranks
    (`dchag.rescale`) and then summed. Sizes that do not divide are padded before and cut after a
    step, and the type after each step is checked. Removes `dchag.shardings`.
  }];
  let dependentDialects = ["::mlir::shard::ShardDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect"];
  let statistics = [Statistic<"numCollectives", "num-collectives", "collectives made">];
}

#endif // DCHAG_DISTRIBUTE_PASSES
