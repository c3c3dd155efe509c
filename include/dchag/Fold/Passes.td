//===- Passes.td - aggregations without tokens ----------------------*- tablegen -*-===//
#ifndef DCHAG_FOLD_PASSES
#define DCHAG_FOLD_PASSES

include "mlir/Pass/PassBase.td"

def FoldAggregate : Pass<"fold-aggregate", "::mlir::ModuleOp"> {
  let summary = "Computes aggregations of channels from pixels and folded weights, without tokens";
  let description = [{
    The query of an aggregation does not depend on the input, and tokens are affine in the pixels. So
    `dchag.aggregate` and `dchag.aggregate_linear` become `dchag.folded_aggregate` and
    `dchag.folded_linear` on the pixels of the channels, whose weights depend only on parameters;
    `prepare` moves what computes these out of the step (docs/math.md, section 2; docs/folding.md).
    ```mlir
    %t = dchag.tokenize %image weight(%e) embedding(%c) : ... -> tensor<1x80x512x64xf32>                          // before
    %y = dchag.aggregate %tokens, %q keys(%wk) values(%wv) {heads = 4, scale = 0.25} : ... -> tensor<1x1x1x512x64xf32>

    %x = dchag.channel_patches %image {patch = array<i64: 2, 2>} : ... -> tensor<1x80x512x4xf32>                  // after
    %r = linalg.contract ... ins(%q, %wk)                                 // the query times the weight of the keys
    %g = dchag.fold_projection %r of %e : ... -> tensor<1x80x4x4xf32>     // times the tokenizers
    ...
    %y = dchag.folded_aggregate %pixels scores(%g4) score_bias(%s) values(%m) value_bias(%v) {heads = 4} : ...
    ```
    Forms, of which `auto` takes the one of the least time by the cost model on the part that a rank will have:

    | form | scores from | values from |
    |---|---|---|
    | as written | keys of tokens | values of tokens |
    | keys only | pixels, or tokens that are not affine in pixels | weighted sums of tokens, projected afterwards |
    | keys and values | pixels | pixels, weighted and projected for each channel |
    | pooled | pixels | weighted sums of pixels, projected afterwards: channels share their tokenizer |

    An aggregation of tokens that another aggregation made folds its query alone. The choice is a remark with
    the seconds of all forms, or why they do not exist. With `fold=full` an aggregation of tokens of an image that cannot be folded is an error
    that says why. Numbers change by rounding.
  }];
  let options = [
    Option<"fold", "fold", "::mlir::dchag::FoldMode", "::mlir::dchag::FoldMode::Auto",
      "which aggregations are folded", "::mlir::dchag::getFoldModeValues()">,
    Option<"mesh", "mesh", "::mlir::dchag::MeshShape", "",
      "mesh that the program will be distributed over, for costs">,
    Option<"strategy", "strategy", "std::string", "", "strategy of the distribution, for costs">];
  let statistics = [Statistic<"numFolded", "num-folded", "aggregations computed from folded weights">];
  let dependentDialects = ["::mlir::dchag::DchagDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
      "::mlir::tensor::TensorDialect"];
}

#endif // DCHAG_FOLD_PASSES
