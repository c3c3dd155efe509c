//===- PrintShardingRules.cpp - writes rules into the IR -------------------*- C++ -*-===//

#include "Splits.h"
#include "dchag/Distribute/Passes.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_PRINTSHARDINGRULES
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct PrintShardingRules : mlir::dchag::impl::PrintShardingRulesBase<PrintShardingRules> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (Block &block : function.getBody())
        for (Operation &op : block.without_terminator()) {
          auto ruled = dyn_cast<ShardingRuleOpInterface>(op);
          RuleAttr rule = ruled ? ruled.getShardingRule() : RuleAttr();
          op.setAttr("dchag.rule", rule ? Attribute(rule) : StringAttr::get(&getContext(), "none"));
        }
  }
};
} // namespace
