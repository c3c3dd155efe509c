//===- UpstreamLists.h - lists that upstream's parser cannot take ----------*- C++ -*-===//
//
// Upstream's parsers crash on two malformed forms, after they have reported them: those of
// linalg.transpose, linalg.broadcast and linalg.reduce store the list of dimensions before they
// check that there was one, and those of all linalg ops take anything after "<" for properties.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_TOOLS_UPSTREAMLISTS_H
#define DCHAG_TOOLS_UPSTREAMLISTS_H

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

namespace mlir::dchag {

/// Whether `text` begins with "= [0, 1]": a list, possibly empty, of 64-bit integers.
inline bool startsWithNumberList(llvm::StringRef text) {
  text = text.ltrim();
  if (!text.consume_front("="))
    return false;
  text = text.ltrim();
  size_t end = text.find(']');
  if (!text.consume_front("[") || end == llvm::StringRef::npos)
    return false;
  llvm::StringRef list = text.take_front(end - 1);
  if (list.trim(' ').empty())
    return true;
  llvm::SmallVector<llvm::StringRef> numbers;
  list.split(numbers, ',');
  return llvm::all_of(numbers, [](llvm::StringRef number) {
    number = number.trim(' ');
    return !number.empty() && number.size() <= 18 && llvm::all_of(number, llvm::isDigit);
  });
}

/// Whether the attributes before the operands of a linalg op have, outside of lists, a "<" without
/// the "{" of properties, which upstream takes for properties all the same.
inline bool hasWrongProperties(llvm::StringRef text) {
  for (size_t at = text.find("linalg."); at != llvm::StringRef::npos;
       at = text.find("linalg.", at + 1)) {
    int depth = 0;
    llvm::StringRef rest = text.substr(at);
    for (size_t i = 0; i < rest.size() && rest[i] != '('; ++i) {
      depth += (rest[i] == '[') - (rest[i] == ']');
      // Parentheses of maps in lists do not begin operands.
      if (depth > 0)
        i = std::min(rest.find_first_of("[]", i + 1), rest.size()) - 1;
      else if (rest[i] == '<' && !rest.substr(i + 1).ltrim().starts_with("{"))
        return true;
    }
  }
  return false;
}

/// Whether one of these ops may have something other than a list of integers, or than properties.
/// Some correct text is included.
inline bool mayCrashUpstreamParser(llvm::StringRef text) {
  if (hasWrongProperties(text))
    return true;
  for (llvm::StringRef word : {"permutation", "dimensions"})
    for (size_t at = text.find(word); at != llvm::StringRef::npos; at = text.find(word, at + 1))
      if (!startsWithNumberList(text.substr(at + word.size())))
        return true;
  return false;
}

} // namespace mlir::dchag

#endif // DCHAG_TOOLS_UPSTREAMLISTS_H
