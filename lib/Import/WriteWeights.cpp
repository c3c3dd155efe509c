//===- WriteWeights.cpp - parameters of a model to a safetensors file -------*- C++ -*-===//
//
// The format does not allow holes, and readers want each tensor aligned to its element size: so
// tensors are ordered from wide to narrow elements, after a header that is padded to 64 bytes.
//
//===----------------------------------------------------------------------===//

#include "dchag/Import/Weights.h"
#include "dchag/Support/OutputFile.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {

struct Parameter {
  StringRef name, typeName;
  RankedTensorType type;
  StringRef bytes;
  uint64_t elementBytes;
  unsigned argument;
};

class WeightsWriter {
public:
  WeightsWriter(ModuleOp module, StringRef modelFolder, StringRef path)
      : module(module), modelFolder(modelFolder), path(path) {}
  LogicalResult collect();
  LogicalResult write();

private:
  LogicalResult addParameter(const Port &port);
  FailureOr<llvm::MemoryBuffer *> getFile(StringRef file);
  std::string makeHeader() const;
  void writeTo(llvm::raw_ostream &os, llvm::function_ref<bool()> hasError);
  InFlightDiagnostic refuse(llvm::Error error) {
    return module.emitError("--weights-out: ") << llvm::toString(std::move(error));
  }

  ModuleOp module;
  StringRef modelFolder, path;
  SmallVector<Parameter> parameters;
  llvm::StringSet<> names;
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> files;
};

/// The name of an element type in a safetensors file.
StringRef getTypeName(Type type, bool isUnsigned) {
  if (type.isBF16())
    return "BF16";
  if (auto floatType = dyn_cast<FloatType>(type))
    return floatType.isF64() ? "F64" : floatType.isF32() ? "F32" : floatType.isF16() ? "F16" : "";
  auto integer = dyn_cast<IntegerType>(type);
  switch (integer ? integer.getWidth() : 0) {
  case 1:
    return "BOOL";
  case 8:
    return isUnsigned ? "U8" : "I8";
  case 16:
    return isUnsigned ? "U16" : "I16";
  case 32:
    return isUnsigned ? "U32" : "I32";
  case 64:
    return isUnsigned ? "U64" : "I64";
  default:
    return "";
  }
}

} // namespace

FailureOr<llvm::MemoryBuffer *> WeightsWriter::getFile(StringRef file) {
  std::unique_ptr<llvm::MemoryBuffer> &buffer = files[file];
  if (buffer)
    return buffer.get();
  SmallString<256> full(file);
  if (llvm::sys::path::is_relative(full)) {
    full = modelFolder;
    llvm::sys::path::append(full, file);
  }
  // Renaming over it would leave a model whose offsets refer to the old file.
  bool isSame = false;
  if (!llvm::sys::fs::equivalent(full, path, isSame) && isSame) {
    module.emitError("--weights-out names '")
        << path << "', from which the model takes its parameters: name another file";
    return failure();
  }
  auto mapped = llvm::MemoryBuffer::getFile(full, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!mapped) {
    module.emitError("cannot read the weights in '")
        << full << "': " << mapped.getError().message() << ": put the file there";
    return failure();
  }
  buffer = std::move(*mapped);
  return buffer.get();
}

LogicalResult WeightsWriter::addParameter(const Port &port) {
  func::FuncOp function = port.getFunction();
  StringAttr name = port.getNameAttr();
  SourceAttr source = port.getSource();
  auto type = dyn_cast<RankedTensorType>(port.getType());
  if (!name || !source || !type || !type.hasStaticShape())
    return function.emitOpError()
           << port << " is a parameter of type " << port.getType()
           << (name ? "" : " without dchag.name") << (source ? "" : " without dchag.source")
           << ": only named tensors of static shape whose bytes are in a file can be written";
  auto fail = [&]() {
    return function.emitOpError("parameter '") << name.getValue() << "' of type " << type << ' ';
  };
  Parameter parameter{
      name, getTypeName(type.getElementType(), port.isUnsigned()), type, {}, 0, port.getIndex()};
  if (parameter.typeName.empty())
    return fail() << "has elements that safetensors files have no name for: wanted f16, bf16, "
                     "f32, f64, i1, i8, i16, i32 or i64";
  if (!llvm::json::isUTF8(name.getValue()))
    return fail() << "has a name that is not UTF-8, which safetensors files want: rename it";
  if (name.getValue() == "__metadata__" || !names.insert(name).second)
    return fail() << "has a name that cannot stand in a safetensors file (again): rename it";
  parameter.elementBytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  FailureOr<llvm::MemoryBuffer *> buffer = getFile(source.getFile());
  if (failed(buffer))
    return failure();
  StringRef bytes = (*buffer)->getBuffer();
  uint64_t begin = source.getOffset(), size = source.getBytes();
  if (source.getOffset() < 0 || source.getBytes() < 0 || begin > bytes.size() ||
      size > bytes.size() - begin)
    return fail() << "is in " << source << ", but the file has " << bytes.size()
                  << " bytes: it is truncated, copy it again";
  if (size / parameter.elementBytes != static_cast<uint64_t>(type.getNumElements()) ||
      size % parameter.elementBytes)
    return fail() << "is in " << source << ", which is not its size";
  parameter.bytes = bytes.substr(begin, size);
  parameters.push_back(parameter);
  return success();
}

LogicalResult WeightsWriter::collect() {
  func::FuncOp step = Program(module).getStep();
  if (!step)
    return module.emitError("has no function @step, whose parameters --weights-out writes");
  for (const Port &port : getArguments(step)) {
    if (port.hasRole(RoleKind::Compiled) || port.hasRole(RoleKind::Loaded))
      return step.emitOpError() << port << " has the role " << port.getRole()
                                << ": --weights-out wants the model as it was before the "
                                   "preparation";
    if (port.hasRole(RoleKind::Param) && failed(addParameter(port)))
      return failure();
  }
  llvm::sort(parameters, [](const Parameter &a, const Parameter &b) {
    return a.elementBytes != b.elementBytes ? a.elementBytes > b.elementBytes
                                            : a.argument < b.argument;
  });
  return success();
}

std::string WeightsWriter::makeHeader() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os);
  json.object([&] {
    uint64_t at = 0;
    for (const Parameter &parameter : parameters)
      json.attributeObject(parameter.name, [&] {
        json.attribute("dtype", parameter.typeName);
        json.attributeArray("shape", [&] {
          for (int64_t size : parameter.type.getShape())
            json.value(size);
        });
        json.attributeArray("data_offsets", [&] {
          json.value(static_cast<int64_t>(at));
          json.value(static_cast<int64_t>(at += parameter.bytes.size()));
        });
      });
  });
  text.resize(llvm::alignTo(text.size() + 8, 64) - 8, ' ');
  return text;
}

void WeightsWriter::writeTo(llvm::raw_ostream &os, llvm::function_ref<bool()> hasError) {
  std::string header = makeHeader();
  char length[8];
  llvm::support::endian::write64le(length, header.size());
  os << StringRef(length, 8) << header;
  // In pieces, so that a full disk is noticed early and pages that were read are released.
  constexpr size_t kPiece = size_t(64) << 20;
  for (const Parameter &parameter : parameters)
    for (StringRef rest = parameter.bytes; !rest.empty() && !hasError();
         rest = rest.drop_front(std::min(rest.size(), kPiece))) {
      os << rest.take_front(kPiece);
      if (rest.size() > kPiece)
        for (auto &file : files)
          file.second->dontNeedIfMmap();
    }
}

LogicalResult WeightsWriter::write() {
  llvm::Expected<std::unique_ptr<OutputFile>> file = OutputFile::open(path);
  if (!file)
    return refuse(file.takeError());
  llvm::raw_fd_ostream &os = (*file)->os();
  writeTo(os, [&] { return os.has_error(); });
  if (llvm::Error error = (*file)->keep())
    return refuse(std::move(error));
  return success();
}

LogicalResult mlir::dchag::writeWeights(ModuleOp module, StringRef modelFolder, StringRef path) {
  WeightsWriter writer(module, modelFolder, path);
  return failed(writer.collect()) ? failure() : writer.write();
}
