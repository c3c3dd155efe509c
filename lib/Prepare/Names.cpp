//===- Names.cpp - names of values made from parameters --------------------*- C++ -*-===//

#include "Names.h"
#include "dialects/dchag/Program.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace mlir::dchag;

std::string UniqueNames::make(StringRef base) {
  std::string name = base.str();
  for (unsigned number = 1; !taken.insert(name).second; ++number)
    name = (base + "." + Twine(number)).str();
  return name;
}

std::string dchag::getArgumentName(BlockArgument argument) { return Port::of(argument).getName(); }

SmallVector<std::string> dchag::getSources(Value value) {
  llvm::SmallPtrSet<Value, 16> seen;
  SmallVector<Value> open{value};
  SmallVector<BlockArgument> arguments;
  while (!open.empty()) {
    Value next = open.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(next))
      arguments.push_back(argument);
    else
      llvm::append_range(open, next.getDefiningOp()->getOperands());
  }
  llvm::sort(arguments,
             [](BlockArgument a, BlockArgument b) { return a.getArgNumber() < b.getArgNumber(); });
  SmallVector<std::string> names;
  for (BlockArgument argument : arguments)
    names.push_back(getArgumentName(argument));
  return names;
}

std::string dchag::joinNames(ArrayRef<std::string> names) {
  if (names.empty())
    return "constant";
  StringRef first = names.front();
  size_t prefix = first.size(), suffix = first.size();
  for (StringRef name : names.drop_front()) {
    size_t i = 0, j = 0;
    while (i < std::min(prefix, name.size()) && name[i] == first[i])
      ++i;
    while (j < std::min(suffix, name.size()) &&
           name[name.size() - 1 - j] == first[first.size() - 1 - j])
      ++j;
    prefix = i;
    suffix = j;
  }
  if (prefix == first.size())
    return first.str();
  // Whole parts of the dotted path only.
  size_t front = first.take_front(prefix).rfind('.');
  size_t back = first.take_back(std::min(suffix, first.size() - prefix)).find('.');
  StringRef head = front == StringRef::npos ? "" : first.take_front(front);
  StringRef tail = first.take_back(std::min(suffix, first.size() - prefix));
  tail = back == StringRef::npos ? "" : tail.drop_front(back + 1);
  if (head.empty() && tail.empty())
    return first.str();
  if (head.empty() || tail.empty())
    return (head + tail).str();
  return (head + "." + tail).str();
}
