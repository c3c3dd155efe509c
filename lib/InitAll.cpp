//===- InitAll.cpp - dialects, interfaces and passes of the compiler -------*- C++ -*-===//

#include "dchag/InitAll.h"
#include "dchag/Collectives/Passes.h"
#include "dchag/Distribute/Passes.h"
#include "dchag/Files/Text.h"
#include "dchag/Fold/Passes.h"
#include "dchag/Precision/Passes.h"
#include "dchag/Prepare/Passes.h"
#include "dchag/Raise/Passes.h"
#include "dchag/Schedule/Passes.h"
#include "dchag/Target/Cpu/Passes.h"
#include "dchag/Target/Registry.h"
#include "dchag/Verify/Passes.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/interfaces/models/Models.h"
#include "dialects/interfaces/models/Sharding.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Shard/IR/ShardDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void mlir::dchag::registerAllDialects(DialectRegistry &registry) {
  registry.insert<DchagDialect, arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                  math::MathDialect, shard::ShardDialect, tensor::TensorDialect>();
  registerEscapedDiagnostics(registry);
  registerArithEvaluation(registry);
  registerExactness(registry);
  registerLinalgEvaluation(registry);
  registerMathEvaluation(registry);
  registerShardCollectives(registry);
  registerShardEvaluation(registry);
  registerTensorEvaluation(registry);
  registerScheduleDialects(registry);
  registerCpuDialects(registry);
  registerCosts(registry);
  registerElementwiseSharding(registry);
  registerLinalgSharding(registry);
  registerTensorSharding(registry);
}

void mlir::dchag::registerAllPasses() {
  mlir::registerTransformsPasses();
  registerDchagFoldPasses();
  registerDchagPrecisionPasses();
  registerDchagPreparePasses();
  registerDchagRaisePasses();
  registerRaisePipeline();
  registerDchagVerifyPasses();
  registerSchedulePipeline();
  registerCpuPipelines();
  registerAllTargets();
  registerDchagCollectivesPasses();
  registerCollectivesPipeline();
  registerDchagDistributePasses();
  registerDistributePipeline();
}
