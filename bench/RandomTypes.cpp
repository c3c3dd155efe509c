//===- RandomTypes.cpp - types of programs made at random ------------------*- C++ -*-===//

#include "bench/RandomTypes.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;

bench::TypeOption::TypeOption()
    : opt("type", llvm::cl::init(FloatKind::F32),
          llvm::cl::desc("type of the numbers (default f32)"),
          llvm::cl::values(clEnumValN(FloatKind::F32, "f32", ""),
                           clEnumValN(FloatKind::BF16, "bf16", ""),
                           clEnumValN(FloatKind::F16, "f16", ""))) {}

std::string bench::putInType(std::string text, FloatKind kind) {
  if (kind == FloatKind::F32)
    return text;
  auto replace = [&](StringRef from, StringRef to) {
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  };
  bool isHalf = kind == FloatKind::F16;
  replace("f32", isHalf ? "f16" : "bf16");
  replace("0xFF800000", isHalf ? "0xFC00" : "0xFF80");
  replace("0x7F800000", isHalf ? "0x7C00" : "0x7F80");
  return text;
}
