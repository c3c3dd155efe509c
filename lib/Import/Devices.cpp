//===- Devices.cpp - what the file says of devices -------------------------*- C++ -*-===//

#include "Importer.h"
#include "dchag/Import/DeviceSpec.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

DictionaryAttr DeviceSpec::toAttr(MLIRContext *context) const {
  Builder b(context);
  SmallVector<mlir::Attribute> lists(dims.begin(), dims.end());
  return b.getDictionaryAttr({b.getNamedAttr("tensor", tensor), b.getNamedAttr("type", type),
                              b.getNamedAttr("configuration", configuration),
                              b.getNamedAttr("num_devices", b.getI64IntegerAttr(numDevices)),
                              b.getNamedAttr("devices", devices),
                              b.getNamedAttr("groups", b.getBoolAttr(groups)),
                              b.getNamedAttr("dims", b.getArrayAttr(lists)),
                              b.getNamedAttr("stage", b.getI64IntegerAttr(stage)),
                              b.getNamedAttr("producer", producer), b.getNamedAttr("at", at)});
}

std::optional<DeviceSpec> DeviceSpec::fromAttr(mlir::Attribute attr) {
  auto dictionary = dyn_cast<DictionaryAttr>(attr);
  if (!dictionary)
    return std::nullopt;
  DeviceSpec spec;
  auto numDevices = dictionary.getAs<IntegerAttr>("num_devices");
  auto groups = dictionary.getAs<BoolAttr>("groups");
  auto dims = dictionary.getAs<ArrayAttr>("dims");
  auto stage = dictionary.getAs<IntegerAttr>("stage");
  spec.tensor = dictionary.getAs<StringAttr>("tensor");
  spec.type = dictionary.getAs<TypeAttr>("type");
  spec.configuration = dictionary.getAs<StringAttr>("configuration");
  spec.devices = dictionary.getAs<DenseI64ArrayAttr>("devices");
  spec.producer = dictionary.getAs<LocationAttr>("producer");
  spec.at = dictionary.getAs<LocationAttr>("at");
  if (!numDevices || !groups || !dims || !stage || !spec.tensor || !spec.type ||
      !spec.configuration || !spec.devices || !spec.producer || !spec.at ||
      !llvm::all_of(dims, llvm::IsaPred<DenseI64ArrayAttr>) ||
      !isa<RankedTensorType, NoneType>(spec.type.getValue()))
    return std::nullopt;
  spec.numDevices = numDevices.getInt();
  spec.groups = groups.getValue();
  llvm::append_range(spec.dims, dims.getAsRange<DenseI64ArrayAttr>());
  spec.stage = stage.getInt();
  return spec;
}

/// The value with this name among the outputs or inputs of a node.
static Value findTensor(const NodeBuilder &builder, StringRef name) {
  auto find = [&](ArrayRef<StringRef> names,
                  ArrayRef<std::optional<ImportedValue>> values) -> Value {
    for (auto [index, other] : llvm::enumerate(names))
      if (other == name && index < values.size() && values[index])
        return values[index]->value;
    return {};
  };
  Value value = find(builder.node.outputs, builder.outputs);
  return value ? value : find(builder.node.inputs, builder.inputs);
}

/// Stores the annotation unchanged: its meaning depends on the mesh.
void Importer::noteDevices(const NodeBuilder &builder) {
  for (const NodeDevices &node : builder.node.devices) {
    auto found =
        llvm::find_if(model->configurations, [&](const DeviceConfiguration &configuration) {
          return configuration.name == node.configuration;
        });
    if (found == model->configurations.end()) {
      emitWarning(builder.loc) << "is annotated for the device configuration \""
                               << node.configuration
                               << "\", which the model does not have: ignored";
      continue;
    }
    DeviceSpec common;
    common.tensor = b.getStringAttr("");
    common.type = TypeAttr::get(b.getNoneType());
    common.configuration = b.getStringAttr(found->name);
    common.numDevices = found->numDevices;
    common.devices = b.getDenseI64ArrayAttr({});
    common.stage = node.stage.value_or(-1);
    common.producer = b.getUnknownLoc();
    common.at = builder.loc;
    if (node.stage && node.specs.empty())
      devices.push_back(common.toAttr(context));
    for (const ShardingSpec &spec : node.specs) {
      Value value = findTensor(builder, spec.tensor);
      if (!value) {
        emitWarning(builder.loc) << "has a sharding of \"" << spec.tensor
                                 << "\", which is neither an input nor an output of it: ignored";
        continue;
      }
      DeviceSpec noted = common;
      noted.type = TypeAttr::get(value.getType());
      noted.devices = b.getDenseI64ArrayAttr(spec.devices);
      noted.groups = spec.hasGroups;
      for (const ShardedDim &dim : spec.dims) {
        SmallVector<int64_t> numbers = {dim.axis};
        for (const ShardedDim::Simple &simple : dim.simple)
          numbers.append({simple.size.value_or(-1), simple.numShards});
        noted.dims.push_back(b.getDenseI64ArrayAttr(numbers));
      }
      auto argument = dyn_cast<BlockArgument>(value);
      noted.tensor = b.getStringAttr(argument ? StringRef(arguments[argument.getArgNumber()].name)
                                              : spec.tensor);
      if (!argument)
        noted.producer = value.getLoc();
      devices.push_back(noted.toAttr(context));
    }
  }
}
