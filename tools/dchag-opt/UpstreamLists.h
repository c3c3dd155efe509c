//===- UpstreamLists.h - lists that upstream's parser cannot take ----------*- C++ -*-===//
//
// Upstream's parser of linalg.transpose, linalg.broadcast and linalg.reduce stores the list of
// dimensions before it looks whether there was one: it says what is wrong, and crashes.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_TOOLS_UPSTREAMLISTS_H
#define DCHAG_TOOLS_UPSTREAMLISTS_H

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

namespace mlir::dchag {

/// Whether `text` begins with "= [0, 1]": a list, empty perhaps, of numbers of 64 bits.
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

/// Whether one of those ops may have something other than a list of numbers. Some text that is
/// correct counts too.
inline bool mayCrashUpstreamParser(llvm::StringRef text) {
  for (llvm::StringRef word : {"permutation", "dimensions"})
    for (size_t at = text.find(word); at != llvm::StringRef::npos; at = text.find(word, at + 1))
      if (!startsWithNumberList(text.substr(at + word.size())))
        return true;
  return false;
}

} // namespace mlir::dchag

#endif // DCHAG_TOOLS_UPSTREAMLISTS_H
