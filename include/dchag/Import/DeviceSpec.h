//===- DeviceSpec.h - what an ONNX file says of the devices of a tensor ----*- C++ -*-===//
//
// A ShardingSpecProto of ONNX (IR version 11), carried from the importer to annotate-devices, which
// turns it into a mark once there is a mesh. Specs are in the attribute `dchag.devices` of the
// module, and not on ops, since rewrites replace the ops of a node but keep its location:
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
  /// Null if the node only has a stage.
  TypeAttr type;
  StringAttr configuration;
  int64_t numDevices = 0;
  DenseI64ArrayAttr devices;
  /// Whether some of `devices` stand for groups.
  bool groups = false;
  /// A list for each dimension that is split: its number, then elements (-1: not given) and shards
  /// for each of the dimensions that it is made of, slowest first.
  SmallVector<DenseI64ArrayAttr> dims;
  /// Stage of a pipeline; -1: not given.
  int64_t stage = -1;
  /// The node that computes the tensor; unknown for inputs and parameters, which are found by name.
  LocationAttr producer;
  /// The node that is annotated.
  LocationAttr at;

  DictionaryAttr toAttr(MLIRContext *context) const;
  /// nullopt if the attribute is not such a dictionary.
  static std::optional<DeviceSpec> fromAttr(Attribute attr);
};

} // namespace mlir::dchag

#endif // DCHAG_IMPORT_DEVICESPEC_H
