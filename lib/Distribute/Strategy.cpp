//===- Strategy.cpp - the strategies of a distribution in one string -------*- C++ -*-===//

#include "Strategy.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::dchag;

static std::optional<DistributeMode> parseMode(StringRef name) {
  return llvm::StringSwitch<std::optional<DistributeMode>>(name)
      .Case("replicate", DistributeMode::Replicate)
      .Case("gather", DistributeMode::Gather)
      .Case("hierarchical", DistributeMode::Hierarchical)
      .Case("split-softmax", DistributeMode::SplitSoftmax)
      .Default(std::nullopt);
}

static SmallVector<StringRef> getAxisNames(StringRef mesh) {
  SmallVector<StringRef> names;
  for (StringRef axis : llvm::split(mesh, ','))
    names.push_back(axis.split('=').first.trim());
  return names;
}

/// The axes with the names of kinds; channels are spread where widths are. Without a mesh
/// that is named, it is the module's own, with an axis tp.
static std::string getDefault(StringRef mesh) {
  std::string text;
  for (StringRef axis : mesh.empty() ? SmallVector<StringRef>{"tp"} : getAxisNames(mesh))
    if (llvm::is_contained({"dp", "fsdp", "tp", "sp"}, axis))
      text += (text.empty() ? "" : ",") + axis.str();
  return text;
}

FailureOr<Strategy> mlir::dchag::parseStrategy(StringRef text, StringRef mesh,
                                               std::optional<DistributeMode> mode,
                                               std::string &error) {
  std::string chosen = text.empty() ? getDefault(mesh) : text.str();
  SmallVector<StringRef> known = getAxisNames(mesh);
  Strategy strategy;
  std::optional<DistributeMode> named;
  for (StringRef item : llvm::split(chosen, ',')) {
    auto [name, axes] = item.trim().split('=');
    if (name.empty())
      continue;
    std::optional<DistributeMode> itemMode = parseMode(name);
    std::string *place = llvm::StringSwitch<std::string *>(name)
                             .Case("dp", &strategy.data)
                             .Case("fsdp", &strategy.parameters)
                             .Case("tp", &strategy.widths)
                             .Case("sp", &strategy.positions)
                             .Default(itemMode ? &strategy.channels : nullptr);
    if (!place) {
      error = ("strategy must be made of dp, fsdp, tp, sp, replicate, gather, hierarchical and "
               "split-softmax, each with =AXIS if the axis has another name: got '" +
               item + "'")
                  .str();
      return failure();
    }
    if (!place->empty()) {
      error = ("strategy must say once where '" + name + "' goes" +
               (itemMode ? ", and name one mode of the aggregation" : "") + ": got '" + text + "'")
                  .str();
      return failure();
    }
    *place = axes.empty() ? (itemMode ? "tp" : name.str()) : axes.str();
    SmallVector<StringRef> used;
    for (StringRef axis : llvm::split(*place, '+')) {
      if (llvm::is_contained(used, axis)) {
        error = ("strategy '" + item + "' names the axis '" + axis + "' twice").str();
        return failure();
      }
      used.push_back(axis);
    }
    for (StringRef axis : used)
      if (!mesh.empty() && !llvm::is_contained(known, axis)) {
        error = ("strategy '" + item + "' needs the axis '" + axis + "', which the mesh '" + mesh +
                 "' does not have")
                    .str();
        return failure();
      }
    if (itemMode)
      named = itemMode;
  }
  if (named && mode && *named != *mode) {
    error =
        ("strategy '" + text + "' and the option mode name different modes: leave out one").str();
    return failure();
  }
  strategy.mode = named.value_or(mode.value_or(DistributeMode::Replicate));
  if (strategy.channels.empty())
    strategy.channels = strategy.widths;
  if (strategy.channels.empty() && mode && *mode != DistributeMode::Replicate) {
    error = "a mode of the aggregation needs an axis to spread channels over: add tp to the mesh, "
            "or name the mode with its axis in the strategy";
    return failure();
  }
  for (StringRef axis : mesh.empty() ? SmallVector<StringRef>() : known) {
    bool used = false;
    for (StringRef axes : {strategy.data, strategy.parameters, strategy.widths, strategy.positions,
                           strategy.channels})
      used |= llvm::is_contained(llvm::to_vector(llvm::split(axes, '+')), axis);
    if (!used) {
      error = ("mesh axis '" + axis + "' is used by no strategy: name one for it, such as " +
               "strategy=dp=" + axis)
                  .str();
      return failure();
    }
  }
  return strategy;
}

std::string mlir::dchag::checkStrategy(StringRef text, StringRef mesh,
                                       std::optional<DistributeMode> mode) {
  std::string error;
  (void)parseStrategy(text, mesh, mode, error);
  return error;
}
