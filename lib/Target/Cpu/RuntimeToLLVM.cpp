//===- RuntimeToLLVM.cpp - calls of the runtime ----------------------------*- C++ -*-===//

#include "RuntimeToLLVM.h"
#include "dchag/Schedule/MatmulLayout.h"
#include "dchag_rt.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::dchag;

static std::optional<int32_t> getDtype(Type type) {
  if (type.isF32())
    return DCHAG_F32;
  if (type.isF64())
    return DCHAG_F64;
  if (type.isF16())
    return DCHAG_F16;
  if (type.isBF16())
    return DCHAG_BF16;
  if (type.isInteger(1))
    return DCHAG_BOOL;
  if (type.isInteger(8))
    return DCHAG_I8;
  if (type.isInteger(16))
    return DCHAG_I16;
  if (type.isInteger(32))
    return DCHAG_I32;
  if (type.isInteger(64) || type.isIndex())
    return DCHAG_I64;
  return std::nullopt;
}

/// The number of a collective's axes among the groups of the program, or nullopt.
static std::optional<unsigned> getGroup(rt::ProgramAttr program, CollectiveOpInterface op) {
  return program.getGroupIndex(DenseI32ArrayAttr::get(op->getContext(), op.getMeshAxes()));
}

LogicalResult mlir::dchag::verifyGroups(ModuleOp module) {
  auto program = rt::ProgramAttr::lookup(module);
  if (!program)
    return module.emitError("has no attribute ")
           << rt::ProgramAttr::attrName << ": run bind-buffers first";
  WalkResult result = module.walk([&](CollectiveOpInterface op) {
    if (op.getGridSymbol() || getGroup(program, op))
      return WalkResult::advance();
    op->emitOpError("has axes that are no group of ") << rt::ProgramAttr::attrName;
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

namespace {
/// Shared by the lowerings of all ops of the dialect.
template <typename OpTy>
class RuntimePattern : public ConvertOpToLLVMPattern<OpTy> {
public:
  using ConvertOpToLLVMPattern<OpTy>::ConvertOpToLLVMPattern;

protected:
  using Rewriter = ConversionPatternRewriter;
  static Value i32(Rewriter &b, Location loc, int64_t value) {
    return LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(value));
  }
  static Value i64(Rewriter &b, Location loc, int64_t value) {
    return LLVM::ConstantOp::create(b, loc, b.getI64Type(), b.getI64IntegerAttr(value));
  }
  static Value getPointer(Rewriter &b, Location loc, Value descriptor) {
    return MemRefDescriptor(descriptor).alignedPtr(b, loc);
  }
  /// The context is the first argument of every entry point.
  static Value getContext(Rewriter &b, Operation *op) {
    Block &entry = op->getParentOfType<FunctionOpInterface>()->getRegion(0).front();
    return b.getRemappedValue(entry.getArgument(0));
  }
  /// Calls a function of the runtime, declared with the types of the arguments.
  static LLVM::CallOp call(Rewriter &b, Operation *op, StringRef name, ValueRange arguments,
                           Type result = {}) {
    if (!result)
      result = LLVM::LLVMVoidType::get(b.getContext());
    FailureOr<LLVM::LLVMFuncOp> callee = LLVM::lookupOrCreateFn(
        b, op->getParentOfType<ModuleOp>(), name, llvm::to_vector(arguments.getTypes()), result);
    return LLVM::CallOp::create(b, op->getLoc(), *callee, arguments);
  }
  static FailureOr<Value> dtype(Rewriter &b, Operation *op, Value buffer) {
    Type element = getElementTypeOrSelf(buffer);
    std::optional<int32_t> code = getDtype(element);
    if (!code) {
      op->emitOpError("has the element type ") << element << ", which the runtime does not support";
      return failure();
    }
    return i32(b, op->getLoc(), *code);
  }
};

struct LowerAxisIndex : RuntimePattern<rt::AxisIndexOp> {
  using RuntimePattern::RuntimePattern;
  LogicalResult matchAndRewrite(rt::AxisIndexOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    Value axis = i32(b, op.getLoc(), op.getAxis());
    b.replaceOp(op, call(b, op, "dchag_rt_axis_index", {getContext(b, op), axis}, b.getI64Type()));
    return success();
  }
};

struct LowerThreadIndex : RuntimePattern<rt::ThreadIndexOp> {
  using RuntimePattern::RuntimePattern;
  LogicalResult matchAndRewrite(rt::ThreadIndexOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    Value number = call(b, op, "omp_get_thread_num", ValueRange(), b.getI32Type()).getResult();
    b.replaceOpWithNewOp<LLVM::ZExtOp>(op, b.getI64Type(), number);
    return success();
  }
};

struct LowerCopy : RuntimePattern<rt::CopyOp> {
  using RuntimePattern::RuntimePattern;
  LogicalResult matchAndRewrite(rt::CopyOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getInit().getType());
    int64_t bytes = type.getNumElements() * getElementBytes(type.getElementType());
    // The device derives the memory space from the address.
    auto plain = [&](Value buffer) -> Value {
      Value data = getPointer(b, loc, buffer);
      auto pointer = LLVM::LLVMPointerType::get(b.getContext());
      return data.getType() == pointer ? data
                                       : LLVM::AddrSpaceCastOp::create(b, loc, pointer, data);
    };
    call(b, op, "dchag_rt_copy",
         {getContext(b, op), i32(b, loc, op.getQueue()), i64(b, loc, bytes),
          plain(adaptor.getSource()), plain(adaptor.getInit())});
    b.eraseOp(op);
    return success();
  }
};

struct LowerBuffer : RuntimePattern<rt::BufferOp> {
  using RuntimePattern::RuntimePattern;
  LogicalResult matchAndRewrite(rt::BufferOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    Value slot = LLVM::GEPOp::create(b, loc, pointer, pointer, adaptor.getTable(),
                                     ArrayRef<LLVM::GEPArg>{int32_t(op.getIndex())});
    Value data = LLVM::LoadOp::create(b, loc, pointer, slot);
    b.replaceOp(
        op, {MemRefDescriptor::fromStaticShape(b, loc, *getTypeConverter(), op.getType(), data)});
    return success();
  }
};

struct LowerView : RuntimePattern<rt::ViewOp> {
  using RuntimePattern::RuntimePattern;
  LogicalResult matchAndRewrite(rt::ViewOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    Value data = getPointer(b, loc, adaptor.getSource());
    if (op.getBytes())
      data = LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), data,
                                 ArrayRef<LLVM::GEPArg>{i64(b, loc, op.getBytes())});
    if (op.getOffset())
      data = LLVM::GEPOp::create(b, loc, pointer,
                                 getTypeConverter()->convertType(op.getType().getElementType()),
                                 data, ArrayRef<LLVM::GEPArg>{adaptor.getOffset()});
    b.replaceOp(
        op, {MemRefDescriptor::fromStaticShape(b, loc, *getTypeConverter(), op.getType(), data)});
    return success();
  }
};

/// Builds the call of a collective; `prefix` is that of the blocking or of the starting form.
template <typename OpTy>
class CollectivePattern : public RuntimePattern<OpTy> {
public:
  using RuntimePattern<OpTy>::RuntimePattern;

protected:
  using Base = RuntimePattern<OpTy>;
  using Rewriter = ConversionPatternRewriter;

  /// Number of elements that a rank sends or receives: `count` of dchag_rt.h.
  static Value getPart(CollectiveOpInterface op) {
    return op.getCollectiveKind() == CollectiveKind::AllGather ? op.getInput() : op.getOutput();
  }

  static FailureOr<LLVM::CallOp> emitCall(Rewriter &b, CollectiveOpInterface op, StringRef prefix,
                                          Type result, ValueRange buffers) {
    Location loc = op->getLoc();
    auto part = cast<MemRefType>(getPart(op).getType());
    FailureOr<Value> type = Base::dtype(b, op, getPart(op));
    if (failed(type))
      return failure();
    auto program = rt::ProgramAttr::lookup(op->getParentOfType<ModuleOp>());
    auto queue = op->getAttrOfType<IntegerAttr>("queue");
    SmallVector<Value> arguments = {
        Base::getContext(b, op), Base::i32(b, loc, queue ? queue.getInt() : 0),
        Base::i32(b, loc, *op.getSiteIndex()), Base::i32(b, loc, *getGroup(program, op)), *type};
    if (auto reduction = op->getAttrOfType<rt::ReductionAttr>("reduction"))
      arguments.push_back(Base::i32(b, loc, int64_t(reduction.getValue())));
    arguments.push_back(Base::i64(b, loc, part.getNumElements()));
    // An all-reduce works in place.
    arguments.push_back(Base::getPointer(b, loc, buffers.front()));
    arguments.push_back(Base::getPointer(b, loc, buffers.back()));
    return Base::call(b, op, (prefix + op->getName().stripDialect()).str(), arguments, result);
  }
};

template <typename OpTy>
struct LowerCollective : CollectivePattern<OpTy> {
  using CollectivePattern<OpTy>::CollectivePattern;
  LogicalResult matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    auto collective = cast<CollectiveOpInterface>(op.getOperation());
    if (failed(this->emitCall(b, collective, "dchag_rt_", Type(), adaptor.getOperands())))
      return failure();
    b.eraseOp(op);
    return success();
  }
};

struct LowerStart : CollectivePattern<rt::StartOp> {
  using CollectivePattern::CollectivePattern;
  LogicalResult matchAndRewrite(rt::StartOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    auto collective = cast<CollectiveOpInterface>(op.getCollective().getOperation());
    SmallVector<Value> buffers;
    if (failed(b.getRemappedValues(collective->getOperands(), buffers)))
      return failure();
    FailureOr<LLVM::CallOp> request = emitCall(b, collective, "dchag_rt_start_",
                                               LLVM::LLVMPointerType::get(b.getContext()), buffers);
    if (failed(request))
      return failure();
    b.replaceOp(op, *request);
    return success();
  }
};

struct LowerWait : RuntimePattern<rt::WaitOp> {
  using RuntimePattern::RuntimePattern;
  LogicalResult matchAndRewrite(rt::WaitOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    call(b, op, "dchag_rt_wait", {getContext(b, op), adaptor.getRequest()});
    b.eraseOp(op);
    return success();
  }
};

struct LowerMatmul : RuntimePattern<rt::MatmulOp> {
  using RuntimePattern::RuntimePattern;
  LogicalResult matchAndRewrite(rt::MatmulOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override;

private:
  /// The numbers of `dchag_matmul` in order: 8 of 32 bits, alpha, 31 of 64 bits.
  static FailureOr<SmallVector<int32_t>> getHead(rt::MatmulOp op, const MatmulLayout &layout);
  static SmallVector<int64_t> getSizes(const MatmulLayout &layout);
  static LLVM::GlobalOp getDescriptor(ConversionPatternRewriter &b, rt::MatmulOp op,
                                      ArrayRef<int32_t> head, ArrayRef<int64_t> sizes);
};
} // namespace

FailureOr<SmallVector<int32_t>> LowerMatmul::getHead(rt::MatmulOp op, const MatmulLayout &layout) {
  // In the order of `dchag_matmul`; without a bias its type has no meaning.
  SmallVector<int32_t> head;
  for (Value operand : {op.getLhs(), op.getRhs(), op.getInit(), op.getBias()}) {
    Type type = getElementTypeOrSelf(operand ? operand : op.getInit());
    std::optional<int32_t> code = getDtype(type);
    if (!code) {
      op.emitOpError("has the element type ") << type << ", which the runtime does not support";
      return failure();
    }
    head.push_back(*code);
  }
  llvm::append_values(head, int32_t(layout.batch.size()), op.getBias() ? 1 : 0,
                      int32_t(op.getActivation()), op.getAccumulate() ? 1 : 0);
  return head;
}

SmallVector<int64_t> LowerMatmul::getSizes(const MatmulLayout &layout) {
  SmallVector<int64_t> sizes;
  auto batchSize = [&](unsigned i) { return i < layout.batch.size() ? layout.batch[i].size : 1; };
  for (unsigned i = 0; i < DCHAG_RT_MAX_BATCH; ++i)
    sizes.push_back(batchSize(i));
  llvm::append_values(sizes, layout.m.size, layout.n.size, layout.k.size);
  // Strides of lhs, rhs, init and bias: batch, then the two dimensions of the matrix.
  auto add = [&](unsigned operand, const MatmulLoop &outer, const MatmulLoop &inner) {
    for (const MatmulLoop &loop : layout.batch)
      sizes.push_back(loop.strides[operand]);
    sizes.push_back(outer.strides[operand]);
    sizes.push_back(inner.strides[operand]);
    sizes.append(DCHAG_RT_MAX_BATCH - layout.batch.size(), 0);
  };
  add(0, layout.m, layout.k);
  add(1, layout.k, layout.n);
  add(3, layout.m, layout.n);
  add(2, layout.m, layout.n);
  return sizes;
}

/// One constant for each different descriptor.
LLVM::GlobalOp LowerMatmul::getDescriptor(ConversionPatternRewriter &b, rt::MatmulOp op,
                                          ArrayRef<int32_t> head, ArrayRef<int64_t> sizes) {
  auto module = op->getParentOfType<ModuleOp>();
  double alpha = op.getAlpha().convertToDouble();
  auto headAttr =
      DenseElementsAttr::get(RankedTensorType::get(int64_t(head.size()), b.getI32Type()), head);
  auto sizesAttr =
      DenseElementsAttr::get(RankedTensorType::get(int64_t(sizes.size()), b.getI64Type()), sizes);
  std::string name = "matmul";
  for (int64_t number : head)
    name += llvm::formatv("_{0}", number);
  for (int64_t number : sizes)
    name += llvm::formatv("_{0}", number);
  name += llvm::formatv("_{0:x}", llvm::bit_cast<uint64_t>(alpha));
  if (auto known = module.lookupSymbol<LLVM::GlobalOp>(name))
    return known;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  Location loc = op.getLoc();
  auto headType = LLVM::LLVMArrayType::get(b.getI32Type(), head.size());
  auto sizesType = LLVM::LLVMArrayType::get(b.getI64Type(), sizes.size());
  auto type =
      LLVM::LLVMStructType::getLiteral(b.getContext(), {headType, b.getF64Type(), sizesType});
  auto global = LLVM::GlobalOp::create(b, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal,
                                       name, Attribute());
  b.createBlock(&global.getInitializerRegion());
  Value value = LLVM::UndefOp::create(b, loc, type);
  Value parts[] = {LLVM::ConstantOp::create(b, loc, headType, headAttr),
                   LLVM::ConstantOp::create(b, loc, b.getF64Type(), b.getF64FloatAttr(alpha)),
                   LLVM::ConstantOp::create(b, loc, sizesType, sizesAttr)};
  for (auto [position, part] : llvm::enumerate(parts))
    value = LLVM::InsertValueOp::create(b, loc, value, part, int64_t(position));
  LLVM::ReturnOp::create(b, loc, value);
  return global;
}

LogicalResult LowerMatmul::matchAndRewrite(rt::MatmulOp op, OpAdaptor adaptor,
                                           ConversionPatternRewriter &b) const {
  std::string reason;
  FailureOr<MatmulLayout> layout = getMatmulLayout(op, DCHAG_RT_MAX_BATCH, reason);
  if (failed(layout))
    return op.emitOpError("has no layout for the runtime: ") << reason;
  FailureOr<SmallVector<int32_t>> head = getHead(op, *layout);
  if (failed(head))
    return failure();
  // Without a bias the third operand is the result.
  if (!op.getBias())
    for (MatmulLoop *loop : {&layout->m, &layout->n, &layout->k})
      loop->strides[2] = 0;
  LLVM::GlobalOp global = getDescriptor(b, op, *head, getSizes(*layout));
  Location loc = op.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  Value descriptor = LLVM::AddressOfOp::create(b, loc, pointer, global.getSymName());
  Value bias = op.getBias() ? getPointer(b, loc, adaptor.getBias())
                            : Value(LLVM::ZeroOp::create(b, loc, pointer));
  call(b, op, "dchag_rt_matmul",
       {getContext(b, op), i32(b, loc, op.getQueue()), descriptor,
        getPointer(b, loc, adaptor.getLhs()), getPointer(b, loc, adaptor.getRhs()), bias,
        getPointer(b, loc, adaptor.getInit())});
  b.eraseOp(op);
  return success();
}

void mlir::dchag::populateRuntimeToLLVMPatterns(LLVMTypeConverter &converter,
                                                RewritePatternSet &patterns) {
  converter.addConversion([](Type type) -> std::optional<Type> {
    if (isa<rt::ContextType, rt::BuffersType, rt::RequestType>(type))
      return LLVM::LLVMPointerType::get(type.getContext());
    return std::nullopt;
  });
  patterns.add<LowerAxisIndex, LowerThreadIndex, LowerBuffer, LowerView, LowerCopy,
               LowerCollective<rt::AllGatherOp>, LowerCollective<rt::ReduceScatterOp>,
               LowerCollective<rt::AllReduceOp>, LowerCollective<rt::AllToAllOp>, LowerStart,
               LowerWait, LowerMatmul>(converter);
}
