//===- RuntimeToLLVM.cpp - calls of the runtime ----------------------------*- C++ -*-===//

#include "RuntimeToLLVM.h"
#include "MatmulLayout.h"
#include "dchag_rt.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
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

namespace {
/// Types of arguments and the result of the runtime's functions: p pointer, i 32 bits, l 64
/// bits, v nothing.
struct Callee {
  StringRef name, arguments;
  char result = 'v';
};
} // namespace

static constexpr StringLiteral kAxisIndex = "dchag_rt_axis_index";
static const Callee kCallees[] = {{kAxisIndex, "pi", 'l'},
                                  {"dchag_rt_all_gather", "piiillpp"},
                                  {"dchag_rt_reduce_scatter", "piiiillpp"},
                                  {"dchag_rt_all_reduce", "piiiilpp"},
                                  {"dchag_rt_all_to_all", "piiiilllllpp"},
                                  {"dchag_rt_start_all_gather", "piiillpp", 'p'},
                                  {"dchag_rt_start_reduce_scatter", "piiiillpp", 'p'},
                                  {"dchag_rt_start_all_reduce", "piiiilpp", 'p'},
                                  {"dchag_rt_start_all_to_all", "piiiilllllpp", 'p'},
                                  {"dchag_rt_wait", "pp"},
                                  {"dchag_rt_matmul", "ppppppp"}};

LogicalResult mlir::dchag::numberGroups(ModuleOp module) {
  auto program = rt::ProgramAttr::lookup(module);
  if (!program)
    return module.emitError("has no attribute ")
           << rt::ProgramAttr::attrName << ": run bind-buffers first";
  Builder b(module.getContext());
  llvm::StringSet<> used;
  WalkResult result = module.walk([&](Operation *op) {
    if (!isa_and_nonnull<rt::RuntimeDialect>(op->getDialect()))
      return WalkResult::advance();
    StringRef form = isa<rt::StartOp>(op->getParentOp()) ? "start_" : "";
    used.insert(("dchag_rt_" + form + op->getName().stripDialect()).str());
    auto axes = op->getAttrOfType<DenseI32ArrayAttr>("axes");
    if (!axes)
      return WalkResult::advance();
    std::optional<unsigned> group = program.getGroupIndex(axes);
    if (!group) {
      op->emitOpError("has axes that are no group of ") << rt::ProgramAttr::attrName;
      return WalkResult::interrupt();
    }
    op->setAttr(rt::kGroupAttr, b.getI32IntegerAttr(*group));
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  for (const Callee &callee : kCallees) {
    if (!used.contains(callee.name))
      continue;
    auto typeOf = [&](char kind) -> Type {
      if (kind == 'v')
        return LLVM::LLVMVoidType::get(module.getContext());
      return kind == 'p' ? Type(pointer) : Type(builder.getIntegerType(kind == 'i' ? 32 : 64));
    };
    SmallVector<Type> types(llvm::map_range(callee.arguments, typeOf));
    LLVM::LLVMFuncOp::create(builder, module.getLoc(), callee.name,
                             LLVM::LLVMFunctionType::get(typeOf(callee.result), types));
  }
  return success();
}

namespace {
/// What the lowerings of all ops of the dialect need.
template <typename OpTy>
class RuntimePattern : public ConvertOpToLLVMPattern<OpTy> {
public:
  using ConvertOpToLLVMPattern<OpTy>::ConvertOpToLLVMPattern;

protected:
  using Builder = ConversionPatternRewriter;
  static Value i32(Builder &b, Location loc, int64_t value) {
    return LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(value));
  }
  static Value i64(Builder &b, Location loc, int64_t value) {
    return LLVM::ConstantOp::create(b, loc, b.getI64Type(), b.getI64IntegerAttr(value));
  }
  static Value getPointer(Builder &b, Location loc, Value descriptor) {
    return MemRefDescriptor(descriptor).alignedPtr(b, loc);
  }
  /// The context is the first argument of every entry point.
  static Value getContext(Builder &b, Operation *op) {
    Value context;
    Block &entry = op->getParentOfType<FunctionOpInterface>()->getRegion(0).front();
    context = b.getRemappedValue(entry.getArgument(0));
    return context ? context : entry.getArgument(0);
  }
  static void call(Builder &b, Location loc, StringRef name, ValueRange arguments) {
    LLVM::CallOp::create(b, loc, TypeRange(), name, arguments);
  }
  static FailureOr<Value> dtype(Builder &b, Operation *op, Value buffer) {
    Type element = getElementTypeOrSelf(buffer);
    std::optional<int32_t> code = getDtype(element);
    if (!code) {
      op->emitOpError("has the element type ") << element << ", which the runtime does not know";
      return failure();
    }
    return i32(b, op->getLoc(), *code);
  }
  static Value getSite(Builder &b, Operation *op) {
    return i32(b, op->getLoc(), op->getAttrOfType<IntegerAttr>("site").getInt());
  }
  static Value getGroup(Builder &b, Operation *op) {
    return i32(b, op->getLoc(), op->getAttrOfType<IntegerAttr>(rt::kGroupAttr).getInt());
  }
  /// Product of the sizes [from, to).
  static int64_t product(Value buffer, unsigned from, unsigned to) {
    int64_t result = 1;
    for (int64_t size : cast<MemRefType>(buffer.getType()).getShape().slice(from, to - from))
      result *= size;
    return result;
  }
  static unsigned rankOf(Value buffer) { return cast<MemRefType>(buffer.getType()).getRank(); }
};

struct LowerAxisIndex : RuntimePattern<rt::AxisIndexOp> {
  using RuntimePattern::RuntimePattern;
  LogicalResult matchAndRewrite(rt::AxisIndexOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    Value axis = i32(b, op.getLoc(), op.getAxis());
    rewrite(op, b, axis);
    return success();
  }
  void rewrite(rt::AxisIndexOp op, ConversionPatternRewriter &b, Value axis) const {
    auto callOp = LLVM::CallOp::create(b, op.getLoc(), TypeRange(b.getI64Type()),
                                       StringRef(kAxisIndex), ValueRange{getContext(b, op), axis});
    b.replaceOp(op, callOp.getResults());
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
  using Builder = ConversionPatternRewriter;

  /// Arguments between the element type and the pointers.
  static SmallVector<Value> getSizes(Builder &b, Operation *op) {
    Location loc = op->getLoc();
    return TypeSwitch<Operation *, SmallVector<Value>>(op)
        .Case([&](rt::AllGatherOp gather) -> SmallVector<Value> {
          Value source = gather.getSource();
          unsigned dim = gather.getDim();
          return {Base::i64(b, loc, Base::product(source, 0, dim)),
                  Base::i64(b, loc, Base::product(source, dim, Base::rankOf(source)))};
        })
        .Case([&](rt::ReduceScatterOp scatter) -> SmallVector<Value> {
          Value init = scatter.getInit();
          unsigned dim = scatter.getDim();
          return {Base::i32(b, loc, int64_t(scatter.getReduction())),
                  Base::i64(b, loc, Base::product(init, 0, dim)),
                  Base::i64(b, loc, Base::product(init, dim, Base::rankOf(init)))};
        })
        .Case([&](rt::AllReduceOp reduce) -> SmallVector<Value> {
          Value init = reduce.getInit();
          return {Base::i32(b, loc, int64_t(reduce.getReduction())),
                  Base::i64(b, loc, Base::product(init, 0, Base::rankOf(init)))};
        })
        .Case([&](rt::AllToAllOp exchange) -> SmallVector<Value> {
          unsigned split = exchange.getSplit(), concat = exchange.getConcat();
          unsigned first = std::min(split, concat), second = std::max(split, concat);
          Value source = exchange.getSource();
          // Sizes of the part of one rank.
          int64_t splitSize = cast<MemRefType>(exchange.getInit().getType()).getDimSize(split);
          int64_t concatSize = cast<MemRefType>(source.getType()).getDimSize(concat);
          return {Base::i32(b, loc, split < concat),
                  Base::i64(b, loc, Base::product(source, 0, first)),
                  Base::i64(b, loc, splitSize),
                  Base::i64(b, loc, Base::product(source, first + 1, second)),
                  Base::i64(b, loc, concatSize),
                  Base::i64(b, loc, Base::product(source, second + 1, Base::rankOf(source)))};
        });
  }

  static LogicalResult emitCall(Builder &b, DestinationStyleOpInterface op, StringRef prefix,
                                TypeRange results, ValueRange buffers, Operation *&callOp) {
    FailureOr<Value> type = Base::dtype(b, op, op.getDpsInits().front());
    if (failed(type))
      return failure();
    SmallVector<Value> arguments = {Base::getContext(b, op), Base::getSite(b, op),
                                    Base::getGroup(b, op), *type};
    llvm::append_range(arguments, getSizes(b, op));
    // An all-reduce works in place.
    arguments.push_back(Base::getPointer(b, op->getLoc(), buffers.front()));
    arguments.push_back(Base::getPointer(b, op->getLoc(), buffers.back()));
    callOp = LLVM::CallOp::create(b, op->getLoc(), results,
                                  (prefix + op->getName().stripDialect()).str(), arguments);
    return success();
  }
};

template <typename OpTy>
struct LowerCollective : CollectivePattern<OpTy> {
  using CollectivePattern<OpTy>::CollectivePattern;
  LogicalResult matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    Operation *callOp = nullptr;
    if (failed(this->emitCall(b, op, "dchag_rt_", TypeRange(), adaptor.getOperands(), callOp)))
      return failure();
    b.eraseOp(op);
    return success();
  }
};

struct LowerStart : CollectivePattern<rt::StartOp> {
  using CollectivePattern::CollectivePattern;
  LogicalResult matchAndRewrite(rt::StartOp op, OpAdaptor,
                                ConversionPatternRewriter &b) const override {
    DestinationStyleOpInterface collective = op.getCollective();
    SmallVector<Value> buffers;
    if (failed(b.getRemappedValues(collective->getOperands(), buffers)))
      return failure();
    Operation *callOp = nullptr;
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    if (failed(emitCall(b, collective, "dchag_rt_start_", TypeRange(pointer), buffers, callOp)))
      return failure();
    b.replaceOp(op, callOp->getResults());
    return success();
  }
};

struct LowerWait : RuntimePattern<rt::WaitOp> {
  using RuntimePattern::RuntimePattern;
  LogicalResult matchAndRewrite(rt::WaitOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &b) const override {
    call(b, op.getLoc(), "dchag_rt_wait", {getContext(b, op), adaptor.getRequest()});
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
  // In the order of `dchag_matmul`; without a bias its type says nothing.
  SmallVector<int32_t> head;
  for (Value operand : {op.getLhs(), op.getRhs(), op.getInit(), op.getBias()}) {
    Type type = getElementTypeOrSelf(operand ? operand : op.getInit());
    std::optional<int32_t> code = getDtype(type);
    if (!code) {
      op.emitOpError("has the element type ") << type << ", which the runtime does not know";
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
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto cache = LLVM::GlobalOp::create(b, loc, pointer, /*isConstant=*/false,
                                      LLVM::Linkage::Internal, "cache_" + name, Attribute());
  b.createBlock(&cache.getInitializerRegion());
  LLVM::ReturnOp::create(b, loc, LLVM::ZeroOp::create(b, loc, pointer).getResult());
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
  FailureOr<MatmulLayout> layout = getMatmulLayout(op, reason);
  if (failed(layout))
    return op.emitOpError("cannot be laid out for the runtime: ") << reason;
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
  Value cache = LLVM::AddressOfOp::create(b, loc, pointer, ("cache_" + global.getSymName()).str());
  Value bias = op.getBias() ? getPointer(b, loc, adaptor.getBias())
                            : Value(LLVM::ZeroOp::create(b, loc, pointer));
  call(b, loc, "dchag_rt_matmul",
       {getContext(b, op), descriptor, cache, getPointer(b, loc, adaptor.getLhs()),
        getPointer(b, loc, adaptor.getRhs()), bias, getPointer(b, loc, adaptor.getInit())});
  b.eraseOp(op);
  return success();
}

void mlir::dchag::populateRuntimeToLLVMPatterns(LLVMTypeConverter &converter,
                                                RewritePatternSet &patterns) {
  converter.addConversion(
      [](rt::RequestType type) { return LLVM::LLVMPointerType::get(type.getContext()); });
  patterns.add<LowerAxisIndex, LowerBuffer, LowerView, LowerCollective<rt::AllGatherOp>,
               LowerCollective<rt::ReduceScatterOp>, LowerCollective<rt::AllReduceOp>,
               LowerCollective<rt::AllToAllOp>, LowerStart, LowerWait, LowerMatmul>(converter);
}
