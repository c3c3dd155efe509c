//===- OpOrigin.cpp - where an op comes from, for people -------------------*- C++ -*-===//

#include "dchag/Support/OpOrigin.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::dchag;

OpOrigin::OpOrigin(Location loc) {
  auto add = [](SmallVector<std::string> &texts, std::string text) {
    if (!llvm::is_contained(texts, text))
      texts.push_back(std::move(text));
  };
  loc->walk([&](Location inner) {
    if (auto name = dyn_cast<NameLoc>(inner)) {
      add(names, name.getName().str());
    } else if (auto file = dyn_cast<FileLineColLoc>(inner)) {
      StringRef base = llvm::sys::path::filename(file.getFilename().getValue());
      // Nodes of a model have a number, but no column.
      bool isNode = file.getColumn() == 0;
      add(places, isNode
                      ? base.str()
                      : llvm::formatv("{0}:{1}:{2}", base, file.getLine(), file.getColumn()).str());
    }
    return WalkResult::advance();
  });
}

std::string OpOrigin::str() const {
  constexpr unsigned most = 3;
  auto join = [&](ArrayRef<std::string> texts) {
    std::string text = llvm::join(texts.take_front(most), ", ");
    return texts.size() > most ? text + ", ..." : text;
  };
  if (names.empty())
    return places.empty() ? "an unknown place" : join(places);
  std::string text =
      join(llvm::map_to_vector(names, [](StringRef n) { return ("\"" + n + "\"").str(); }));
  return places.empty() ? text : text + " in " + join(places);
}

std::string OpOrigin::brief() const {
  ArrayRef<std::string> texts = names.empty() ? places : names;
  if (texts.empty())
    return "?";
  if (texts.size() == 1)
    return texts.front();
  return llvm::formatv("{0} and {1} more", texts.front(), texts.size() - 1).str();
}
