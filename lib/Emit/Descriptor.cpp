//===- Descriptor.cpp - the constant that describes a program --------------*- C++ -*-===//
//
// Mirrors the structures of runtime/include/dchag_rt.h field by field.
//
//===----------------------------------------------------------------------===//

#include "dchag/Emit/Emit.h"
#include "dchag_rt.h"
#include "dialects/dchag/DchagAttrs.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/Constants.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {

/// Builds constants of the structures that the runtime reads.
class DescriptorBuilder {
public:
  DescriptorBuilder(ModuleOp module, llvm::Module &target)
      : module(module), target(target), context(target.getContext()),
        pointer(llvm::PointerType::getUnqual(context)), i32(llvm::Type::getInt32Ty(context)),
        i64(llvm::Type::getInt64Ty(context)) {}

  LogicalResult build(DictionaryAttr program, StringRef cpuFeatures);

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

  FailureOr<int32_t> dtype(Type type);
  FailureOr<llvm::Constant *> dim(int64_t size, int64_t local, ArrayAttr axes);
  FailureOr<llvm::Constant *> read(ReadAttr attr);
  FailureOr<llvm::Constant *> buffer(DictionaryAttr attr);
  FailureOr<int64_t> fileParam(ReadAttr attr);
  FailureOr<llvm::Constant *> entry(StringRef symbol, bool required);

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

FailureOr<llvm::Constant *> DescriptorBuilder::dim(int64_t size, int64_t local, ArrayAttr axes) {
  if (axes.size() > DCHAG_RT_MAX_AXES_PER_DIM)
    return module.emitError("a dimension is spread over ")
           << axes.size() << " mesh axes: at most " << DCHAG_RT_MAX_AXES_PER_DIM
           << " are supported";
  SmallVector<llvm::Constant *> axisNumbers(DCHAG_RT_MAX_AXES_PER_DIM, number32(0));
  for (auto [slot, axis] : llvm::zip(axisNumbers, axes.getAsRange<IntegerAttr>()))
    slot = number32(axis.getInt());
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

FailureOr<llvm::Constant *> DescriptorBuilder::buffer(DictionaryAttr attr) {
  auto name = attr.getAs<StringAttr>("name"), role = attr.getAs<StringAttr>("role");
  auto type = attr.getAs<TypeAttr>("type"), local = attr.getAs<TypeAttr>("local");
  auto axes = attr.getAs<ArrayAttr>("axes");
  if (!name || !role || !type || !local || !axes)
    return module.emitError("a buffer of ") << kProgramAttr << " lacks a field: " << attr;
  int roleNumber = llvm::StringSwitch<int>(role)
                       .Case("input", DCHAG_ROLE_INPUT)
                       .Case("output", DCHAG_ROLE_OUTPUT)
                       .Case("loaded", DCHAG_ROLE_LOADED)
                       .Case("param", DCHAG_ROLE_PARAM)
                       .Default(-1);
  if (roleNumber < 0)
    return module.emitError("buffer ") << name << " has the unknown role " << role;
  auto globalType = cast<RankedTensorType>(type.getValue());
  auto localType = cast<RankedTensorType>(local.getValue());
  if (globalType.getRank() > DCHAG_RT_MAX_RANK)
    return module.emitError("buffer ") << name << " has rank " << globalType.getRank()
                                       << ": at most " << DCHAG_RT_MAX_RANK << " is supported";
  FailureOr<int32_t> element = dtype(globalType.getElementType());
  if (failed(element))
    return failure();
  SmallVector<llvm::Constant *> dims, reads;
  for (int64_t d = 0; d < globalType.getRank(); ++d) {
    auto built = dim(globalType.getDimSize(d), localType.getDimSize(d), cast<ArrayAttr>(axes[d]));
    if (failed(built))
      return failure();
    dims.push_back(*built);
  }
  if (auto list = attr.getAs<ArrayAttr>("reads"))
    for (auto readAttr : list.getAsRange<ReadAttr>()) {
      auto built = read(readAttr);
      if (failed(built))
        return failure();
      reads.push_back(*built);
    }
  return record({string(name), number32(roleNumber), number32(*element),
                 number32(globalType.getRank()), array(dims), number32(reads.size()),
                 array(reads)});
}

FailureOr<llvm::Constant *> DescriptorBuilder::entry(StringRef symbol, bool required) {
  if (llvm::Function *function = target.getFunction(symbol))
    return function;
  if (required)
    return module.emitError("has no function ") << symbol << ": run the code generation first";
  return null();
}

LogicalResult DescriptorBuilder::build(DictionaryAttr program, StringRef cpuFeatures) {
  SmallVector<llvm::Constant *> axes, groups, buffers, sites, params;
  for (auto axis : program.getAs<ArrayAttr>("axes").getAsRange<DictionaryAttr>())
    axes.push_back(record({string(axis.getAs<StringAttr>("name")),
                           number64(axis.getAs<IntegerAttr>("size").getInt())}));
  for (auto group : program.getAs<ArrayAttr>("groups").getAsRange<DenseI32ArrayAttr>()) {
    auto *elements = global(llvm::ConstantDataArray::get(
        context, ArrayRef<uint32_t>(reinterpret_cast<const uint32_t *>(group.asArrayRef().data()),
                                    group.size())));
    groups.push_back(record({number32(group.size()), elements}));
  }
  for (auto site : program.getAs<ArrayAttr>("sites").getAsRange<StringAttr>())
    sites.push_back(string(site));
  for (auto attr : program.getAs<ArrayAttr>("buffers").getAsRange<DictionaryAttr>()) {
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
  FailureOr<llvm::Constant *> prepare = entry(kPrepareSymbol, /*required=*/false);
  FailureOr<llvm::Constant *> step = entry(kStepSymbol, /*required=*/true);
  if (failed(step))
    return failure();
  llvm::Constant *descriptor =
      record({number64(static_cast<int64_t>(DCHAG_RT_MAGIC)), number32(DCHAG_RT_ABI_VERSION),
              number32(0), string(program.getAs<StringAttr>("name")), string(cpuFeatures),
              number32(axes.size()), array(axes), number32(groups.size()), array(groups),
              number32(buffers.size()), array(buffers), number32(params.size()), array(params),
              number64(program.getAs<IntegerAttr>("step_arena").getInt()),
              number64(program.getAs<IntegerAttr>("prepare_arena").getInt()),
              number32(sites.size()), array(sites), *prepare, *step});
  new llvm::GlobalVariable(target, descriptor->getType(), /*isConstant=*/true,
                           llvm::GlobalValue::ExternalLinkage, descriptor, "dchag_model");
  return success();
}

} // namespace

/// All fields that `build` takes for granted.
static LogicalResult checkFields(ModuleOp module, DictionaryAttr program) {
  for (StringRef field : {"axes", "groups", "sites", "buffers"})
    if (!program.getAs<ArrayAttr>(field))
      return module.emitError("attribute ") << kProgramAttr << " lacks the list '" << field << "'";
  for (StringRef field : {"step_arena", "prepare_arena"})
    if (!program.getAs<IntegerAttr>(field))
      return module.emitError("attribute ")
             << kProgramAttr << " lacks the number '" << field << "'";
  if (!program.getAs<StringAttr>("name"))
    return module.emitError("attribute ") << kProgramAttr << " lacks the 'name' of the model";
  return success();
}

LogicalResult mlir::dchag::emitDescriptor(ModuleOp module, llvm::Module &target,
                                          StringRef cpuFeatures) {
  auto program = module->getAttrOfType<DictionaryAttr>(kProgramAttr);
  if (!program)
    return module.emitError("has no attribute ")
           << kProgramAttr << ": run the code generation of a target (cpu-codegen) first";
  if (failed(checkFields(module, program)))
    return failure();
  return DescriptorBuilder(module, target).build(program, cpuFeatures);
}
