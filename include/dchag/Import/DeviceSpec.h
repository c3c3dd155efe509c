//===- DeviceSpec.h - what an ONNX file says of the devices of a tensor ----*- C++ -*-===//
//
// A ShardingSpecProto of ONNX (IR version 11), carried from the importer to annotate-devices,
// which makes a mark of it once there is a mesh. Specs are listed beside the program, in the
// attribute `dchag.devices` of the module, since rewrites replace the ops of a node but keep
// its location:
//
//     dchag.devices = [{tensor = "w", type = tensor<3x5xf32>, configuration = "two",
//       num_devices = 2, devices = array<i64: 0, 1>, groups = false,
//       dims = [array<i64: 1, 5, 2>], stage = -1, producer = loc(unknown), at = loc("fc")}]
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_IMPORT_DEVICESPEC_H
#define DCHAG_IMPORT_DEVICESPEC_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

namespace mlir::dchag {

struct DeviceSpec {
  /// Name of the module attribute.
  static constexpr llvm::StringLiteral attrName = "dchag.devices";

  StringAttr tensor;
  /// None where the node has a stage only.
  TypeAttr type;
  StringAttr configuration;
  int64_t numDevices = 0;
  DenseI64ArrayAttr devices;
  /// Whether some of `devices` stand for groups.
  bool groups = false;
  /// A list for each dimension that is cut: its number, then elements (-1: not said) and shards
  /// for each of those that it is made of, slowest first.
  SmallVector<DenseI64ArrayAttr> dims;
  /// Of a pipeline; -1: not said.
  int64_t stage = -1;
  /// The node that computes the tensor; unknown for inputs and parameters, which have the name.
  LocationAttr producer;
  /// The node that is annotated.
  LocationAttr at;

  DictionaryAttr toAttr(MLIRContext *context) const;
  /// Nothing if the attribute is no such dictionary.
  static std::optional<DeviceSpec> fromAttr(Attribute attr);
};

} // namespace mlir::dchag

#endif // DCHAG_IMPORT_DEVICESPEC_H
