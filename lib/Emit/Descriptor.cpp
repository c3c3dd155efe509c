//===- Descriptor.cpp - the constant that describes a program --------------*- C++ -*-===//
//
// Mirrors the structures of runtime/include/dchag_rt.h field by field.
//
//===----------------------------------------------------------------------===//

#include "dchag/Emit/Emit.h"
#include "dchag_rt.h"
#include "dialects/dchag_rt/Runtime.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/IR/Constants.h"

using namespace mlir;
using namespace mlir::dchag;

static int32_t getFiller(BufferFiller filler) {
  switch (filler) {
  case BufferFiller::Caller:
    return DCHAG_FILLED_BY_CALLER;
  case BufferFiller::File:
    return DCHAG_FILLED_BY_FILE;
  case BufferFiller::Program:
    return DCHAG_FILLED_BY_PROGRAM;
  case BufferFiller::Zero:
    return DCHAG_FILLED_WITH_ZERO;
  }
  llvm_unreachable("all fillers are covered");
}

static int32_t getLifetime(BufferLifetime lifetime) {
  switch (lifetime) {
  case BufferLifetime::Load:
    return DCHAG_LIVES_FOR_LOAD;
  case BufferLifetime::Run:
    return DCHAG_LIVES_FOR_RUN;
  case BufferLifetime::Program:
    return DCHAG_LIVES_FOR_PROGRAM;
  }
  llvm_unreachable("all lifetimes are covered");
}

static int32_t getTime(rt::EntryTime time) {
  switch (time) {
  case rt::EntryTime::Load:
    return DCHAG_AT_LOAD;
  case rt::EntryTime::Step:
    return DCHAG_EACH_STEP;
  case rt::EntryTime::Request:
    return DCHAG_ON_REQUEST;
  }
  llvm_unreachable("all times are covered");
}

namespace {

/// Builds constants of the structures that the runtime reads.
class DescriptorBuilder {
public:
  DescriptorBuilder(ModuleOp module, llvm::Module &target)
      : module(module), target(target), context(target.getContext()),
        pointer(llvm::PointerType::getUnqual(context)), i32(llvm::Type::getInt32Ty(context)),
        i64(llvm::Type::getInt64Ty(context)) {}

  LogicalResult build(rt::ProgramAttr program, StringRef cpuFeatures);

private:
  llvm::Constant *number32(int64_t value) { return llvm::ConstantInt::getSigned(i32, value); }
  llvm::Constant *number64(int64_t value) { return llvm::ConstantInt::getSigned(i64, value); }
  llvm::Constant *null() { return llvm::ConstantPointerNull::get(pointer); }

  llvm::Constant *global(llvm::Constant *value) {
    return new llvm::GlobalVariable(target, value->getType(), /*isConstant=*/true,
                                    llvm::GlobalValue::PrivateLinkage, value, "dchag.data");
  }
  llvm::Constant *string(StringRef text) {
    llvm::Constant *&entry = strings[text];
    if (!entry)
      entry = global(llvm::ConstantDataArray::getString(context, text));
    return entry;
  }
  llvm::Constant *record(ArrayRef<llvm::Constant *> fields) {
    return llvm::ConstantStruct::getAnon(context, fields);
  }
  /// A pointer to the elements, null when there are none.
  llvm::Constant *array(ArrayRef<llvm::Constant *> elements) {
    if (elements.empty())
      return null();
    auto *type = llvm::ArrayType::get(elements.front()->getType(), elements.size());
    return global(llvm::ConstantArray::get(type, elements));
  }
  llvm::Constant *numbers(ArrayRef<int64_t> values) {
    if (values.empty())
      return null();
    SmallVector<uint64_t> words(values.begin(), values.end());
    return global(llvm::ConstantDataArray::get(context, words));
  }

  /// The same for 32-bit integers.
  llvm::Constant *words(ArrayRef<int32_t> values) {
    if (values.empty())
      return null();
    SmallVector<uint32_t> elements(values.begin(), values.end());
    return global(llvm::ConstantDataArray::get(context, elements));
  }

  FailureOr<int32_t> dtype(Type type);
  FailureOr<llvm::Constant *> dim(int64_t size, int64_t local, ArrayRef<int32_t> axes);
  FailureOr<llvm::Constant *> read(ReadAttr attr);
  FailureOr<llvm::Constant *> buffer(rt::BufferAttr attr);
  FailureOr<int64_t> fileParam(ReadAttr attr);
  FailureOr<llvm::Constant *> entry(rt::EntryAttr attr);
  LogicalResult emit(ArrayRef<llvm::Constant *> fields);

  ModuleOp module;
  llvm::Module &target;
  llvm::LLVMContext &context;
  llvm::PointerType *pointer;
  llvm::IntegerType *i32, *i64;
  llvm::StringMap<llvm::Constant *> strings;
  /// Tensors of the weights file in order of first use.
  llvm::MapVector<StringAttr, RankedTensorType> fileParams;
};

FailureOr<int32_t> DescriptorBuilder::dtype(Type type) {
  if (type.isInteger(1))
    return DCHAG_BOOL;
  bool isUnsigned = type.isUnsignedInteger();
  if (type.isInteger(8))
    return isUnsigned ? DCHAG_U8 : DCHAG_I8;
  if (type.isInteger(16))
    return isUnsigned ? DCHAG_U16 : DCHAG_I16;
  if (type.isInteger(32))
    return isUnsigned ? DCHAG_U32 : DCHAG_I32;
  if (type.isInteger(64) || type.isIndex())
    return isUnsigned ? DCHAG_U64 : DCHAG_I64;
  if (type.isF16())
    return DCHAG_F16;
  if (type.isBF16())
    return DCHAG_BF16;
  if (type.isF32())
    return DCHAG_F32;
  if (type.isF64())
    return DCHAG_F64;
  return module.emitError("element type ")
         << type << " has no form in a program's buffers: use f16, bf16, f32, f64, i1, i8, i16, "
         << "i32, i64 or ui8 to ui64";
}

FailureOr<llvm::Constant *> DescriptorBuilder::dim(int64_t size, int64_t local,
                                                   ArrayRef<int32_t> axes) {
  if (axes.size() > DCHAG_RT_MAX_AXES_PER_DIM)
    return module.emitError("a dimension is sharded over ")
           << axes.size() << " mesh axes: at most " << DCHAG_RT_MAX_AXES_PER_DIM
           << " are supported";
  SmallVector<llvm::Constant *> axisNumbers(DCHAG_RT_MAX_AXES_PER_DIM, number32(0));
  for (auto [slot, axis] : llvm::zip(axisNumbers, axes))
    slot = number32(axis);
  auto *axesType = llvm::ArrayType::get(i32, DCHAG_RT_MAX_AXES_PER_DIM);
  return record({number64(size), number64(local), number32(axes.size()),
                 llvm::ConstantArray::get(axesType, axisNumbers)});
}

FailureOr<int64_t> DescriptorBuilder::fileParam(ReadAttr attr) {
  auto [it, inserted] = fileParams.insert({attr.getParam(), attr.getType()});
  if (it->second != attr.getType())
    return module.emitError("parameter ")
           << attr.getParam() << " is read as " << attr.getType() << " and as " << it->second;
  return it - fileParams.begin();
}

FailureOr<llvm::Constant *> DescriptorBuilder::read(ReadAttr attr) {
  FailureOr<int64_t> index = fileParam(attr);
  if (failed(index))
    return failure();
  SmallVector<int64_t> box(attr.getAt().asArrayRef());
  llvm::append_range(box, attr.getSizes().asArrayRef());
  llvm::append_range(box, attr.getStrides().asArrayRef());
  return record({number32(*index), number64(attr.getOffset()), numbers(box)});
}

FailureOr<llvm::Constant *> DescriptorBuilder::buffer(rt::BufferAttr attr) {
  RankedTensorType type = attr.getType();
  if (type.getRank() > DCHAG_RT_MAX_RANK)
    return module.emitError("buffer ") << attr.getName() << " has rank " << type.getRank()
                                       << ": at most " << DCHAG_RT_MAX_RANK << " is supported";
  BufferRoleAttrInterface role = attr.getRoleInterface();
  std::optional<int32_t> space = getTarget(module).getMemorySpaceNumber(role.getMemorySpace());
  if (!space)
    return module.emitError("buffer ")
           << attr.getName() << " is in the memory space " << role.getMemorySpace()
           << ", which target " << getTarget(module).getTargetName() << " does not have";
  FailureOr<int32_t> element = dtype(type.getElementType());
  if (failed(element))
    return failure();
  SmallVector<llvm::Constant *> dims, reads;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    auto built = dim(type.getDimSize(d), attr.getLocal().getDimSize(d), attr.getAxesOf(d));
    if (failed(built))
      return failure();
    dims.push_back(*built);
  }
  for (Attribute element : attr.getReads() ? attr.getReads().getValue() : ArrayRef<Attribute>()) {
    auto built = read(cast<ReadAttr>(element));
    if (failed(built))
      return failure();
    reads.push_back(*built);
  }
  int64_t flags = (role.isUpdatedInPlace() ? DCHAG_UPDATED_IN_PLACE : 0) |
                  (role.isInCheckpoint() ? DCHAG_IN_CHECKPOINT : 0);
  return record({string(attr.getName()), string(role.getRoleName()),
                 number32(getFiller(role.getFiller())), number32(getLifetime(role.getLifetime())),
                 number32(flags), number32(*space), number32(*element), number32(type.getRank()),
                 array(dims), number32(reads.size()), array(reads)});
}

FailureOr<llvm::Constant *> DescriptorBuilder::entry(rt::EntryAttr attr) {
  llvm::Function *function = target.getFunction(attr.getSymbol().getValue());
  if (!function)
    return module.emitError("has no function ") << attr.getSymbol() << " for " << attr;
  return record({string(attr.getName()), number32(getTime(attr.getTime())),
                 number32(attr.getBuffers().size()), words(attr.getBuffers()),
                 number64(attr.getArena()), number64(attr.getThread()), function});
}

LogicalResult DescriptorBuilder::build(rt::ProgramAttr program, StringRef cpuFeatures) {
  SmallVector<llvm::Constant *> axes, groups, buffers, sites, params, entries;
  for (auto axis : program.getAxes().getAsRange<rt::AxisAttr>())
    axes.push_back(record({string(axis.getName()), number64(axis.getSize())}));
  for (auto group : program.getGroups().getAsRange<DenseI32ArrayAttr>())
    groups.push_back(record({number32(group.size()), words(group)}));
  for (auto site : program.getSites().getAsRange<StringAttr>())
    sites.push_back(string(site));
  for (auto attr : program.getBuffers().getAsRange<rt::BufferAttr>()) {
    auto built = buffer(attr);
    if (failed(built))
      return failure();
    buffers.push_back(*built);
  }
  for (auto &[name, type] : fileParams) {
    FailureOr<int32_t> element = dtype(type.getElementType());
    if (failed(element))
      return failure();
    params.push_back(record(
        {string(name), number32(*element), number32(type.getRank()), numbers(type.getShape())}));
  }
  for (auto attr : program.getEntries().getAsRange<rt::EntryAttr>()) {
    auto built = entry(attr);
    if (failed(built))
      return failure();
    entries.push_back(*built);
  }
  return emit({number64(static_cast<int64_t>(DCHAG_RT_MAGIC)), number32(DCHAG_RT_ABI_VERSION),
               number32(sizeof(dchag_program)), string(program.getName()), string(cpuFeatures),
               number32(axes.size()), array(axes), number32(groups.size()), array(groups),
               number32(buffers.size()), array(buffers), number32(params.size()), array(params),
               number32(entries.size()), array(entries), number32(sites.size()), array(sites)});
}

LogicalResult DescriptorBuilder::emit(ArrayRef<llvm::Constant *> fields) {
  llvm::Constant *descriptor = record(fields);
  uint64_t bytes = target.getDataLayout().getTypeAllocSize(descriptor->getType());
  if (bytes != sizeof(dchag_program))
    return module.emitError("the descriptor takes ")
           << bytes << " bytes on the target, " << sizeof(dchag_program)
           << " on this machine: compile on a machine of the target's kind";
  new llvm::GlobalVariable(target, descriptor->getType(), /*isConstant=*/true,
                           llvm::GlobalValue::ExternalLinkage, descriptor, "dchag_model");
  return success();
}

} // namespace

LogicalResult mlir::dchag::emitDescriptor(ModuleOp module, llvm::Module &target,
                                          StringRef cpuFeatures) {
  auto program = rt::ProgramAttr::lookup(module);
  if (!program)
    return module.emitError("has no attribute ")
           << rt::ProgramAttr::attrName
           << ": run the code generation of a target (cpu-codegen) first";
  return DescriptorBuilder(module, target).build(program, cpuFeatures);
}
