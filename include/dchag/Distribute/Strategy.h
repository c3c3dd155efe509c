//===- Strategy.h - what goes over which axis of a mesh ----------*- C++ -*-===//
//
// Options of a distribution, as values: text is parsed once, by the tool or a pass.
//
//     std::string error;
//     FailureOr<MeshShape> mesh = MeshShape::parse("dp=2,tp=4", error);
//     FailureOr<Strategy> strategy = Strategy::parse("dp,tp,hierarchical", *mesh, {}, error);
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_DISTRIBUTE_STRATEGY_H
#define DCHAG_DISTRIBUTE_STRATEGY_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/CommandLine.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::dchag {

/// How tokens before the first aggregation of channels, and the aggregation, are sharded.
enum class DistributeMode { Replicate, Gather, Hierarchical, SplitSoftmax };

StringRef getDistributeModeName(DistributeMode mode);
/// The mode of this name, if there is one.
std::optional<DistributeMode> getDistributeMode(StringRef name);
/// The modes as values of an option of a pass or of a tool.
llvm::cl::ValuesClass getDistributeModeValues();

struct AxisNames;

/// Axes of a mesh with their numbers of ranks, the last axis fastest; "dp=2,tp=4" in text. Unlike
/// `MeshAttr` it needs no context, so that options can hold it. `MeshAttr` checks that sizes are
/// positive and names differ.
struct MeshShape {
  std::vector<std::string> names;
  std::vector<int64_t> sizes;

  /// No axes were given.
  bool empty() const { return names.empty(); }
  /// The number of ranks along axes, 1 for none; axes of other names do not count.
  int64_t getNumRanks(const AxisNames &axes) const;
  static FailureOr<MeshShape> parse(StringRef text, std::string &error);
};
raw_ostream &operator<<(raw_ostream &os, const MeshShape &mesh);

/// Names of mesh axes, the first slowest; "dp+fsdp" in text.
struct AxisNames {
  std::vector<std::string> names;

  AxisNames() = default;
  AxisNames(StringRef text);
  AxisNames(const char *text) : AxisNames(StringRef(text)) {}
  std::string str() const;
  bool empty() const { return names.empty(); }
  /// Fails if the text names no axis, or one twice.
  static FailureOr<AxisNames> parse(StringRef text, std::string &error);
};
inline raw_ostream &operator<<(raw_ostream &os, const AxisNames &axes) { return os << axes.str(); }

/// The mesh axes of each kind of parallelism; no axes: not used.
struct Strategy {
  AxisNames data, parameters, widths, positions, channels;
  DistributeMode mode = DistributeMode::Replicate;

  /// Parses "dp,fsdp,tp,sp=tp,hierarchical=tp": each entry is dp (samples), fsdp (samples, and the
  /// storage of parameters), tp (heads and hidden widths), sp (positions) or a mode of the
  /// aggregation, with its axes if they have another name (modes: tp). With an empty text the axes
  /// of `mesh` that have the name of a kind are used. `mode` is used when the text names none.
  /// Fails with `error` if the text is not a strategy, names axes that the mesh does not have, or
  /// leaves out an axis of it.
  static FailureOr<Strategy> parse(StringRef text, const MeshShape &mesh,
                                   std::optional<DistributeMode> mode, std::string &error);
  /// The text that `parse` makes the same strategy of.
  std::string str() const;
};

} // namespace mlir::dchag

namespace llvm::cl {

/// Options that hold a mesh or names of axes: parsed by `parse` of the type, printed by `<<`.
template <typename T>
class DistributeParser : public basic_parser<T> {
public:
  using basic_parser<T>::basic_parser;
  bool parse(Option &option, StringRef, StringRef text, T &value) {
    std::string error;
    mlir::FailureOr<T> parsed = T::parse(text, error);
    if (failed(parsed))
      return option.error(error);
    value = *parsed;
    return false;
  }
  void printOptionDiff(const Option &option, const T &, const OptionValue<T> &,
                       size_t width) const {
    this->printOptionNoValue(option, width);
  }
};

template <>
class parser<mlir::dchag::MeshShape> : public DistributeParser<mlir::dchag::MeshShape> {
public:
  using DistributeParser::DistributeParser;
  bool parse(Option &option, StringRef name, StringRef text, mlir::dchag::MeshShape &mesh) {
    // As printed for a program without a mesh.
    if (text.empty())
      return mesh = mlir::dchag::MeshShape(), false;
    return DistributeParser::parse(option, name, text, mesh);
  }
  StringRef getValueName() const override { return "mesh"; }
};

template <>
class parser<mlir::dchag::AxisNames> : public DistributeParser<mlir::dchag::AxisNames> {
public:
  using DistributeParser::DistributeParser;
  StringRef getValueName() const override { return "axes"; }
};

} // namespace llvm::cl

#endif // DCHAG_DISTRIBUTE_STRATEGY_H
