//===- HarnessInputs.cpp - values made up for inputs ------------------------*- C++ -*-===//

#include "dchag/Interpreter/Harness.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

FailureOr<SmallVector<InputKind>> mlir::dchag::parseInputKinds(StringRef list, Location loc) {
  SmallVector<InputKind> kinds;
  for (StringRef name : llvm::split(list, ',')) {
    name = name.trim();
    if (name == "integers")
      kinds.push_back(InputKind::Integers);
    else if (name == "normal")
      kinds.push_back(InputKind::Normal);
    else
      return emitError(loc) << "unknown kind of inputs '" << name << "': wanted integers or normal";
  }
  return kinds;
}

namespace {
/// A stream of numbers that is the same on all machines (splitmix64, seeded by FNV-1a).
class Numbers {
public:
  explicit Numbers(StringRef seed) {
    for (char c : seed)
      state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  }
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  int64_t nextInteger(int64_t low, int64_t high) {
    uint64_t count = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
    return static_cast<int64_t>(static_cast<uint64_t>(low) + (count ? next() % count : next()));
  }
  /// In (0, 1).
  double nextUniform() { return (static_cast<double>(next() >> 11) + 0.5) / 9007199254740992.0; }
  double nextNormal() {
    double radius = std::sqrt(-2 * std::log(nextUniform()));
    return radius * std::cos(6.283185307179586 * nextUniform());
  }

private:
  uint64_t state = 0xcbf29ce484222325ull;
};
} // namespace

EvalTensor mlir::dchag::makeInput(StringRef name, Type type, InputKind kind,
                                  ArrayRef<int64_t> range) {
  EvalTensor result(type);
  Numbers numbers(name);
  int64_t count = result.getNumElements();
  if (result.isFloat()) {
    double *to = result.mutableFloats();
    for (int64_t i = 0; i < count; ++i)
      to[i] = kind == InputKind::Normal ? numbers.nextNormal()
                                        : static_cast<double>(numbers.nextInteger(-3, 3));
    // Numbers that an input of this type can have.
    result.roundToType();
    return result;
  }
  bool isBoolean = result.getElementType().isInteger(1);
  int64_t low = isBoolean ? 0 : -3, high = isBoolean ? 1 : 3;
  if (range.size() == 2 && range[0] <= range[1]) {
    low = range[0];
    high = range[1];
  }
  int64_t *to = result.mutableInts();
  for (int64_t i = 0; i < count; ++i)
    to[i] = numbers.nextInteger(low, high);
  result.roundToType();
  return result;
}
