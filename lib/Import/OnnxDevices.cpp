//===- OnnxDevices.cpp - what an ONNX file says of devices -----------------*- C++ -*-===//
//
// The multi-device messages of IR version 11.
//
//===----------------------------------------------------------------------===//

#include "OnnxWire.h"

using namespace llvm;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

static void readSimple(WireReader &reader, StringRef message, ShardedDim::Simple &simple) {
  reader.forEachField("SimpleShardedDimProto", message, [&](unsigned tag, auto &field) {
    if (tag == 1)
      simple.size = reader.getInt(field);
    else if (tag == 3)
      simple.numShards = reader.getInt(field);
    return tag == 1 || tag == 3;
  });
}

static void readDim(WireReader &reader, StringRef message, ShardedDim &dim) {
  reader.forEachField("ShardedDimProto", message, [&](unsigned tag, auto &field) {
    if (tag == 1)
      dim.axis = reader.getInt(field);
    else if (tag == 2)
      readSimple(reader, reader.getBytes(field), dim.simple.emplace_back());
    return tag == 1 || tag == 2;
  });
}

static void readSpec(WireReader &reader, StringRef message, ShardingSpec &spec) {
  reader.forEachField("ShardingSpecProto", message, [&](unsigned tag, auto &field) {
    switch (tag) {
    case 1:
      spec.tensor = reader.getBytes(field);
      return true;
    case 2:
      reader.readInts(field, spec.devices);
      return true;
    case 3:
      spec.hasGroups = true;
      return false;
    case 4:
      readDim(reader, reader.getBytes(field), spec.dims.emplace_back());
      return true;
    default:
      return false;
    }
  });
}

void onnx::readNodeDevices(WireReader &reader, StringRef message, NodeDevices &devices) {
  reader.forEachField("NodeDeviceConfigurationProto", message, [&](unsigned tag, auto &field) {
    switch (tag) {
    case 1:
      devices.configuration = reader.getBytes(field);
      return true;
    case 2:
      readSpec(reader, reader.getBytes(field), devices.specs.emplace_back());
      return true;
    case 3:
      devices.stage = reader.getInt(field);
      return true;
    default:
      return false;
    }
  });
}

void onnx::readConfiguration(WireReader &reader, StringRef message, DeviceConfiguration &into) {
  reader.forEachField("DeviceConfigurationProto", message, [&](unsigned tag, auto &field) {
    if (tag == 1)
      into.name = reader.getBytes(field);
    else if (tag == 2)
      into.numDevices = reader.getInt(field);
    return tag == 1 || tag == 2;
  });
}
