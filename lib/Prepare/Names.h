//===- Names.h - names of values made from parameters ----------------------*- C++ -*-===//
#ifndef DCHAG_LIB_PREPARE_NAMES_H
#define DCHAG_LIB_PREPARE_NAMES_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/StringSet.h"
#include <string>

namespace mlir::dchag {

/// Gives each value a unique name, made from the parameters it depends on.
class UniqueNames {
public:
  /// The name itself if it is free, else the name with a number appended.
  std::string make(StringRef base);

private:
  llvm::StringSet<> taken;
};

/// The names of the arguments that a value is computed from, in order of the arguments.
SmallVector<std::string> getSources(Value value);

/// The common prefix and suffix of names: "embeds.0.weight", "embeds.1.weight" give
/// "embeds.weight". The first name if they have none.
std::string joinNames(ArrayRef<std::string> names);

/// `dchag.name` of an argument, or "argN".
std::string getArgumentName(BlockArgument argument);

} // namespace mlir::dchag

#endif // DCHAG_LIB_PREPARE_NAMES_H
