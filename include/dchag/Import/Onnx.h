//===- Onnx.h - ONNX files as plain structures -----------------------------*- C++ -*-===//
//
// The contents of an ONNX file, read from the mapped file without copying names or weights: every
// StringRef points into the map, which the Model owns. The structure is checked here (wire format,
// sizes, nesting); the meaning is checked by the importer.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_IMPORT_ONNX_H
#define DCHAG_IMPORT_ONNX_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace mlir::dchag::onnx {

/// TensorProto.DataType.
enum class DataType : int32_t {
  Undefined = 0,
  Float = 1,
  UInt8 = 2,
  Int8 = 3,
  UInt16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  String = 8,
  Bool = 9,
  Float16 = 10,
  Double = 11,
  UInt32 = 12,
  UInt64 = 13,
  Complex64 = 14,
  Complex128 = 15,
  BFloat16 = 16,
};

/// The name in ONNX's documentation ("float16"), or "type 17" for others.
std::string getDataTypeName(DataType type);
/// Bytes of an element in raw data, 0 for an unsupported type.
unsigned getDataTypeBytes(DataType type);
bool isFloat(DataType type);
bool isUnsigned(DataType type);

/// A key and a value, both free text.
struct StringEntry {
  llvm::StringRef key, value;
};

/// Location of the elements of a tensor outside of the ONNX file.
struct ExternalData {
  llvm::StringRef location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

struct Tensor {
  llvm::StringRef name;
  DataType type = DataType::Undefined;
  llvm::SmallVector<int64_t, 4> dims;
  int64_t numElements = 1;

  std::optional<llvm::StringRef> raw;
  std::optional<ExternalData> external;
  /// Pieces of a typed field, in order: the payload of a packed field, or one element.
  llvm::SmallVector<llvm::StringRef, 1> floats, int32s, int64s, doubles, uint64s;
  bool hasStrings = false;
  /// Whether these are the elements of a part of the tensor only (TensorProto.Segment).
  bool isSegment = false;

  /// Bytes of the elements when they are dense.
  uint64_t getNumBytes() const { return uint64_t(numElements) * getDataTypeBytes(type); }
  /// The elements as contiguous little-endian bytes in the map, if they are stored so.
  std::optional<llvm::StringRef> getContiguous() const;
};

struct Attribute;
struct Graph;

/// How one dimension of a tensor is split. Several `simple` entries: the dimension is made of
/// several, slowest first.
struct ShardedDim {
  struct Simple {
    std::optional<int64_t> size;
    int64_t numShards = 0;
  };
  int64_t axis = 0;
  std::vector<Simple> simple;
};

/// ShardingSpecProto: the devices over which an input or output of a node is sharded.
struct ShardingSpec {
  llvm::StringRef tensor;
  llvm::SmallVector<int64_t> devices;
  /// Whether some of `devices` stand for groups of devices.
  bool hasGroups = false;
  std::vector<ShardedDim> dims;
};

/// NodeDeviceConfigurationProto.
struct NodeDevices {
  llvm::StringRef configuration;
  std::vector<ShardingSpec> specs;
  std::optional<int64_t> stage;
};

/// DeviceConfigurationProto; names of devices are not read.
struct DeviceConfiguration {
  llvm::StringRef name;
  int64_t numDevices = 0;
};

struct Node {
  llvm::StringRef name, opType, domain, overload;
  std::vector<llvm::StringRef> inputs, outputs;
  std::vector<Attribute> attributes;
  std::vector<StringEntry> metadata;
  std::vector<NodeDevices> devices;
};

/// AttributeProto.AttributeType, the supported ones.
enum class AttributeKind : int32_t {
  Undefined = 0,
  Float = 1,
  Int = 2,
  String = 3,
  Tensor = 4,
  Graph = 5,
  Floats = 6,
  Ints = 7,
  Strings = 8,
  Tensors = 9,
  Graphs = 10,
  SparseTensor = 11,
  SparseTensors = 12,
  Type = 13,
  Types = 14,
};

struct Attribute {
  llvm::StringRef name, reference;
  AttributeKind kind = AttributeKind::Undefined;
  float f = 0;
  int64_t i = 0;
  llvm::StringRef s;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<llvm::StringRef> strings;
  std::shared_ptr<Tensor> tensor;
  std::shared_ptr<Graph> graph;
};

/// A dimension: a size, a name, or neither.
struct Dim {
  std::optional<int64_t> size;
  llvm::StringRef param;
};

struct ValueInfo {
  llvm::StringRef name;
  /// False for sequences, maps, optionals and sparse tensors.
  bool isTensor = false;
  DataType type = DataType::Undefined;
  bool hasShape = false;
  llvm::SmallVector<Dim, 4> dims;
};

struct Graph {
  llvm::StringRef name;
  std::vector<Node> nodes;
  std::vector<Tensor> initializers;
  std::vector<ValueInfo> inputs, outputs;
  /// Names of sparse tensors, whose elements are not read.
  std::vector<llvm::StringRef> sparseInitializers;
};

struct OpsetId {
  llvm::StringRef domain;
  int64_t version = 0;
};

struct Function {
  llvm::StringRef name, domain, overload;
  std::vector<llvm::StringRef> inputs, outputs, attributes;
  std::vector<Attribute> attributeDefaults;
  std::vector<Node> nodes;
  std::vector<OpsetId> opsets;
};

struct Model {
  int64_t irVersion = 0;
  llvm::StringRef producerName, producerVersion;
  std::vector<OpsetId> opsets;
  std::vector<StringEntry> metadata;
  std::optional<Graph> graph;
  std::vector<Function> functions;
  std::vector<DeviceConfiguration> configurations;

  std::string path;
  std::unique_ptr<llvm::MemoryBuffer> buffer;

  /// Offset in the file of bytes that point into the map.
  uint64_t getFileOffset(llvm::StringRef bytes) const {
    return bytes.data() - buffer->getBufferStart();
  }
};

/// Reads a model. The error says what is wrong and at which byte of the file.
llvm::Expected<std::unique_ptr<Model>> readModel(llvm::StringRef path);
/// The same from bytes already in memory.
llvm::Expected<std::unique_ptr<Model>> readModel(std::unique_ptr<llvm::MemoryBuffer> buffer);

/// A file that holds one TensorProto (the data sets of ONNX's backend tests).
struct TensorFile {
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  Tensor tensor;
};
llvm::Expected<TensorFile> readTensorFile(llvm::StringRef path);

/// The elements of a tensor in this file, or in `external` (the bytes its external data
/// names) as numbers: integers and booleans as int64, everything else as float64.
llvm::Expected<std::vector<int64_t>>
decodeInts(const Tensor &tensor, std::optional<llvm::StringRef> external = std::nullopt);
llvm::Expected<std::vector<double>>
decodeFloats(const Tensor &tensor, std::optional<llvm::StringRef> external = std::nullopt);

} // namespace mlir::dchag::onnx

#endif // DCHAG_IMPORT_ONNX_H
