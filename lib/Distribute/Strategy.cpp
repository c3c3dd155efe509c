//===- Strategy.cpp - what goes over which axis of a mesh ------------------*- C++ -*-===//

#include "dchag/Distribute/Strategy.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// Modes
//===----------------------------------------------------------------------===//

namespace {
struct ModeName {
  DistributeMode mode;
  StringLiteral name, description;
};
} // namespace

static constexpr ModeName modeNames[] = {
    {DistributeMode::Replicate, "replicate",
     "all tokens on every rank, heads of the aggregation split"},
    {DistributeMode::Gather, "gather", "tokens by channel, gathered, then as replicate"},
    {DistributeMode::Hierarchical, "hierarchical", "groups by rank, one token a group gathered"},
    {DistributeMode::SplitSoftmax, "split-softmax", "channels by rank, the softmax merged"}};

StringRef mlir::dchag::getDistributeModeName(DistributeMode mode) {
  return llvm::find_if(modeNames, [&](const ModeName &known) { return known.mode == mode; })->name;
}

std::optional<DistributeMode> mlir::dchag::getDistributeMode(StringRef name) {
  for (const ModeName &known : modeNames)
    if (known.name == name)
      return known.mode;
  return std::nullopt;
}

llvm::cl::ValuesClass mlir::dchag::getDistributeModeValues() {
  auto value = [](unsigned i) {
    return clEnumValN(modeNames[i].mode, modeNames[i].name, modeNames[i].description);
  };
  static_assert(std::size(modeNames) == 4);
  return llvm::cl::values(value(0), value(1), value(2), value(3));
}

//===----------------------------------------------------------------------===//
// Axes
//===----------------------------------------------------------------------===//

FailureOr<MeshShape> MeshShape::parse(StringRef text, std::string &error) {
  MeshShape mesh;
  for (StringRef axis : llvm::split(text, ',')) {
    auto [name, number] = axis.trim().split('=');
    int64_t size;
    bool isNamed =
        !name.empty() && llvm::all_of(name, [](char c) { return c == '_' || llvm::isAlnum(c); });
    if (!isNamed || number.getAsInteger(10, size)) {
      error = ("mesh must be axes with sizes such as tp=2 or dp=2,tp=4: got '" + text + "'").str();
      return failure();
    }
    mesh.names.push_back(name.str());
    mesh.sizes.push_back(size);
  }
  return mesh;
}

int64_t MeshShape::getNumRanks(const AxisNames &axes) const {
  int64_t ranks = 1;
  for (auto [name, size] : llvm::zip_equal(names, sizes))
    if (llvm::is_contained(axes.names, name))
      ranks *= size;
  return ranks;
}

raw_ostream &mlir::dchag::operator<<(raw_ostream &os, const MeshShape &mesh) {
  llvm::interleave(
      llvm::zip_equal(mesh.names, mesh.sizes), os,
      [&](auto axis) { os << std::get<0>(axis) << "=" << std::get<1>(axis); }, ",");
  return os;
}

AxisNames::AxisNames(StringRef text) {
  if (!text.empty())
    for (StringRef name : llvm::split(text, '+'))
      names.push_back(name.str());
}

std::string AxisNames::str() const { return llvm::join(names, "+"); }

FailureOr<AxisNames> AxisNames::parse(StringRef text, std::string &error) {
  AxisNames axes(text);
  if (axes.empty())
    return error = "axes must be names joined by '+', such as tp: got ''", failure();
  for (auto [index, name] : llvm::enumerate(axes.names))
    if (name.empty() || llvm::is_contained(ArrayRef(axes.names).take_front(index), name)) {
      error = ("axes must be names joined by '+', each once: got '" + text + "'").str();
      return failure();
    }
  return axes;
}

//===----------------------------------------------------------------------===//
// Strategies
//===----------------------------------------------------------------------===//

namespace {
/// Parses one strategy; `error` receives what is wrong.
class StrategyParser {
public:
  StrategyParser(StringRef text, const MeshShape &mesh, std::optional<DistributeMode> mode,
                 std::string &error)
      : text(text), mesh(mesh), mode(mode), error(error) {}

  FailureOr<Strategy> parse();

private:
  LogicalResult fail(const Twine &reason) {
    error = reason.str();
    return failure();
  }
  std::string getDefault() const;
  AxisNames *findKind(StringRef name);
  LogicalResult parseItem(StringRef item);
  LogicalResult checkAxes(StringRef item, const AxisNames &axes);
  LogicalResult chooseMode();
  LogicalResult checkAllUsed();

  StringRef text;
  const MeshShape &mesh;
  std::optional<DistributeMode> mode, named;
  std::string &error;
  Strategy strategy;
};
} // namespace

/// Entries for the axes with default names; channels are split over the axis of widths. Without a
/// mesh option it is the module's mesh, with an axis tp.
std::string StrategyParser::getDefault() const {
  if (mesh.empty())
    return "tp";
  std::vector<std::string> kinds;
  llvm::copy_if(mesh.names, std::back_inserter(kinds), [](StringRef axis) {
    return llvm::is_contained({"dp", "fsdp", "tp", "sp"}, axis);
  });
  return llvm::join(kinds, ",");
}

AxisNames *StrategyParser::findKind(StringRef name) {
  return llvm::StringSwitch<AxisNames *>(name)
      .Case("dp", &strategy.data)
      .Case("fsdp", &strategy.parameters)
      .Case("tp", &strategy.widths)
      .Case("sp", &strategy.positions)
      .Default(getDistributeMode(name) ? &strategy.channels : nullptr);
}

LogicalResult StrategyParser::checkAxes(StringRef item, const AxisNames &axes) {
  for (auto [index, axis] : llvm::enumerate(axes.names)) {
    if (llvm::is_contained(ArrayRef(axes.names).take_front(index), axis))
      return fail("strategy '" + item + "' names the axis '" + axis + "' twice");
    if (mesh.empty() || llvm::is_contained(mesh.names, axis))
      continue;
    std::string shape;
    llvm::raw_string_ostream(shape) << mesh;
    return fail("strategy '" + item + "' needs the axis '" + axis + "', which the mesh '" + shape +
                "' does not have");
  }
  return success();
}

LogicalResult StrategyParser::parseItem(StringRef item) {
  if (item.trim().empty())
    return success();
  auto [name, axes] = item.trim().split('=');
  std::optional<DistributeMode> itemMode = getDistributeMode(name);
  AxisNames *kind = findKind(name);
  if (!kind)
    return fail("strategy must be made of dp, fsdp, tp, sp, replicate, gather, hierarchical and "
                "split-softmax, each with =AXIS if the axis has another name: got '" +
                item + "'");
  if (!kind->empty())
    return fail("strategy must say once where '" + name + "' goes" +
                (itemMode ? ", and name one mode of the aggregation" : "") + ": got '" + text +
                "'");
  *kind = !axes.empty() ? AxisNames(axes) : itemMode ? AxisNames("tp") : AxisNames(name);
  if (itemMode)
    named = itemMode;
  return checkAxes(item, *kind);
}

LogicalResult StrategyParser::chooseMode() {
  if (named && mode && *named != *mode)
    return fail("strategy '" + text + "' and the option mode name different modes: leave out one");
  strategy.mode = named.value_or(mode.value_or(DistributeMode::Replicate));
  if (strategy.channels.empty())
    strategy.channels = strategy.widths;
  if (strategy.channels.empty() && mode && *mode != DistributeMode::Replicate)
    return fail("a mode of the aggregation needs an axis to split channels over: add tp to the "
                "mesh, or name the mode with its axis in the strategy");
  return success();
}

LogicalResult StrategyParser::checkAllUsed() {
  for (const std::string &axis : mesh.names) {
    bool isUsed = llvm::any_of(
        ArrayRef<const AxisNames *>{&strategy.data, &strategy.parameters, &strategy.widths,
                                    &strategy.positions, &strategy.channels},
        [&](const AxisNames *axes) { return llvm::is_contained(axes->names, axis); });
    if (!isUsed)
      return fail("mesh axis '" + Twine(axis) +
                  "' is used by no strategy: name one for it, such as strategy=dp=" + axis);
  }
  return success();
}

FailureOr<Strategy> StrategyParser::parse() {
  std::string chosen = text.empty() ? getDefault() : text.str();
  for (StringRef item : llvm::split(chosen, ','))
    if (failed(parseItem(item)))
      return failure();
  if (failed(chooseMode()) || failed(checkAllUsed()))
    return failure();
  return strategy;
}

FailureOr<Strategy> Strategy::parse(StringRef text, const MeshShape &mesh,
                                    std::optional<DistributeMode> mode, std::string &error) {
  return StrategyParser(text, mesh, mode, error).parse();
}

std::string Strategy::str() const {
  std::vector<std::string> items;
  for (auto [name, axes] : {std::pair<StringRef, const AxisNames *>("dp", &data),
                            {"fsdp", &parameters},
                            {"tp", &widths},
                            {"sp", &positions},
                            {getDistributeModeName(mode), &channels}})
    if (!axes->empty())
      items.push_back((name + "=" + axes->str()).str());
  return llvm::join(items, ",");
}
