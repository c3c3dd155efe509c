//===- OnnxWire.h - fields of protobuf messages ----------------------------*- C++ -*-===//
//
// Only for the files that read messages of ONNX. They are compiled with exceptions.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_IMPORT_ONNXWIRE_H
#define DCHAG_IMPORT_ONNXWIRE_H

#include "dchag/Import/Onnx.h"
#include "llvm/ADT/Twine.h"
#include <protozero/pbf_reader.hpp>

namespace mlir::dchag::onnx {

using Wire = protozero::pbf_wire_type;

/// Thrown for malformed input that protozero does not detect.
struct Malformed {
  std::string what;
};

/// Reads one file; `position` follows the field being read, for messages.
class WireReader {
public:
  explicit WireReader(llvm::StringRef bytes) : bytes(bytes), position(bytes.data()) {}

  uint64_t getOffset() const { return position - bytes.data(); }
  llvm::StringRef getMessageName() const { return messageName; }

  /// Calls `field(number, reader)` for each field; false: the field is skipped.
  template <typename Fn>
  void forEachField(const char *name, llvm::StringRef message, Fn field);

  void expect(const protozero::pbf_reader &reader, Wire wire);
  llvm::StringRef getBytes(protozero::pbf_reader &reader);
  int64_t getInt(protozero::pbf_reader &reader);
  void readInts(protozero::pbf_reader &reader, llvm::SmallVectorImpl<int64_t> &into);
  void readFloats(protozero::pbf_reader &reader, std::vector<float> &into);
  void readPieces(protozero::pbf_reader &reader, Wire element,
                  llvm::SmallVectorImpl<llvm::StringRef> &pieces);

private:
  llvm::StringRef bytes;
  const char *position;
  const char *messageName = "ModelProto";
};

/// OnnxDevices.cpp: NodeDeviceConfigurationProto and DeviceConfigurationProto.
void readNodeDevices(WireReader &reader, llvm::StringRef message, NodeDevices &devices);
void readConfiguration(WireReader &reader, llvm::StringRef message, DeviceConfiguration &into);

template <typename Fn>
void WireReader::forEachField(const char *name, llvm::StringRef message, Fn field) {
  const char *outer = messageName;
  messageName = name;
  protozero::pbf_reader reader(message.data(), message.size());
  while (true) {
    position = reader.data().data();
    if (!reader.next())
      break;
    if (!field(reader.tag(), reader))
      reader.skip();
  }
  messageName = outer;
}

inline void WireReader::expect(const protozero::pbf_reader &reader, Wire wire) {
  if (!reader.has_wire_type(wire))
    throw Malformed{("field " + llvm::Twine(reader.tag()) + " has wire type " +
                     llvm::Twine(unsigned(reader.wire_type())) + ", wanted " +
                     llvm::Twine(unsigned(wire)))
                        .str()};
}

inline llvm::StringRef WireReader::getBytes(protozero::pbf_reader &reader) {
  expect(reader, Wire::length_delimited);
  protozero::data_view view = reader.get_view();
  return llvm::StringRef(view.data(), view.size());
}

inline int64_t WireReader::getInt(protozero::pbf_reader &reader) {
  expect(reader, Wire::varint);
  return reader.get_int64();
}

/// Repeated int64, packed or one field an element.
inline void WireReader::readInts(protozero::pbf_reader &reader,
                                 llvm::SmallVectorImpl<int64_t> &into) {
  if (reader.has_wire_type(Wire::varint)) {
    into.push_back(reader.get_int64());
    return;
  }
  expect(reader, Wire::length_delimited);
  for (int64_t value : reader.get_packed_int64())
    into.push_back(value);
}

inline void WireReader::readFloats(protozero::pbf_reader &reader, std::vector<float> &into) {
  if (reader.has_wire_type(Wire::fixed32)) {
    into.push_back(reader.get_float());
    return;
  }
  expect(reader, Wire::length_delimited);
  for (float value : reader.get_packed_float())
    into.push_back(value);
}

/// Keeps the bytes of a repeated scalar field without copying.
inline void WireReader::readPieces(protozero::pbf_reader &reader, Wire element,
                                   llvm::SmallVectorImpl<llvm::StringRef> &pieces) {
  if (reader.has_wire_type(Wire::length_delimited)) {
    pieces.push_back(getBytes(reader));
    return;
  }
  expect(reader, element);
  const char *begin = reader.data().data();
  reader.skip();
  pieces.push_back(llvm::StringRef(begin, reader.data().data() - begin));
}

} // namespace mlir::dchag::onnx

#endif // DCHAG_IMPORT_ONNXWIRE_H
