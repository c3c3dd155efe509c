//===- TensorFiles.cpp - values from and to files --------------------------*- C++ -*-===//

#include "TensorFiles.h"
#include "Execution.h"
#include "dchag/Support/OutputFile.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#if __has_include("dchag/Import/Onnx.h")
#include "dchag/Import/Onnx.h"
#define DCHAG_READS_TENSORPROTO 1
#endif

using namespace mlir;
using namespace mlir::dchag;

FailureOr<std::unique_ptr<llvm::MemoryBuffer>> mlir::dchag::mapFile(StringRef path, Location loc) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (std::error_code error = buffer.getError())
    return emitError(loc) << "cannot read '" << path << "': " << error.message();
  return std::move(*buffer);
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

static unsigned getNumBits(Type type) { return type.isIndex() ? 64 : type.getIntOrFloatBitWidth(); }

static double decodeFloat(FloatType type, uint64_t raw) {
  if (type.isF64())
    return llvm::bit_cast<double>(raw);
  if (type.isF32())
    return llvm::bit_cast<float>(static_cast<uint32_t>(raw));
  APInt bits(type.getWidth(), raw, /*isSigned=*/false, /*implicitTrunc=*/true);
  APFloat value(type.getFloatSemantics(), bits);
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToDouble();
}

LogicalResult mlir::dchag::decodeElements(StringRef bytes, EvalTensor &tensor) {
  Type type = tensor.getElementType();
  size_t size = (getNumBits(type) + 7) / 8;
  if (bytes.size() / size != static_cast<size_t>(tensor.getNumElements()) || bytes.size() % size)
    return failure();
  auto floatType = dyn_cast<FloatType>(type);
  double *floats = floatType ? tensor.mutableFloats() : nullptr;
  int64_t *ints = floatType ? nullptr : tensor.mutableInts();
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    uint64_t raw = 0;
    std::memcpy(&raw, bytes.data() + i * size, size);
    if (floatType)
      floats[i] = decodeFloat(floatType, raw);
    else
      ints[i] = type.isInteger(1) ? raw != 0 : static_cast<int64_t>(raw);
  }
  // Sign extends.
  if (!floatType)
    tensor.roundToType();
  return success();
}

FailureOr<EvalTensor> mlir::dchag::convertTo(Type type, EvalTensor value, const Twine &what,
                                             Location loc) {
  EvalTensor wanted(type);
  if (value.getShape() != wanted.getShape() || value.isFloat() != wanted.isFloat())
    return emitError(loc) << what << " is a " << describe(value) << ", wanted a "
                          << describe(wanted);
  unsigned width = getNumBits(wanted.getElementType());
  if (!value.isFloat() && width < 64) {
    int64_t low = -(int64_t(1) << (width - 1)), high = (int64_t(1) << width) - 1;
    for (int64_t i = 0, e = value.getNumElements(); i < e; ++i)
      if (value.ints()[i] < low || value.ints()[i] > high)
        return emitError(loc) << what << " has the value " << value.ints()[i] << " at element " << i
                              << " (row-major), which does not fit " << wanted.getElementType();
  }
  value = value.withElementType(wanted.getElementType());
  if (!value.isFloat())
    value.roundToType();
  return value;
}

//===----------------------------------------------------------------------===//
// npy
//===----------------------------------------------------------------------===//

/// The text after `'key':` in the dictionary of an npy header.
static std::optional<StringRef> getNpyField(StringRef header, StringRef key) {
  std::string quoted = ("'" + key + "'").str();
  size_t at = header.find(quoted);
  if (at == StringRef::npos)
    return std::nullopt;
  StringRef rest = header.substr(at + quoted.size()).ltrim();
  if (!rest.consume_front(":"))
    return std::nullopt;
  return rest.ltrim();
}

/// The type of the elements; unsigned ones are told apart.
static Type getNpyType(StringRef descr, MLIRContext *context, bool &isUnsigned) {
  Builder b(context);
  if (!descr.consume_front("<") && !descr.consume_front("|"))
    return {};
  isUnsigned = descr.starts_with("u");
  return llvm::StringSwitch<Type>(descr)
      .Case("f2", b.getF16Type())
      .Case("f4", b.getF32Type())
      .Case("f8", b.getF64Type())
      .Case("b1", b.getI1Type())
      .Cases({"i1", "u1"}, b.getIntegerType(8))
      .Cases({"i2", "u2"}, b.getIntegerType(16))
      .Cases({"i4", "u4"}, b.getIntegerType(32))
      .Cases({"i8", "u8"}, b.getIntegerType(64))
      .Default(Type());
}

static bool parseNpyShape(StringRef text, SmallVectorImpl<int64_t> &shape) {
  if (!text.consume_front("("))
    return false;
  size_t close = text.find(')');
  if (close == StringRef::npos)
    return false;
  SmallVector<StringRef> sizes;
  text.take_front(close).split(sizes, ',', -1, /*KeepEmpty=*/false);
  int64_t count = 1;
  for (StringRef size : sizes) {
    size = size.trim();
    if (size.empty())
      continue;
    int64_t value;
    // A bound that no file meets, so that products stay in 64 bits.
    if (size.getAsInteger(10, value) || value < 0 || value > (int64_t(1) << 40) ||
        (count *= std::max<int64_t>(value, 1)) > (int64_t(1) << 40))
      return false;
    shape.push_back(value);
  }
  return true;
}

/// Splits a file into header and elements.
static bool splitNpy(StringRef file, StringRef &header, StringRef &elements) {
  if (!file.consume_front("\x93NUMPY") || file.size() < 2)
    return false;
  unsigned char version = file[0];
  file = file.drop_front(2);
  size_t width = version == 1 ? 2 : 4;
  if (version < 1 || version > 3 || file.size() < width)
    return false;
  size_t length = version == 1 ? llvm::support::endian::read16le(file.data())
                               : llvm::support::endian::read32le(file.data());
  file = file.drop_front(width);
  if (file.size() < length)
    return false;
  header = file.take_front(length);
  elements = file.drop_front(length);
  return true;
}

static FailureOr<EvalTensor> readNpy(StringRef path, Location loc) {
  auto buffer = mapFile(path, loc);
  if (failed(buffer))
    return failure();
  StringRef header, elements;
  if (!splitNpy((*buffer)->getBuffer(), header, elements))
    return emitError(loc) << "'" << path << "' is no npy file of version 1 to 3";
  auto descr = getNpyField(header, "descr"), order = getNpyField(header, "fortran_order");
  auto shapeText = getNpyField(header, "shape");
  SmallVector<int64_t> shape;
  if (!descr || !order || !shapeText || !descr->consume_front("'") ||
      !parseNpyShape(*shapeText, shape))
    return emitError(loc) << "'" << path << "' has a malformed npy header";
  StringRef typeName = descr->take_until([](char c) { return c == '\''; });
  bool isUnsigned = false;
  Type type = getNpyType(typeName, loc.getContext(), isUnsigned);
  if (!type)
    return emitError(loc) << "'" << path << "' has elements of type '" << typeName
                          << "', wanted little-endian f2, f4, f8, i1 to i8, u1 to u8 or b1";
  if (!order->starts_with("False"))
    return emitError(loc) << "'" << path << "' is stored in Fortran order: save it by "
                          << "numpy.ascontiguousarray";
  // Before anything of that size is allocated.
  size_t bytes = (getNumBits(type) + 7) / 8, count = 1;
  for (int64_t size : shape)
    count *= size;
  if (elements.size() / bytes != count || elements.size() % bytes)
    return emitError(loc) << "'" << path << "' has " << elements.size()
                          << " bytes of elements, wanted " << count << " of " << typeName;
  EvalTensor tensor(shape, type);
  if (failed(decodeElements(elements, tensor)))
    return emitError(loc) << "'" << path << "' cannot be read";
  if (isUnsigned && type.getIntOrFloatBitWidth() < 64) {
    uint64_t mask = (uint64_t(1) << type.getIntOrFloatBitWidth()) - 1;
    int64_t *ints = tensor.mutableInts();
    for (int64_t i = 0; i < tensor.getNumElements(); ++i)
      ints[i] &= mask;
    tensor = tensor.withElementType(IntegerType::get(loc.getContext(), 64));
  }
  return tensor;
}

template <typename T>
static void appendNumber(std::string &bytes, T value) {
  bytes.append(reinterpret_cast<const char *>(&value), sizeof(T));
}

/// The npy name of the element type and the bytes of the elements.
static std::string encodeElements(const EvalTensor &tensor, std::string &descr) {
  std::string bytes;
  Type type = tensor.getElementType();
  unsigned width = getNumBits(type);
  bool isHalf = type.isF16();
  descr = type.isF64()       ? "<f8"
          : isHalf           ? "<f2"
          : tensor.isFloat() ? "<f4"
          : width == 1       ? "|b1"
          : width == 8       ? "|i1"
          : width == 16      ? "<i2"
          : width == 32      ? "<i4"
                             : "<i8";
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    if (type.isF64()) {
      appendNumber(bytes, tensor.floats()[i]);
    } else if (isHalf) {
      APFloat value(tensor.floats()[i]);
      bool losesInfo;
      value.convert(APFloat::IEEEhalf(), APFloat::rmNearestTiesToEven, &losesInfo);
      appendNumber(bytes, static_cast<uint16_t>(value.bitcastToAPInt().getZExtValue()));
    } else if (tensor.isFloat()) {
      appendNumber(bytes, static_cast<float>(tensor.floats()[i]));
    } else {
      unsigned size = width == 1 || width == 8 ? 1 : width == 16 ? 2 : width == 32 ? 4 : 8;
      bytes.append(reinterpret_cast<const char *>(&tensor.ints()[i]), size);
    }
  }
  return bytes;
}

LogicalResult mlir::dchag::writeNpy(StringRef path, const EvalTensor &tensor, Location loc) {
  std::string descr, bytes = encodeElements(tensor, descr);
  std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (";
  for (int64_t size : tensor.getShape())
    header += std::to_string(size) + ",";
  header += "), }";
  // Elements start at a multiple of 64 bytes.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  llvm::Expected<std::unique_ptr<OutputFile>> file = OutputFile::open(path);
  if (!file)
    return emitError(loc) << llvm::toString(file.takeError());
  uint16_t length = header.size();
  (*file)->os() << StringRef("\x93NUMPY\x01\x00", 8) << static_cast<char>(length & 0xff)
                << static_cast<char>(length >> 8) << header << bytes;
  if (llvm::Error error = (*file)->keep())
    return emitError(loc) << llvm::toString(std::move(error));
  return success();
}

//===----------------------------------------------------------------------===//
// ONNX TensorProto
//===----------------------------------------------------------------------===//

#ifdef DCHAG_READS_TENSORPROTO
static FailureOr<EvalTensor> readTensorProto(StringRef path, Location loc) {
  llvm::Expected<onnx::TensorFile> file = onnx::readTensorFile(path);
  if (!file)
    return emitError(loc) << "cannot read '" << path << "': " << llvm::toString(file.takeError());
  const onnx::Tensor &tensor = file->tensor;
  MLIRContext *context = loc.getContext();
  if (onnx::isFloat(tensor.type)) {
    llvm::Expected<std::vector<double>> values = onnx::decodeFloats(tensor);
    if (!values)
      return emitError(loc) << "'" << path << "': " << llvm::toString(values.takeError());
    EvalTensor result(tensor.dims, Float64Type::get(context));
    llvm::copy(*values, result.mutableFloats());
    return result;
  }
  llvm::Expected<std::vector<int64_t>> values = onnx::decodeInts(tensor);
  if (!values)
    return emitError(loc) << "'" << path << "': " << llvm::toString(values.takeError());
  EvalTensor result(tensor.dims, IntegerType::get(context, 64));
  llvm::copy(*values, result.mutableInts());
  return result;
}
#endif

FailureOr<EvalTensor> mlir::dchag::readTensorFromFile(StringRef path, Location loc) {
#ifdef DCHAG_READS_TENSORPROTO
  if (path.ends_with(".pb"))
    return readTensorProto(path, loc);
#endif
  if (path.ends_with(".npy"))
    return readNpy(path, loc);
  return emitError(loc) << "cannot read '" << path << "': wanted a file that ends in .npy or .pb";
}

//===----------------------------------------------------------------------===//
// safetensors
//===----------------------------------------------------------------------===//

static Type getSafetensorsType(StringRef name, MLIRContext *context) {
  Builder b(context);
  return llvm::StringSwitch<Type>(name)
      .Case("F64", b.getF64Type())
      .Case("F32", b.getF32Type())
      .Case("F16", b.getF16Type())
      .Case("BF16", b.getBF16Type())
      .Case("I64", b.getIntegerType(64))
      .Case("I32", b.getIntegerType(32))
      .Case("I16", b.getIntegerType(16))
      .Cases({"I8", "U8"}, b.getIntegerType(8))
      .Case("BOOL", b.getI1Type())
      .Default(Type());
}

FailureOr<SafetensorsFile> SafetensorsFile::open(StringRef path, Location loc) {
  auto buffer = mapFile(path, loc);
  if (failed(buffer))
    return failure();
  SafetensorsFile file;
  file.path = path.str();
  StringRef bytes = (*buffer)->getBuffer();
  uint64_t length = bytes.size() < 8 ? ~uint64_t(0) : llvm::support::endian::read64le(bytes.data());
  if (bytes.size() < 8 || length > bytes.size() - 8)
    return emitError(loc) << "'" << path << "' is truncated, or no safetensors file: its header "
                          << "does not fit its " << bytes.size() << " bytes";
  llvm::Expected<llvm::json::Value> header = llvm::json::parse(bytes.substr(8, length));
  if (!header)
    return emitError(loc) << "'" << path << "' has a malformed safetensors header: "
                          << llvm::toString(header.takeError());
  StringRef data = bytes.drop_front(8 + length);
  const llvm::json::Object *object = header->getAsObject();
  if (!object)
    return emitError(loc) << "'" << path << "' has a safetensors header that is no object";
  for (const auto &[key, value] : *object) {
    StringRef name = key;
    if (name == "__metadata__")
      continue;
    const llvm::json::Object *info = value.getAsObject();
    const llvm::json::Array *shape = info ? info->getArray("shape") : nullptr;
    const llvm::json::Array *offsets = info ? info->getArray("data_offsets") : nullptr;
    auto dtype = info ? info->getString("dtype") : std::nullopt;
    if (!shape || !offsets || !dtype || offsets->size() != 2)
      return emitError(loc) << "'" << path << "' has a malformed entry '" << name << "'";
    Entry entry;
    entry.elementType = getSafetensorsType(*dtype, loc.getContext());
    for (const llvm::json::Value &size : *shape)
      entry.shape.push_back(size.getAsInteger().value_or(-1));
    int64_t begin = (*offsets)[0].getAsInteger().value_or(-1);
    int64_t end = (*offsets)[1].getAsInteger().value_or(-1);
    if (begin < 0 || end < begin || static_cast<uint64_t>(end) > data.size() ||
        llvm::any_of(entry.shape, [](int64_t size) { return size < 0; }))
      return emitError(loc) << "'" << path << "' is truncated: '" << name << "' lies at bytes "
                            << begin << " to " << end << " of " << data.size();
    entry.bytes = data.slice(begin, end);
    file.entries[name] = entry;
  }
  file.buffer = std::move(*buffer);
  return std::move(file);
}

FailureOr<EvalTensor> SafetensorsFile::read(StringRef name, Location loc) const {
  const Entry &entry = entries.find(name)->second;
  if (!entry.elementType)
    return emitError(loc) << "'" << path << "' has '" << name << "' in a type that is not read";
  int64_t count = 1;
  for (int64_t size : entry.shape)
    if (llvm::MulOverflow(count, size, count))
      count = -1;
  // Before anything of that size is allocated.
  size_t bytes = (getNumBits(entry.elementType) + 7) / 8;
  if (count < 0 || entry.bytes.size() / bytes != static_cast<size_t>(count) ||
      entry.bytes.size() % bytes)
    return emitError(loc) << "'" << path << "' has " << entry.bytes.size() << " bytes for '" << name
                          << "', which does not fit its shape";
  EvalTensor tensor(entry.shape, entry.elementType);
  if (failed(decodeElements(entry.bytes, tensor)))
    return emitError(loc) << "'" << path << "' cannot be read at '" << name << "'";
  return tensor;
}
