//===- AnnotateDevices.cpp - shardings that an ONNX file names -------------*- C++ -*-===//

#include "Marks.h"
#include "dchag/Distribute/Passes.h"
#include "dchag/Import/DeviceSpec.h"
#include "dialects/dchag/Program.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_ANNOTATEDEVICES
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// Whether a location is `wanted`, or is fused from it and others.
static bool isFrom(Location loc, LocationAttr wanted) {
  if (loc == wanted)
    return true;
  auto fused = dyn_cast<FusedLoc>(loc);
  return fused &&
         llvm::any_of(fused.getLocations(), [&](Location part) { return isFrom(part, wanted); });
}

namespace {
struct AnnotateDevices : mlir::dchag::impl::AnnotateDevicesBase<AnnotateDevices> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    Attribute list = module->getAttr(DeviceSpec::attrName);
    if (!list)
      return;
    auto program = getMarkedProgram(module);
    if (failed(program))
      return signalPassFailure();
    mesh = program->mesh;
    functions = program->functions;
    SmallVector<DeviceSpec> specs;
    for (Attribute attr :
         isa<ArrayAttr>(list) ? cast<ArrayAttr>(list).getValue() : ArrayRef<Attribute>(list)) {
      std::optional<DeviceSpec> spec = DeviceSpec::fromAttr(attr);
      if (!spec) {
        module.emitError() << DeviceSpec::attrName
                           << " must be a list of annotations as the import of ONNX writes "
                           << "them (dchag/Import/DeviceSpec.h): got " << attr;
        return signalPassFailure();
      }
      specs.push_back(*spec);
    }
    module->removeAttr(DeviceSpec::attrName);
    chooseConfiguration(specs);
    reportStages(specs);
    for (const DeviceSpec &spec : specs)
      if (isa<RankedTensorType>(spec.type.getValue()))
        apply(spec);
  }

  /// A model may be annotated for several device configurations: takes the first with as many
  /// devices as ranks.
  void chooseConfiguration(SmallVector<DeviceSpec> &specs) {
    if (specs.empty())
      return;
    const DeviceSpec &first = specs.front();
    auto *found = llvm::find_if(
        specs, [&](const DeviceSpec &spec) { return spec.numDevices == mesh.getNumRanks(); });
    if (found == specs.end()) {
      emitWarning(first.at) << "is annotated for the device configuration " << first.configuration
                            << " of " << first.numDevices << " devices, the mesh has "
                            << mesh.getNumRanks()
                            << " ranks: all annotations of devices are ignored";
      specs.clear();
      return;
    }
    StringAttr chosen = found->configuration;
    llvm::erase_if(specs, [&](const DeviceSpec &spec) { return spec.configuration != chosen; });
  }

  /// One message for all nodes.
  void reportStages(ArrayRef<DeviceSpec> specs) {
    auto *first = llvm::find_if(specs, [](const DeviceSpec &spec) { return spec.stage >= 0; });
    if (first != specs.end())
      emitWarning(first->at) << "is annotated with the pipeline stage " << first->stage
                             << ": stages are ignored, every rank computes its part of all nodes";
  }

  /// The sharding that an annotation describes, or null and the reason.
  ShardingAttr getSharding(const DeviceSpec &spec, std::string &reason) {
    auto type = cast<RankedTensorType>(spec.type.getValue());
    int64_t ranks = mesh.getNumRanks();
    ArrayRef<int64_t> devices = spec.devices;
    if (spec.groups)
      return reason = "groups of devices are not read", ShardingAttr();
    bool inOrder = int64_t(devices.size()) == ranks;
    for (auto [index, device] : llvm::enumerate(devices))
      inOrder &= device == int64_t(index);
    if (!inOrder)
      return reason = ("its devices are not 0 to " + Twine(ranks - 1) + " in order").str(),
             ShardingAttr();
    SmallVector<DimShardingAttr> dims(ShardingAttr::getReplicated(type).getDims());
    ArrayRef<StringAttr> free = mesh.getNames();
    int64_t parts = 1;
    for (ArrayRef<int64_t> numbers : spec.dims) {
      int64_t axis = numbers.empty() ? -1 : numbers[0];
      axis += axis < 0 ? type.getRank() : 0;
      if (axis < 0 || axis >= type.getRank() || numbers.size() < 3 || numbers.size() % 2 == 0)
        return reason = "it has no such dimension, or no number of shards", ShardingAttr();
      int64_t shards = numbers[2], blockSize = 1;
      for (size_t i = 3; i < numbers.size(); i += 2) {
        if (numbers[i + 1] != 1 || numbers[i] < 1 || type.getDimSize(axis) % numbers[i] != 0)
          return reason = "an inner part of a dimension is split", ShardingAttr();
        blockSize *= numbers[i];
        if (type.getDimSize(axis) % blockSize != 0)
          return reason = "a dimension is not made of the parts that it names", ShardingAttr();
      }
      if (shards == 1)
        continue;
      size_t count = 0;
      while (count < free.size() && mesh.getNumRanks(free.take_front(count)) < shards)
        ++count;
      if (!dims[axis].getAxes().empty() || mesh.getNumRanks(free.take_front(count)) != shards)
        return reason = (Twine(shards) + " shards of dimension " + Twine(axis) +
                         " are no axis of the mesh, nor several in a row")
                            .str(),
               ShardingAttr();
      dims[axis] = DimShardingAttr::get(&getContext(), free.take_front(count), blockSize);
      free = free.drop_front(count);
      parts *= shards;
    }
    if (parts != 1 && parts != ranks)
      return reason = (Twine(parts) + " parts are on " + Twine(ranks) +
                       " devices, and which have the same is not said")
                          .str(),
             ShardingAttr();
    return ShardingAttr::get(&getContext(), dims, ArrayRef<PartialAttr>());
  }

  /// Values of the tensor's type that are an argument of its name, or a result of the node that
  /// computes it.
  SmallVector<Value> findValues(const DeviceSpec &spec) {
    SmallVector<Value> values;
    Type type = spec.type.getValue();
    bool isArgument = isa<UnknownLoc>(spec.producer);
    for (func::FuncOp function : functions) {
      for (BlockArgument argument : function.getArguments())
        if (isArgument && argument.getType() == type &&
            Port::of(argument).getNameAttr() == spec.tensor)
          values.push_back(argument);
      for (Operation &op : function.front())
        for (OpResult result : op.getResults())
          if (!isArgument && result.getType() == type && isFrom(op.getLoc(), spec.producer))
            values.push_back(result);
    }
    // The last op of a node computes its output.
    if (!isArgument && values.size() > 1)
      values.erase(values.begin(), values.end() - 1);
    return values;
  }

  void apply(const DeviceSpec &spec) {
    auto warn = [&](const Twine &reason) {
      emitWarning(spec.at) << "has a sharding of " << spec.tensor
                           << " that is ignored: " << reason.str();
    };
    std::string reason;
    ShardingAttr sharding = getSharding(spec, reason);
    if (!sharding)
      return warn(reason);
    SmallVector<Value> values = findValues(spec);
    if (values.empty())
      return warn("passes have replaced the tensor: name one that is there by --shard");
    SmallVector<Attribute> axes(mesh.getNames().begin(), mesh.getNames().end());
    auto by = StringAttr::get(&getContext(), "devices of " + spec.tensor.getValue());
    for (Value value : values) {
      // Marks of --shard win, and so does the first of several annotations.
      if (llvm::any_of(mesh.getNames(), [&](StringAttr axis) { return isDecided(value, axis); }))
        continue;
      addMark(value, MarkAttr::get(&getContext(), sharding, ArrayAttr::get(&getContext(), axes),
                                   MarkPriority::User, by));
      ++numMarked;
    }
  }

  MeshAttr mesh;
  SmallVector<func::FuncOp> functions;
};
} // namespace
