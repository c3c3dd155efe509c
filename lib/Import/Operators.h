//===- Operators.h - the table of operators that are imported --------------*- C++ -*-===//
//
// The import of an operator is one entry: its name, the versions of the operator set that the entry
// supports, and the function that emits it. Each family of operators registers its entries in one
// file.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_IMPORT_OPERATORS_H
#define DCHAG_IMPORT_OPERATORS_H

#include "NodeBuilder.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::dchag::onnx {

/// The oldest version of ONNX's operator set that is supported, unless an entry says that nothing
/// changed since an older one, and the newest version the table was written for.
constexpr int64_t oldestOpset = 13;
constexpr int64_t newestOpset = 28;

struct Operator {
  int64_t since = oldestOpset;
  int64_t until = newestOpset;
  std::function<LogicalResult(NodeBuilder &)> build;
  /// A formula of several steps: narrower floats are computed in f32 and rounded once, as ONNX's
  /// functions specify, instead of after each step.
  bool roundsOnce = false;
};

class OperatorTable {
public:
  void add(StringRef name, std::function<LogicalResult(NodeBuilder &)> build,
           int64_t since = oldestOpset, int64_t until = newestOpset) {
    entries[name].push_back({since, until, std::move(build)});
  }
  /// Marks all entries of each name as formulas of several steps.
  void roundOnce(ArrayRef<StringRef> names) {
    for (StringRef name : names)
      for (Operator &entry : entries.find(name)->second)
        entry.roundsOnce = true;
  }
  /// The entries of a name, in any order; empty for an unknown operator.
  ArrayRef<Operator> lookup(StringRef name) const {
    auto it = entries.find(name);
    return it == entries.end() ? ArrayRef<Operator>() : ArrayRef<Operator>(it->second);
  }
  /// Names of all operators, sorted.
  SmallVector<StringRef> getNames() const;

private:
  llvm::StringMap<SmallVector<Operator, 1>> entries;
};

void registerElementwiseOps(OperatorTable &table);
void registerActivationOps(OperatorTable &table);
void registerShapeOps(OperatorTable &table);
void registerDataOps(OperatorTable &table);
void registerSliceOps(OperatorTable &table);
void registerIndexOps(OperatorTable &table);
void registerMatmulOps(OperatorTable &table);
void registerEinsumOps(OperatorTable &table);
void registerNormOps(OperatorTable &table);
void registerReduceOps(OperatorTable &table);
void registerConvOps(OperatorTable &table);
void registerResizeOps(OperatorTable &table);
void registerPoolOps(OperatorTable &table);
void registerAttentionOps(OperatorTable &table);

/// All operators of the default domain.
const OperatorTable &getOperatorTable();

} // namespace mlir::dchag::onnx

#endif // DCHAG_IMPORT_OPERATORS_H
