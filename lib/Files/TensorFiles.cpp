//===- TensorFiles.cpp - values from and to files --------------------------*- C++ -*-===//

#include "dchag/Files/TensorFiles.h"
#include "dchag/Import/Onnx.h"
#include "dchag/Support/OutputFile.h"
#include "mlir/IR/Builders.h"
#include "runtime/src/ArrayFile.h"
#include "runtime/src/Safetensors.h"
#include "runtime/src/Text.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::dchag;
using llvm::createStringError;
using llvm::Expected;
namespace files = ::dchag::rt;

static llvm::Error toError(const files::Error &error) {
  return createStringError(llvm::inconvertibleErrorCode(), StringRef(error.message()));
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

/// Element `index` of `tensor` from the bytes at `from`.
static void decodeElement(const char *from, Type type, unsigned size, int64_t index, double *floats,
                          int64_t *ints) {
  uint64_t raw = 0;
  std::memcpy(&raw, from, size);
  if (floats)
    floats[index] = decodeFloat(cast<FloatType>(type), raw);
  else
    ints[index] = type.isInteger(1) ? raw != 0 : static_cast<int64_t>(raw);
}

/// Copies elements that are `strides` apart.
static void decodeStrided(const char *data, ArrayRef<int64_t> strides, EvalTensor &tensor) {
  Type type = tensor.getElementType();
  unsigned size = (getNumBits(type) + 7) / 8;
  double *floats = tensor.isFloat() ? tensor.mutableFloats() : nullptr;
  int64_t *ints = tensor.isFloat() ? nullptr : tensor.mutableInts();
  SmallVector<int64_t> at(tensor.getRank(), 0);
  int64_t offset = 0;
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    decodeElement(data + offset * size, type, size, i, floats, ints);
    for (int64_t d = tensor.getRank() - 1; d >= 0; --d) {
      offset += strides[d];
      if (++at[d] < tensor.getDim(d))
        break;
      offset -= strides[d] * at[d];
      at[d] = 0;
    }
  }
  // Sign extends.
  if (!tensor.isFloat())
    tensor.roundToType();
}

LogicalResult mlir::dchag::decodeElements(StringRef bytes, EvalTensor &tensor) {
  size_t size = (getNumBits(tensor.getElementType()) + 7) / 8;
  if (bytes.size() / size != static_cast<size_t>(tensor.getNumElements()) || bytes.size() % size)
    return failure();
  decodeStrided(bytes.data(), tensor.getStrides(), tensor);
  return success();
}

/// The element types of files and the corresponding signless types of the IR.
static Type getType(int32_t dtype, MLIRContext *context) {
  Builder b(context);
  switch (dtype) {
  case DCHAG_BOOL:
    return b.getI1Type();
  case DCHAG_F16:
    return b.getF16Type();
  case DCHAG_BF16:
    return b.getBF16Type();
  case DCHAG_F32:
    return b.getF32Type();
  case DCHAG_F64:
    return b.getF64Type();
  default:
    return b.getIntegerType(8 * files::sizeOf(dtype));
  }
}

static bool isUnsignedType(int32_t dtype) {
  return dtype == DCHAG_U8 || dtype == DCHAG_U16 || dtype == DCHAG_U32 || dtype == DCHAG_U64;
}

/// The element type that is written; types that files do not have are widened.
static int32_t getFileType(Type type, bool isUnsigned) {
  if (isa<FloatType>(type))
    return type.isF64()    ? DCHAG_F64
           : type.isF16()  ? DCHAG_F16
           : type.isBF16() ? DCHAG_BF16
                           : DCHAG_F32;
  switch (getNumBits(type)) {
  case 1:
    return DCHAG_BOOL;
  case 8:
    return isUnsigned ? DCHAG_U8 : DCHAG_I8;
  case 16:
    return isUnsigned ? DCHAG_U16 : DCHAG_I16;
  case 32:
    return isUnsigned ? DCHAG_U32 : DCHAG_I32;
  default:
    return isUnsigned ? DCHAG_U64 : DCHAG_I64;
  }
}

/// "3x2 tensor of f32", or of ui8.
static std::string describe(ArrayRef<int64_t> shape, Type elementType, bool isUnsigned) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << (isUnsigned ? "u" : "") << elementType << " tensor of shape "
     << files::shapeText(shape.data(), shape.size());
  return text;
}

Expected<EvalTensor> mlir::dchag::convertTo(Type type, bool isUnsigned, FileTensor tensor) {
  EvalTensor wanted(type), &value = tensor.value;
  Type elementType = wanted.getElementType();
  if (value.getShape() != wanted.getShape() || value.isFloat() != wanted.isFloat())
    return createStringError("is a " +
                             describe(value.getShape(), value.getElementType(), tensor.isUnsigned) +
                             ", wanted a " + describe(wanted.getShape(), elementType, isUnsigned));
  if (value.isFloat())
    return value.withElementType(elementType);
  // The bits without the sign extension of the interpreter.
  unsigned from = getNumBits(value.getElementType()), to = getNumBits(elementType);
  for (int64_t i = 0, e = value.getNumElements(); i < e; ++i) {
    bool readsUnsigned = tensor.isUnsigned || from == 1;
    APInt bits(65, value.ints()[i], /*isSigned=*/true, /*implicitTrunc=*/true);
    if (readsUnsigned)
      bits = bits.trunc(from).zext(65);
    bool fitsUnsigned = !bits.isNegative() && bits.isIntN(to);
    bool fits = isUnsigned || to == 1 ? fitsUnsigned : fitsUnsigned || bits.isSignedIntN(to);
    if (!fits)
      return createStringError("has the value " + llvm::toString(bits, 10, /*Signed=*/true) +
                               " at element " + Twine(i) + " (row-major), which does not fit " +
                               (isUnsigned ? "u" : "") + "i" + Twine(to));
  }
  EvalTensor result = value.withElementType(elementType);
  result.roundToType();
  return result;
}

//===----------------------------------------------------------------------===//
// npy, npz, TensorProto
//===----------------------------------------------------------------------===//

static FileTensor toFileTensor(const files::ArrayView &view, MLIRContext *context) {
  FileTensor result{EvalTensor(view.shape, getType(view.dtype, context)),
                    isUnsignedType(view.dtype)};
  decodeStrided(view.data, view.strides, result.value);
  return result;
}

/// -1 for a type that is not supported.
static int32_t getFileType(onnx::DataType type) {
  switch (type) {
  case onnx::DataType::Bool:
    return DCHAG_BOOL;
  case onnx::DataType::Int8:
    return DCHAG_I8;
  case onnx::DataType::Int16:
    return DCHAG_I16;
  case onnx::DataType::Int32:
    return DCHAG_I32;
  case onnx::DataType::Int64:
    return DCHAG_I64;
  case onnx::DataType::UInt8:
    return DCHAG_U8;
  case onnx::DataType::UInt16:
    return DCHAG_U16;
  case onnx::DataType::UInt32:
    return DCHAG_U32;
  case onnx::DataType::UInt64:
    return DCHAG_U64;
  case onnx::DataType::Float16:
    return DCHAG_F16;
  case onnx::DataType::BFloat16:
    return DCHAG_BF16;
  case onnx::DataType::Float:
    return DCHAG_F32;
  case onnx::DataType::Double:
    return DCHAG_F64;
  default:
    return -1;
  }
}

static Expected<FileTensor> readTensorProto(StringRef path, MLIRContext *context) {
  Expected<onnx::TensorFile> file = onnx::readTensorFile(path);
  if (!file)
    return file.takeError();
  const onnx::Tensor &tensor = file->tensor;
  int32_t dtype = getFileType(tensor.type);
  if (dtype < 0)
    return createStringError("has " + onnx::getDataTypeName(tensor.type) +
                             " elements: float, double, float16, bfloat16, bool and integers "
                             "are read");
  FileTensor result{EvalTensor(), isUnsignedType(dtype)};
  if (onnx::isFloat(tensor.type)) {
    Expected<std::vector<double>> values = onnx::decodeFloats(tensor);
    if (!values)
      return values.takeError();
    result.value = EvalTensor(tensor.dims, getType(dtype, context));
    llvm::copy(*values, result.value.mutableFloats());
    return result;
  }
  Expected<std::vector<int64_t>> values = onnx::decodeInts(tensor);
  if (!values)
    return values.takeError();
  result.value = EvalTensor(tensor.dims, getType(dtype, context));
  llvm::copy(*values, result.value.mutableInts());
  // Integers are kept sign extended, unsigned ones too.
  result.value.roundToType();
  return result;
}

Expected<FileTensor> mlir::dchag::readTensor(StringRef path, StringRef name, MLIRContext *context) {
  if (path.ends_with(".pb"))
    return readTensorProto(path, context);
  files::ArrayFile file;
  if (files::Error error = file.open(path.str()))
    return toError(error);
  files::ArrayView view;
  if (files::Error error = file.isArchive() ? file.read(name.str(), view) : file.read(view))
    return toError(error);
  return toFileTensor(view, context);
}

Expected<std::vector<std::string>> mlir::dchag::listArrays(StringRef path) {
  files::ArrayFile file;
  if (files::Error error = file.open(path.str()))
    return toError(error);
  if (!file.isArchive())
    return createStringError("is no npz archive");
  if (file.names().empty())
    return createStringError("holds no array *.npy: write it with numpy.savez");
  return file.names();
}

/// Appends element `index` in an element type of files.
static void encodeElement(const EvalTensor &tensor, int64_t index, int32_t dtype,
                          std::string &bytes) {
  char raw[8];
  if (dtype == DCHAG_F64) {
    std::memcpy(raw, &tensor.floats()[index], 8);
  } else if (tensor.isFloat()) {
    const llvm::fltSemantics &semantics = dtype == DCHAG_F16    ? APFloat::IEEEhalf()
                                          : dtype == DCHAG_BF16 ? APFloat::BFloat()
                                                                : APFloat::IEEEsingle();
    APFloat value(tensor.floats()[index]);
    bool losesInfo;
    value.convert(semantics, APFloat::rmNearestTiesToEven, &losesInfo);
    uint64_t bits = value.bitcastToAPInt().getZExtValue();
    std::memcpy(raw, &bits, 8);
  } else {
    std::memcpy(raw, &tensor.ints()[index], 8);
  }
  bytes.append(raw, files::sizeOf(dtype));
}

llvm::Error mlir::dchag::writeNpy(StringRef path, const FileTensor &tensor) {
  const EvalTensor &value = tensor.value;
  int32_t dtype = getFileType(value.getElementType(), tensor.isUnsigned);
  std::string bytes;
  if (files::Error error = files::makeNpyHeader(
          dtype, std::vector<int64_t>(value.getShape().begin(), value.getShape().end()), bytes))
    return toError(error);
  bytes.reserve(bytes.size() + value.getNumElements() * files::sizeOf(dtype));
  for (int64_t i = 0, e = value.getNumElements(); i < e; ++i)
    encodeElement(value, i, dtype, bytes);
  Expected<std::unique_ptr<OutputFile>> file = OutputFile::open(path);
  if (!file)
    return file.takeError();
  (*file)->os() << bytes;
  return (*file)->keep();
}

std::string mlir::dchag::getOutputFile(StringRef name) { return files::fileName(name) + ".npy"; }

//===----------------------------------------------------------------------===//
// safetensors
//===----------------------------------------------------------------------===//

SafetensorsFile::SafetensorsFile() : file(std::make_unique<files::Safetensors>()) {}
SafetensorsFile::SafetensorsFile(SafetensorsFile &&) = default;
SafetensorsFile::~SafetensorsFile() = default;

Expected<SafetensorsFile> SafetensorsFile::open(StringRef path) {
  SafetensorsFile result;
  if (files::Error error = result.file->open(path.str()))
    return toError(error);
  return std::move(result);
}

StringRef SafetensorsFile::getPath() const { return file->path; }

bool SafetensorsFile::has(StringRef name) const { return file->tensors.count(name.str()); }

Expected<FileTensor> SafetensorsFile::read(StringRef name, MLIRContext *context) const {
  const files::StoredTensor &stored = file->tensors.find(name.str())->second;
  if (stored.dtype < 0)
    return createStringError("is of type " + files::quoteName(stored.typeName) +
                             ", which is not read: wanted BOOL, I8 to I64, U8 to U64, F16, BF16, "
                             "F32 or F64");
  FileTensor result{EvalTensor(stored.shape, getType(stored.dtype, context)),
                    isUnsignedType(stored.dtype)};
  decodeStrided(file->file.data() + stored.begin, result.value.getStrides(), result.value);
  return result;
}
