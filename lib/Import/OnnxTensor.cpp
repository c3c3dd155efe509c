//===- OnnxTensor.cpp - elements of ONNX tensors ---------------------------*- C++ -*-===//

#include "dchag/Import/Onnx.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/LEB128.h"

using namespace llvm;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

std::string onnx::getDataTypeName(DataType type) {
  static constexpr const char *names[] = {"undefined",  "float",   "uint8",  "int8",   "uint16",
                                          "int16",      "int32",   "int64",  "string", "bool",
                                          "float16",    "double",  "uint32", "uint64", "complex64",
                                          "complex128", "bfloat16"};
  auto index = static_cast<uint32_t>(type);
  if (index < std::size(names))
    return names[index];
  return "type " + std::to_string(static_cast<int32_t>(type));
}

unsigned onnx::getDataTypeBytes(DataType type) {
  switch (type) {
  case DataType::Bool:
  case DataType::UInt8:
  case DataType::Int8:
    return 1;
  case DataType::UInt16:
  case DataType::Int16:
  case DataType::Float16:
  case DataType::BFloat16:
    return 2;
  case DataType::Float:
  case DataType::Int32:
  case DataType::UInt32:
    return 4;
  case DataType::Double:
  case DataType::Int64:
  case DataType::UInt64:
    return 8;
  default:
    return 0;
  }
}

bool onnx::isFloat(DataType type) {
  return type == DataType::Float || type == DataType::Double || type == DataType::Float16 ||
         type == DataType::BFloat16;
}

bool onnx::isUnsigned(DataType type) {
  return type == DataType::UInt8 || type == DataType::UInt16 || type == DataType::UInt32 ||
         type == DataType::UInt64;
}

std::optional<StringRef> Tensor::getContiguous() const {
  if (external)
    return std::nullopt;
  if (raw)
    return raw;
  // Packed floats and doubles are little-endian and contiguous as well.
  const auto *pieces = type == DataType::Float    ? &floats
                       : type == DataType::Double ? &doubles
                                                  : nullptr;
  if (pieces && pieces->size() == 1 && pieces->front().size() == getNumBytes())
    return pieces->front();
  return std::nullopt;
}

namespace {

double decodeNarrowFloat(uint16_t bits, const fltSemantics &semantics) {
  return APFloat(semantics, APInt(16, bits)).convertToDouble();
}

int64_t readInt(const char *at, DataType type) {
  using namespace support::endian;
  switch (type) {
  case DataType::Bool:
    return *at != 0;
  case DataType::UInt8:
    return static_cast<uint8_t>(*at);
  case DataType::Int8:
    return static_cast<int8_t>(*at);
  case DataType::UInt16:
    return read16le(at);
  case DataType::Int16:
    return static_cast<int16_t>(read16le(at));
  case DataType::UInt32:
    return read32le(at);
  case DataType::Int32:
    return static_cast<int32_t>(read32le(at));
  default:
    return static_cast<int64_t>(read64le(at));
  }
}

double readFloat(const char *at, DataType type) {
  using namespace support::endian;
  switch (type) {
  case DataType::Float16:
    return decodeNarrowFloat(read16le(at), APFloat::IEEEhalf());
  case DataType::BFloat16:
    return decodeNarrowFloat(read16le(at), APFloat::BFloat());
  case DataType::Float:
    return bit_cast<float>(read32le(at));
  default:
    return bit_cast<double>(read64le(at));
  }
}

Error wrongCount(const Tensor &tensor, uint64_t found) {
  return createStringError("tensor \"" + tensor.name + "\" has " + Twine(found) +
                           " elements of data, its shape needs " + Twine(tensor.numElements));
}

/// The bytes of the elements if they are stored densely.
Expected<std::optional<StringRef>> getDense(const Tensor &tensor,
                                            std::optional<StringRef> external) {
  if (!getDataTypeBytes(tensor.type))
    return createStringError("tensor \"" + tensor.name + "\" is of " +
                             getDataTypeName(tensor.type) + " elements, which are not read");
  std::optional<StringRef> bytes = tensor.external ? external : tensor.getContiguous();
  if (tensor.external && !bytes)
    return createStringError("tensor \"" + tensor.name + "\" has its data in \"" +
                             tensor.external->location + "\"");
  if (bytes && bytes->size() != tensor.getNumBytes())
    return wrongCount(tensor, bytes->size() / getDataTypeBytes(tensor.type));
  return bytes;
}

/// Varints of a typed field.
Expected<std::vector<int64_t>> decodeVarints(const Tensor &tensor, ArrayRef<StringRef> pieces) {
  std::vector<int64_t> values;
  for (StringRef piece : pieces) {
    const auto *at = piece.bytes_begin(), *end = piece.bytes_end();
    while (at != end) {
      unsigned length = 0;
      const char *error = nullptr;
      uint64_t value = decodeULEB128(at, &length, end, &error);
      if (error)
        return createStringError("tensor \"" + tensor.name + "\" has a malformed element");
      at += length;
      values.push_back(static_cast<int64_t>(value));
      if (values.size() > static_cast<uint64_t>(tensor.numElements))
        return wrongCount(tensor, values.size());
    }
  }
  if (values.size() != static_cast<uint64_t>(tensor.numElements))
    return wrongCount(tensor, values.size());
  return values;
}

} // namespace

Expected<std::vector<int64_t>> onnx::decodeInts(const Tensor &tensor,
                                                std::optional<StringRef> external) {
  auto dense = getDense(tensor, external);
  if (!dense)
    return dense.takeError();
  if (isFloat(tensor.type))
    return createStringError("tensor \"" + tensor.name + "\" is of " +
                             getDataTypeName(tensor.type) + " elements, wanted integers");
  if (!*dense) {
    if (tensor.type == DataType::Int64)
      return decodeVarints(tensor, tensor.int64s);
    if (tensor.type == DataType::UInt64 || tensor.type == DataType::UInt32)
      return decodeVarints(tensor, tensor.uint64s);
    auto values = decodeVarints(tensor, tensor.int32s);
    // Clamps values that do not fit the type (a damaged file).
    if (values)
      for (int64_t &value : *values)
        value = readInt(reinterpret_cast<const char *>(&value), tensor.type);
    return values;
  }
  unsigned width = getDataTypeBytes(tensor.type);
  std::vector<int64_t> values(tensor.numElements);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = readInt((*dense)->data() + i * width, tensor.type);
  return values;
}

Expected<std::vector<double>> onnx::decodeFloats(const Tensor &tensor,
                                                 std::optional<StringRef> external) {
  auto dense = getDense(tensor, external);
  if (!dense)
    return dense.takeError();
  if (!isFloat(tensor.type))
    return createStringError("tensor \"" + tensor.name + "\" is of " +
                             getDataTypeName(tensor.type) +
                             " elements, wanted floating-point numbers");
  unsigned width = getDataTypeBytes(tensor.type);
  std::vector<double> values;
  if (*dense) {
    values.resize(tensor.numElements);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = readFloat((*dense)->data() + i * width, tensor.type);
    return values;
  }
  if (tensor.type == DataType::Float16 || tensor.type == DataType::BFloat16) {
    auto bits = decodeVarints(tensor, tensor.int32s);
    if (!bits)
      return bits.takeError();
    for (int64_t value : *bits)
      values.push_back(readFloat(reinterpret_cast<const char *>(&value), tensor.type));
    return values;
  }
  for (StringRef piece : tensor.type == DataType::Float ? tensor.floats : tensor.doubles) {
    if (piece.size() % width)
      return createStringError("tensor \"" + tensor.name + "\" has a malformed element");
    for (size_t at = 0; at < piece.size(); at += width)
      values.push_back(readFloat(piece.data() + at, tensor.type));
  }
  if (values.size() != static_cast<uint64_t>(tensor.numElements))
    return wrongCount(tensor, values.size());
  return values;
}
