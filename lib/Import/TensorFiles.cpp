//===- TensorFiles.cpp - tensors in files of their own ---------------------*- C++ -*-===//

#include "dchag/Import/TensorFiles.h"
#include "NodeBuilder.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;
using llvm::createStringError;
using llvm::Expected;

namespace {

Expected<FileTensor> toFileTensor(const Tensor &tensor, MLIRContext *context) {
  Type type = onnx::getElementType(tensor.type, context);
  if (!type)
    return createStringError("it has " + getDataTypeName(tensor.type) +
                             " elements: float, double, float16, bfloat16, bool and integers "
                             "are read");
  FileTensor result;
  result.isUnsigned = onnx::isUnsigned(tensor.type);
  if (onnx::isFloat(tensor.type)) {
    auto values = decodeFloats(tensor);
    if (!values)
      return values.takeError();
    result.value = EvalTensor(tensor.dims, type);
    llvm::copy(*values, result.value.mutableFloats());
    return result;
  }
  auto values = decodeInts(tensor);
  if (!values)
    return values.takeError();
  result.value = EvalTensor(tensor.dims, type);
  llvm::copy(*values, result.value.mutableInts());
  // Integers are kept sign extended, unsigned ones too.
  result.value.roundToType();
  return result;
}

/// The text between quotes or brackets behind 'key': in the header of a .npy file.
StringRef findEntry(StringRef header, StringRef key, char open, char close) {
  size_t at = header.find(("'" + key + "'").str());
  if (at == StringRef::npos)
    return {};
  StringRef rest = header.drop_front(at + key.size() + 2).ltrim(": ");
  if (!rest.consume_front(StringRef(&open, 1)))
    return {};
  return rest.take_until([&](char c) { return c == close; });
}

DataType getNpyType(StringRef descr) {
  return llvm::StringSwitch<DataType>(descr)
      .Case("<f4", DataType::Float)
      .Case("<f8", DataType::Double)
      .Case("<f2", DataType::Float16)
      .Case("|b1", DataType::Bool)
      .Case("|i1", DataType::Int8)
      .Case("|u1", DataType::UInt8)
      .Case("<i2", DataType::Int16)
      .Case("<u2", DataType::UInt16)
      .Case("<i4", DataType::Int32)
      .Case("<u4", DataType::UInt32)
      .Case("<i8", DataType::Int64)
      .Case("<u8", DataType::UInt64)
      .Default(DataType::Undefined);
}

/// A .npy file as if it were a TensorProto: its elements are the raw data.
Expected<Tensor> readNpy(StringRef bytes) {
  if (!bytes.consume_front("\x93NUMPY") || bytes.size() < 4)
    return createStringError("it is not a .npy file");
  bool isLong = bytes[0] > 1;
  bytes = bytes.drop_front(2);
  size_t width = isLong ? 4 : 2;
  if (bytes.size() < width)
    return createStringError("its header is truncated");
  size_t size = isLong ? llvm::support::endian::read32le(bytes.data())
                       : llvm::support::endian::read16le(bytes.data());
  bytes = bytes.drop_front(width);
  if (bytes.size() < size)
    return createStringError("its header is truncated");
  StringRef header = bytes.take_front(size);
  Tensor tensor;
  StringRef descr = findEntry(header, "descr", '\'', '\'');
  tensor.type = getNpyType(descr);
  if (tensor.type == DataType::Undefined)
    return createStringError("it has elements of type \"" + descr +
                             "\"; little-endian floats, integers and booleans are read");
  if (header.contains("'fortran_order': True"))
    return createStringError("its elements are in Fortran's order: save it with "
                             "numpy.ascontiguousarray");
  SmallVector<StringRef> parts;
  findEntry(header, "shape", '(', ')').split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    int64_t dim;
    if (part.trim().empty())
      continue;
    if (part.trim().getAsInteger(10, dim) || dim < 0)
      return createStringError("its shape is not readable");
    tensor.dims.push_back(dim);
  }
  auto count = countElements(tensor.dims);
  tensor.raw = bytes.drop_front(size);
  tensor.numElements = count ? *count : 0;
  if (!count || tensor.getNumBytes() != tensor.raw->size())
    return createStringError("it has " + llvm::Twine(tensor.raw->size()) +
                             " bytes of elements, its shape " + printShape(tensor.dims) +
                             " needs another number: it is truncated or damaged");
  return tensor;
}

} // namespace

Expected<FileTensor> dchag::readTensor(StringRef path, MLIRContext *context) {
  if (!path.ends_with(".npy")) {
    auto file = readTensorFile(path);
    if (!file)
      return file.takeError();
    return toFileTensor(file->tensor, context);
  }
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("cannot be read: " + buffer.getError().message());
  auto tensor = readNpy((*buffer)->getBuffer());
  if (!tensor)
    return tensor.takeError();
  return toFileTensor(*tensor, context);
}
