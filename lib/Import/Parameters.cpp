//===- Parameters.cpp - tensors of the file: parameters and constants ------*- C++ -*-===//
//
// A floating-point initializer becomes an argument that refers to its bytes; it is not read.
// Integers and Booleans of up to 2^20 elements (shapes, indices, masks), single floats inside of
// the ONNX file, and floats of Constant nodes of up to 1024 elements become constants.
//
//===----------------------------------------------------------------------===//

#include "Importer.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

Value Importer::addArgument(Type type, RoleKind role, StringRef name, bool isUnsigned) {
  arguments.push_back({role, name.str(), isUnsigned, {}, nullptr});
  Location loc = NameLoc::get(b.getStringAttr(name));
  return entry->addArgument(type, loc);
}

/// Maps the bytes of external data. A missing file is not an error if only the location is needed:
/// weights may be added later. An existing file must have the bytes.
FailureOr<std::optional<StringRef>> Importer::mapExternal(const Tensor &tensor, bool isNeeded,
                                                          std::string &reason) {
  const ExternalData &data = *tensor.external;
  auto refuse = [&](const Twine &why) -> FailureOr<std::optional<StringRef>> {
    reason =
        ("tensor \"" + tensor.name + "\" has its data in \"" + data.location + "\": " + why).str();
    return failure();
  };
  SmallVector<StringRef> parts;
  data.location.split(parts, '/');
  if (llvm::sys::path::is_absolute(data.location) || llvm::is_contained(parts, ".."))
    return refuse("the path must stay in the model's folder");
  SmallString<128> path(llvm::sys::path::parent_path(model->path));
  llvm::sys::path::append(path, data.location);
  uint64_t size;
  if (std::error_code error = llvm::sys::fs::file_size(path, size)) {
    if (!isNeeded)
      return std::optional<StringRef>();
    return refuse(error.message() + ", and its elements are needed at import");
  }
  uint64_t bytes = tensor.getNumBytes();
  if (data.offset > size || bytes > size - data.offset)
    return refuse("it wants " + Twine(bytes) + " bytes at byte " + Twine(data.offset) +
                  ", the file has " + Twine(size));
  if (!isNeeded)
    return std::optional<StringRef>();
  std::unique_ptr<llvm::MemoryBuffer> &file = externalFiles[path];
  if (!file) {
    auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                              /*RequiresNullTerminator=*/false);
    if (!buffer)
      return refuse(buffer.getError().message());
    file = std::move(*buffer);
  }
  if (data.offset + bytes > file->getBufferSize())
    return refuse("the file changed while it was read");
  return std::optional<StringRef>(file->getBuffer().substr(data.offset, bytes));
}

FailureOr<Value> Importer::createConstant(const Tensor &tensor, std::string &reason) {
  std::optional<StringRef> external;
  if (tensor.external) {
    auto mapped = mapExternal(tensor, /*isNeeded=*/true, reason);
    if (failed(mapped))
      return failure();
    external = *mapped;
  }
  EvalTensor value;
  Type type = getElementType(tensor.type, context);
  if (onnx::isFloat(tensor.type)) {
    auto floats = decodeFloats(tensor, external);
    if (!floats) {
      reason = llvm::toString(floats.takeError());
      return failure();
    }
    value = EvalTensor(tensor.dims, type);
    llvm::copy(*floats, value.mutableFloats());
  } else {
    auto ints = decodeInts(tensor, external);
    if (!ints) {
      reason = llvm::toString(ints.takeError());
      return failure();
    }
    value = EvalTensor(tensor.dims, type);
    llvm::copy(*ints, value.mutableInts());
  }
  return makeConstant(b, NameLoc::get(b.getStringAttr(tensor.name)), value);
}

FailureOr<ImportedValue> Importer::createParameter(const Tensor &tensor, StringRef name,
                                                   std::string &reason) {
  // The tool keeps what it read from the standard input, so that it can be read again.
  StringRef file = model->path == "<stdin>" ? "/dev/stdin" : llvm::sys::path::filename(model->path);
  uint64_t offset = 0;
  if (tensor.external) {
    if (failed(mapExternal(tensor, /*isNeeded=*/false, reason)))
      return failure();
    file = tensor.external->location;
    offset = tensor.external->offset;
  } else if (auto bytes = tensor.getContiguous()) {
    offset = model->getFileOffset(*bytes);
  } else {
    reason = ("the elements of tensor \"" + name +
              "\" are not contiguous in the file: save it "
              "with raw_data or external data (onnx.save_model with save_as_external_data)")
                 .str();
    return failure();
  }
  auto type = RankedTensorType::get(tensor.dims, getElementType(tensor.type, context));
  Value value = addArgument(type, RoleKind::Param, name, isUnsigned(tensor.type));
  arguments.back().source = SourceAttr::get(context, b.getStringAttr(file), offset,
                                            static_cast<int64_t>(tensor.getNumBytes()));
  arguments.back().tensor = &tensor;
  return ImportedValue{value, isUnsigned(tensor.type)};
}

FailureOr<ImportedValue> Importer::importTensor(const Tensor &tensor, StringRef name,
                                                bool mayInline, std::string &reason) {
  if (tensor.isSegment) {
    reason = ("tensor \"" + name +
              "\" is stored in segments, which is not read: save the model with a current version "
              "of onnx")
                 .str();
    return failure();
  }
  if (!getElementType(tensor.type, context)) {
    reason = ("tensor \"" + name + "\" is of " + getDataTypeName(tensor.type) +
              " elements: float, double, float16, bfloat16, bool and integers are imported")
                 .str();
    return failure();
  }
  bool isInline;
  if (onnx::isFloat(tensor.type))
    isInline =
        tensor.numElements == 0 || (tensor.numElements == 1 && !tensor.external) ||
        (mayInline && tensor.numElements <= maxFloatConstant) ||
        (!tensor.external && !tensor.getContiguous() && tensor.numElements <= maxFloatConstant);
  else
    isInline = tensor.numElements <= maxIntConstant;
  if (!isInline)
    return createParameter(tensor, name, reason);
  auto value = createConstant(tensor, reason);
  if (failed(value))
    return failure();
  return ImportedValue{*value, isUnsigned(tensor.type)};
}

/// The tensors that are needed.
void Importer::createInitializers(const Graph &graph, const Needs &needs, Scope &scope) {
  for (StringRef name : graph.sparseInitializers)
    scope.values[name] =
        poison("initializer \"" + name + "\" is a sparse tensor: save it as a dense one");
  for (const Tensor &tensor : graph.initializers) {
    if (!needs.names.contains(tensor.name))
      continue;
    if (scope.values.count(tensor.name)) {
      (void)fail("\"" + tensor.name + "\" is the name of two values");
      continue;
    }
    std::string reason;
    auto value = importTensor(tensor, tensor.name, /*mayInline=*/false, reason);
    scope.values[tensor.name] = succeeded(value) ? *value : poison(reason);
  }
}

/// Elements of a small parameter, for operands that must be constant (a padding value). Not for
/// those of other files, which may change after the import.
EvalTensor Importer::readParameter(BlockArgument argument) {
  const Tensor *tensor = arguments[argument.getArgNumber()].tensor;
  if (!tensor || tensor->external || tensor->numElements > maxFloatConstant ||
      !onnx::isFloat(tensor->type))
    return {};
  auto floats = decodeFloats(*tensor);
  if (!floats) {
    llvm::consumeError(floats.takeError());
    return {};
  }
  EvalTensor value(tensor->dims, getElementType(tensor->type, context));
  llvm::copy(*floats, value.mutableFloats());
  return value;
}

/// Erases parameters that folding used up or that no node reads.
void Importer::eraseUnusedParameters() {
  for (unsigned index = entry->getNumArguments(); index > 0; --index) {
    if (arguments[index - 1].role == RoleKind::Input || !entry->getArgument(index - 1).use_empty())
      continue;
    entry->eraseArgument(index - 1);
    arguments.erase(arguments.begin() + index - 1);
  }
}
