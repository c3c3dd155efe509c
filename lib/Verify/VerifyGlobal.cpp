//===- VerifyGlobal.cpp - checks the closed set of ops ---------------------*- C++ -*-===//

#include "dchag/Verify/Passes.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_VERIFYGLOBAL
#include "dchag/Verify/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// The combiner of a `linalg.reduce` with one input whose body is one binary op of the two
/// block arguments; null otherwise.
static Operation *getCombiner(linalg::ReduceOp op) {
  Block *body = op.getBlock();
  if (body->getNumArguments() != 2 || !llvm::hasNItems(body->getOperations(), 2))
    return nullptr;
  Operation *combiner = &body->front();
  Operation *yield = body->getTerminator();
  if (combiner->getNumOperands() != 2 || combiner->getNumResults() != 1 ||
      yield->getOperand(0) != combiner->getResult(0))
    return nullptr;
  Value a = combiner->getOperand(0), b = combiner->getOperand(1);
  bool uses = (a == body->getArgument(0) && b == body->getArgument(1)) ||
              (b == body->getArgument(0) && a == body->getArgument(1));
  return uses ? combiner : nullptr;
}

/// Whether `init` is a fill of an empty tensor with a constant equal to `neutral`.
static bool isFilledWith(Value init, TypedAttr neutral) {
  auto fill = init.getDefiningOp<linalg::FillOp>();
  if (!fill || !fill.getOutputs()[0].getDefiningOp<tensor::EmptyOp>())
    return false;
  Attribute value;
  if (!matchPattern(fill.getInputs()[0], m_Constant(&value)))
    return false;
  if (value == neutral)
    return true;
  // -0.0 and 0.0 are both neutral for sums.
  auto number = dyn_cast<FloatAttr>(value), wanted = dyn_cast<FloatAttr>(neutral);
  return number && wanted && number.getValue().isZero() && wanted.getValue().isZero();
}

static LogicalResult verifyReduce(linalg::ReduceOp op) {
  Operation *combiner = getCombiner(op);
  if (!combiner)
    return op.emitOpError("must combine its two block arguments by one op: got another body; "
                          "write one linalg.reduce for each result");
  std::optional<TypedAttr> neutral = arith::getNeutralElement(combiner);
  if (!neutral)
    return op.emitOpError("has the combiner '")
           << combiner->getName() << "' without a neutral element: use a sum, product, maximum, "
           << "minimum, and, or";
  if (!isFilledWith(op.getInits()[0], *neutral))
    return op.emitOpError("must start from tensor.empty filled with the neutral element ")
           << *neutral << " of its combiner: add any other value by a separate op";
  return success();
}

static LogicalResult verifyContract(linalg::ContractOp op) {
  auto type = cast<ShapedType>(op.getResultTypes()[0]);
  // Only floats and integers have a zero.
  TypedAttr zero = Builder(op.getContext()).getZeroAttr(type.getElementType());
  if (!zero || !isFilledWith(op.getOutputs()[0], zero))
    return op.emitOpError("must start from tensor.empty filled with 0: add any other value by an "
                          "separate op");
  return success();
}

/// Only static sizes, offsets and strides: everything is known at compile time.
template <typename SliceOp>
static LogicalResult verifySlice(SliceOp op) {
  if (!op.getOffsets().empty() || !op.getSizes().empty() || !op.getStrides().empty())
    return op.emitOpError("must have static offsets, sizes and strides");
  return success();
}

static LogicalResult verifyPad(tensor::PadOp op) {
  if (!op.getLow().empty() || !op.getHigh().empty() || !op.getConstantPaddingValue())
    return op.emitOpError("must have static low and high padding and one constant value");
  auto isNegative = [](int64_t size) { return size < 0; };
  if (llvm::any_of(op.getStaticLow(), isNegative) || llvm::any_of(op.getStaticHigh(), isNegative))
    return op.emitOpError(
        "must not remove elements by a negative padding: use tensor.extract_slice");
  return success();
}

/// Ops that can be evaluated, upstream ops through our models, and the ops that hold a program.
static bool isInClosedSet(Operation *op) {
  return isa<EvaluableOpInterface, ModuleOp, func::FuncOp, func::ReturnOp, shard::GridOp>(op);
}

/// Checks results, and arguments at the function; uses have the types of their definitions.
static LogicalResult verifyTypes(Operation *op) {
  SmallVector<Type> types(op->getResultTypes());
  if (auto function = dyn_cast<func::FuncOp>(op))
    llvm::append_range(types, function.getArgumentTypes());
  for (Type type : types)
    if (auto tensor = dyn_cast<TensorType>(type); tensor && !tensor.hasStaticShape())
      return op->emitOpError("has the dynamically shaped type ")
             << type << ": bind its sizes at import (--batch, --shape)";
  return success();
}

static LogicalResult verifyOp(Operation *op) {
  if (!isInClosedSet(op))
    return op->emitOpError("is not of the closed set of the global level and does not implement "
                           "EvaluableOpInterface: lower it, or implement the interface");
  if (failed(verifyTypes(op)))
    return failure();
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    if (!structured.hasPureTensorSemantics())
      return op->emitOpError("writes to buffers: the global level has tensors only");
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([](linalg::ReduceOp reduce) { return verifyReduce(reduce); })
      .Case([](linalg::ContractOp contract) { return verifyContract(contract); })
      .Case([](tensor::ExtractSliceOp slice) { return verifySlice(slice); })
      .Case([](tensor::InsertSliceOp slice) { return verifySlice(slice); })
      .Case([](tensor::PadOp pad) { return verifyPad(pad); })
      .Default([](Operation *) { return success(); });
}

namespace {
struct VerifyGlobal : mlir::dchag::impl::VerifyGlobalBase<VerifyGlobal> {
  void runOnOperation() override {
    bool ok = true;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      ok &= succeeded(verifyOp(op));
      // Bodies are checked together with their op.
      bool hasBody = isa<linalg::LinalgOp, tensor::PadOp>(op);
      return hasBody ? WalkResult::skip() : WalkResult::advance();
    });
    if (!ok)
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
