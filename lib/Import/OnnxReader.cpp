//===- OnnxReader.cpp - ONNX files as plain structures ---------------------*- C++ -*-===//
//
// Field numbers and wire types are those of onnx.proto3 (IR version 13); fields that are not listed
// are skipped. This file and OnnxDevices.cpp are compiled with exceptions: protozero throws on
// malformed input. No exception leaves this file.
//
//===----------------------------------------------------------------------===//

#include "OnnxWire.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// Deepest nesting of graphs in attributes of nodes: real files have two or three.
constexpr unsigned maxDepth = 32;
/// Larger than any tensor of a device; sizes below it cannot overflow.
constexpr int64_t maxElements = int64_t(1) << 48;

/// Reads the messages of one file.
class Reader : public WireReader {
public:
  using WireReader::WireReader;

  void readModel(StringRef message, Model &model);
  void readTensor(StringRef message, Tensor &tensor);

private:
  void readGraph(StringRef message, Graph &graph);
  void readNode(StringRef message, Node &node);
  void readAttribute(StringRef message, Attribute &attribute);
  void readValueInfo(StringRef message, ValueInfo &info);
  void readType(StringRef message, ValueInfo &info);
  void readTensorType(StringRef message, ValueInfo &info);
  void readDim(StringRef message, Dim &dim);
  StringRef readSparseName(StringRef message);
  void readFunction(StringRef message, Function &function);
  void readOpset(StringRef message, OpsetId &opset);
  void readEntry(StringRef message, StringEntry &entry);
  void finishTensor(Tensor &tensor, ArrayRef<StringEntry> external, bool isExternal);
  void inferKind(Attribute &attribute);

  template <typename T, typename Fn>
  T &append(std::vector<T> &list, protozero::pbf_reader &reader, Fn read);

  unsigned depth = 0;
};

template <typename T, typename Fn>
T &Reader::append(std::vector<T> &list, protozero::pbf_reader &reader, Fn read) {
  StringRef message = getBytes(reader);
  list.emplace_back();
  (this->*read)(message, list.back());
  return list.back();
}

void Reader::readEntry(StringRef message, StringEntry &entry) {
  forEachField("StringStringEntryProto", message, [&](unsigned tag, auto &reader) {
    if (tag == 1)
      entry.key = getBytes(reader);
    else if (tag == 2)
      entry.value = getBytes(reader);
    return tag == 1 || tag == 2;
  });
}

void Reader::readOpset(StringRef message, OpsetId &opset) {
  forEachField("OperatorSetIdProto", message, [&](unsigned tag, auto &reader) {
    if (tag == 1)
      opset.domain = getBytes(reader);
    else if (tag == 2)
      opset.version = getInt(reader);
    return tag == 1 || tag == 2;
  });
}

void Reader::readTensor(StringRef message, Tensor &tensor) {
  std::vector<StringEntry> external;
  bool isExternal = false;
  forEachField("TensorProto", message, [&](unsigned tag, auto &reader) {
    switch (tag) {
    case 1:
      readInts(reader, tensor.dims);
      return true;
    case 2:
      tensor.type = static_cast<DataType>(static_cast<int32_t>(getInt(reader)));
      return true;
    case 3:
      tensor.isSegment = true;
      return false;
    case 4:
      readPieces(reader, Wire::fixed32, tensor.floats);
      return true;
    case 5:
      readPieces(reader, Wire::varint, tensor.int32s);
      return true;
    case 6:
      tensor.hasStrings = true;
      return false;
    case 7:
      readPieces(reader, Wire::varint, tensor.int64s);
      return true;
    case 8:
      tensor.name = getBytes(reader);
      return true;
    case 9:
      tensor.raw = getBytes(reader);
      return true;
    case 10:
      readPieces(reader, Wire::fixed64, tensor.doubles);
      return true;
    case 11:
      readPieces(reader, Wire::varint, tensor.uint64s);
      return true;
    case 13:
      append(external, reader, &Reader::readEntry);
      return true;
    case 14:
      isExternal = getInt(reader) == 1;
      return true;
    default:
      return false;
    }
  });
  finishTensor(tensor, external, isExternal);
}

/// Checks the sizes of a tensor after all of its fields are read.
void Reader::finishTensor(Tensor &tensor, ArrayRef<StringEntry> external, bool isExternal) {
  auto fail = [&](const Twine &what) {
    throw Malformed{("tensor \"" + tensor.name + "\" " + what).str()};
  };
  for (int64_t dim : tensor.dims) {
    if (dim < 0)
      fail("has a negative dimension " + Twine(dim));
    if (MulOverflow(tensor.numElements, dim, tensor.numElements) ||
        tensor.numElements > maxElements)
      fail("has a shape of more than 2^48 elements");
  }
  if (isExternal) {
    ExternalData data;
    for (const StringEntry &entry : external) {
      uint64_t number = 0;
      bool isNumber = entry.key == "offset" || entry.key == "length";
      if (isNumber && entry.value.getAsInteger(10, number))
        fail("has external data with " + entry.key + " \"" + entry.value + "\", not a number");
      if (entry.key == "location")
        data.location = entry.value;
      else if (entry.key == "offset")
        data.offset = number;
      else if (entry.key == "length")
        data.length = number;
    }
    if (data.location.empty())
      fail("has external data without a location");
    tensor.external = data;
  }
  unsigned width = getDataTypeBytes(tensor.type);
  if (!width || tensor.isSegment)
    return;
  if (tensor.raw && tensor.raw->size() != tensor.getNumBytes())
    fail("has " + Twine(tensor.raw->size()) + " bytes of data, its shape and type need " +
         Twine(tensor.getNumBytes()));
  if (tensor.external && tensor.external->length &&
      *tensor.external->length != tensor.getNumBytes())
    fail("has " + Twine(*tensor.external->length) +
         " bytes of external data, its shape and type need " + Twine(tensor.getNumBytes()));
}

/// The name of a sparse tensor is that of its values.
StringRef Reader::readSparseName(StringRef message) {
  StringRef name;
  forEachField("SparseTensorProto", message, [&](unsigned tag, auto &reader) {
    if (tag != 1)
      return false;
    forEachField("TensorProto", getBytes(reader), [&](unsigned tag, auto &reader) {
      if (tag != 8)
        return false;
      name = getBytes(reader);
      return true;
    });
    return true;
  });
  return name;
}

void Reader::readDim(StringRef message, Dim &dim) {
  forEachField("Dimension", message, [&](unsigned tag, auto &reader) {
    if (tag == 1)
      dim.size = getInt(reader);
    else if (tag == 2)
      dim.param = getBytes(reader);
    return tag == 1 || tag == 2;
  });
  // Some exporters write 0 or -1 in addition to or instead of a name: not a size.
  if (dim.size && (*dim.size < 0 || !dim.param.empty()))
    dim.size = std::nullopt;
  if (dim.size && *dim.size > maxElements)
    throw Malformed{("a dimension of " + Twine(*dim.size) + " elements").str()};
}

void Reader::readTensorType(StringRef message, ValueInfo &info) {
  info.isTensor = true;
  forEachField("TypeProto.Tensor", message, [&](unsigned tag, auto &reader) {
    if (tag == 1) {
      info.type = static_cast<DataType>(static_cast<int32_t>(getInt(reader)));
      return true;
    }
    if (tag != 2)
      return false;
    info.hasShape = true;
    forEachField("TensorShapeProto", getBytes(reader), [&](unsigned tag, auto &reader) {
      if (tag != 1)
        return false;
      info.dims.emplace_back();
      readDim(getBytes(reader), info.dims.back());
      return true;
    });
    return true;
  });
}

void Reader::readType(StringRef message, ValueInfo &info) {
  forEachField("TypeProto", message, [&](unsigned tag, auto &reader) {
    if (tag != 1)
      return false;
    readTensorType(getBytes(reader), info);
    return true;
  });
}

void Reader::readValueInfo(StringRef message, ValueInfo &info) {
  forEachField("ValueInfoProto", message, [&](unsigned tag, auto &reader) {
    if (tag == 1)
      info.name = getBytes(reader);
    else if (tag == 2)
      readType(getBytes(reader), info);
    return tag == 1 || tag == 2;
  });
}

/// Files of IR version 1 and 2 may omit the kind; it follows from the value.
void Reader::inferKind(Attribute &attribute) {
  if (attribute.kind != AttributeKind::Undefined || !attribute.reference.empty())
    return;
  if (attribute.tensor)
    attribute.kind = AttributeKind::Tensor;
  else if (attribute.graph)
    attribute.kind = AttributeKind::Graph;
  else if (!attribute.floats.empty())
    attribute.kind = AttributeKind::Floats;
  else if (!attribute.ints.empty())
    attribute.kind = AttributeKind::Ints;
  else if (!attribute.strings.empty())
    attribute.kind = AttributeKind::Strings;
}

void Reader::readAttribute(StringRef message, Attribute &attribute) {
  SmallVector<int64_t> ints;
  forEachField("AttributeProto", message, [&](unsigned tag, auto &reader) {
    switch (tag) {
    case 1:
      attribute.name = getBytes(reader);
      return true;
    case 2:
      expect(reader, Wire::fixed32);
      attribute.f = reader.get_float();
      return true;
    case 3:
      attribute.i = getInt(reader);
      return true;
    case 4:
      attribute.s = getBytes(reader);
      return true;
    case 5:
      attribute.tensor = std::make_shared<Tensor>();
      readTensor(getBytes(reader), *attribute.tensor);
      return true;
    case 6:
      attribute.graph = std::make_shared<Graph>();
      readGraph(getBytes(reader), *attribute.graph);
      return true;
    case 7:
      readFloats(reader, attribute.floats);
      return true;
    case 8:
      readInts(reader, ints);
      return true;
    case 9:
      attribute.strings.push_back(getBytes(reader));
      return true;
    case 20:
      attribute.kind = static_cast<AttributeKind>(static_cast<int32_t>(getInt(reader)));
      return true;
    case 21:
      attribute.reference = getBytes(reader);
      return true;
    default:
      return false;
    }
  });
  attribute.ints.assign(ints.begin(), ints.end());
  inferKind(attribute);
  if (attribute.kind == AttributeKind::Tensor && !attribute.tensor && attribute.reference.empty())
    throw Malformed{("attribute \"" + attribute.name + "\" has no tensor").str()};
  if (attribute.kind == AttributeKind::Graph && !attribute.graph && attribute.reference.empty())
    throw Malformed{("attribute \"" + attribute.name + "\" has no graph").str()};
}

void Reader::readNode(StringRef message, Node &node) {
  forEachField("NodeProto", message, [&](unsigned tag, auto &reader) {
    switch (tag) {
    case 1:
      node.inputs.push_back(getBytes(reader));
      return true;
    case 2:
      node.outputs.push_back(getBytes(reader));
      return true;
    case 3:
      node.name = getBytes(reader);
      return true;
    case 4:
      node.opType = getBytes(reader);
      return true;
    case 5:
      append(node.attributes, reader, &Reader::readAttribute);
      return true;
    case 7:
      node.domain = getBytes(reader);
      return true;
    case 8:
      node.overload = getBytes(reader);
      return true;
    case 9:
      append(node.metadata, reader, &Reader::readEntry);
      return true;
    case 10:
      readNodeDevices(*this, getBytes(reader), node.devices.emplace_back());
      return true;
    default:
      return false;
    }
  });
}

void Reader::readGraph(StringRef message, Graph &graph) {
  if (++depth > maxDepth)
    throw Malformed{("graphs are nested more than " + Twine(maxDepth) + " deep").str()};
  forEachField("GraphProto", message, [&](unsigned tag, auto &reader) {
    switch (tag) {
    case 1:
      append(graph.nodes, reader, &Reader::readNode);
      return true;
    case 2:
      graph.name = getBytes(reader);
      return true;
    case 5:
      append(graph.initializers, reader, &Reader::readTensor);
      return true;
    case 11:
      append(graph.inputs, reader, &Reader::readValueInfo);
      return true;
    case 12:
      append(graph.outputs, reader, &Reader::readValueInfo);
      return true;
    case 15:
      graph.sparseInitializers.push_back(readSparseName(getBytes(reader)));
      return true;
    default:
      return false;
    }
  });
  --depth;
}

void Reader::readFunction(StringRef message, Function &function) {
  forEachField("FunctionProto", message, [&](unsigned tag, auto &reader) {
    switch (tag) {
    case 1:
      function.name = getBytes(reader);
      return true;
    case 4:
      function.inputs.push_back(getBytes(reader));
      return true;
    case 5:
      function.outputs.push_back(getBytes(reader));
      return true;
    case 6:
      function.attributes.push_back(getBytes(reader));
      return true;
    case 7:
      append(function.nodes, reader, &Reader::readNode);
      return true;
    case 9:
      append(function.opsets, reader, &Reader::readOpset);
      return true;
    case 10:
      function.domain = getBytes(reader);
      return true;
    case 11:
      append(function.attributeDefaults, reader, &Reader::readAttribute);
      return true;
    case 13:
      function.overload = getBytes(reader);
      return true;
    default:
      return false;
    }
  });
}

void Reader::readModel(StringRef message, Model &model) {
  forEachField("ModelProto", message, [&](unsigned tag, auto &reader) {
    switch (tag) {
    case 1:
      model.irVersion = getInt(reader);
      return true;
    case 2:
      model.producerName = getBytes(reader);
      return true;
    case 3:
      model.producerVersion = getBytes(reader);
      return true;
    case 7:
      if (!model.graph)
        model.graph.emplace();
      readGraph(getBytes(reader), *model.graph);
      return true;
    case 8:
      append(model.opsets, reader, &Reader::readOpset);
      return true;
    case 14:
      append(model.metadata, reader, &Reader::readEntry);
      return true;
    case 25:
      append(model.functions, reader, &Reader::readFunction);
      return true;
    case 26:
      readConfiguration(*this, getBytes(reader), model.configurations.emplace_back());
      return true;
    default:
      return false;
    }
  });
  if (!model.graph)
    throw Malformed{"the file holds no graph: it is empty or not an ONNX model"};
}

/// Runs `read` and turns whatever it throws into an error.
template <typename Fn>
Error guarded(Reader &reader, Fn read) {
  std::string what;
  try {
    read();
    return Error::success();
  } catch (const Malformed &malformed) {
    what = malformed.what;
  } catch (const protozero::end_of_buffer_exception &) {
    what = "a field reaches past the end of its message: the file is truncated or damaged";
  } catch (const protozero::exception &) {
    what = "the bytes are not a protobuf field: the file is damaged or not ONNX";
  } catch (const std::bad_alloc &) {
    what = "out of memory";
  }
  return createStringError("at byte " + Twine(reader.getOffset()) + ", in " +
                           reader.getMessageName() + ": " + what);
}

Expected<std::unique_ptr<MemoryBuffer>> mapFile(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("cannot be read: " + buffer.getError().message());
  return std::move(*buffer);
}

} // namespace

Expected<std::unique_ptr<Model>> onnx::readModel(std::unique_ptr<MemoryBuffer> buffer) {
  auto model = std::make_unique<Model>();
  model->path = buffer->getBufferIdentifier().str();
  model->buffer = std::move(buffer);
  Reader reader(model->buffer->getBuffer());
  if (Error error = guarded(reader, [&] { reader.readModel(model->buffer->getBuffer(), *model); }))
    return std::move(error);
  return std::move(model);
}

Expected<std::unique_ptr<Model>> onnx::readModel(StringRef path) {
  auto buffer = mapFile(path);
  if (!buffer)
    return buffer.takeError();
  return readModel(std::move(*buffer));
}

Expected<TensorFile> onnx::readTensorFile(StringRef path) {
  auto buffer = mapFile(path);
  if (!buffer)
    return buffer.takeError();
  TensorFile file{std::move(*buffer), {}};
  Reader reader(file.buffer->getBuffer());
  if (Error error =
          guarded(reader, [&] { reader.readTensor(file.buffer->getBuffer(), file.tensor); }))
    return std::move(error);
  return std::move(file);
}
