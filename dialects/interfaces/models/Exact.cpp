//===- Exact.cpp - upstream ops without rounding on integers ---------------*- C++ -*-===//

#include "dialects/interfaces/Interfaces.h"
#include "dialects/interfaces/models/Elementwise.h"
#include "dialects/interfaces/models/Models.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::models;

namespace {
template <typename OpTy>
struct Exact : ExactOpInterface::ExternalModel<Exact<OpTy>, OpTy> {};

/// Constants with many bits make products inexact.
struct ExactConstant : ExactOpInterface::ExternalModel<ExactConstant, arith::ConstantOp> {
  bool isExactOnIntegers(Operation *op) const {
    TypedAttr value = cast<arith::ConstantOp>(op).getValue();
    if (auto number = dyn_cast<FloatAttr>(value))
      return hasFewBits(number.getValue());
    if (auto elements = dyn_cast<DenseFPElementsAttr>(value))
      return llvm::all_of(elements.getValues<APFloat>(), hasFewBits);
    return !isa<FloatType>(getElementTypeOrSelf(value.getType()));
  }
};

/// An average divides.
template <typename OpTy>
struct ExactReduction : ExactOpInterface::ExternalModel<ExactReduction<OpTy>, OpTy> {
  bool isExactOnIntegers(Operation *op) const {
    return cast<OpTy>(op).getReduction() != shard::ReductionKind::Average;
  }
};

template <typename... Ops>
void attachExact(MLIRContext *context) {
  attach<Exact<Ops>...>(context);
}
} // namespace

static void attachArith(MLIRContext *context) {
  using namespace arith;
  attachExact<NegFOp, AddFOp, SubFOp, MulFOp, MaximumFOp, MinimumFOp, MaxNumFOp, MinNumFOp, CmpFOp,
              CmpIOp, SelectOp>(context);
  attachExact<AddIOp, SubIOp, MulIOp, AndIOp, OrIOp, XOrIOp, MaxSIOp, MinSIOp, MaxUIOp, MinUIOp,
              ShLIOp, ShRUIOp, ShRSIOp, DivSIOp, DivUIOp, RemSIOp, RemUIOp, FloorDivSIOp,
              CeilDivSIOp, CeilDivUIOp, AddUIExtendedOp, MulUIExtendedOp, MulSIExtendedOp>(context);
  attachExact<ExtFOp, TruncFOp, FPToSIOp, FPToUIOp, SIToFPOp, UIToFPOp, ExtSIOp, ExtUIOp, TruncIOp,
              IndexCastOp, IndexCastUIOp>(context);
  attach<ExactConstant>(context);
}

void mlir::dchag::registerExactness(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) { attachArith(context); });
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    using namespace linalg;
    attachExact<ContractOp, ReduceOp, BroadcastOp, TransposeOp, FillOp>(context);
  });
  registry.addExtension(+[](MLIRContext *context, math::MathDialect *) {
    using namespace math;
    attachExact<AbsFOp, AbsIOp, CeilOp, FloorOp>(context);
  });
  // Only the ops inside compute.
  registry.addExtension(
      +[](MLIRContext *context, scf::SCFDialect *) { attachExact<scf::IfOp>(context); });
  registry.addExtension(+[](MLIRContext *context, shard::ShardDialect *) {
    using namespace shard;
    attachExact<AllGatherOp, AllToAllOp, AllSliceOp, BroadcastOp, ShiftOp, ProcessLinearIndexOp,
                ProcessMultiIndexOp>(context);
    attach<ExactReduction<AllReduceOp>, ExactReduction<ReduceScatterOp>>(context);
  });
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    using namespace tensor;
    attachExact<EmptyOp, SplatOp, ExpandShapeOp, CollapseShapeOp, CastOp, ExtractSliceOp,
                InsertSliceOp, ConcatOp, PadOp>(context);
  });
}
