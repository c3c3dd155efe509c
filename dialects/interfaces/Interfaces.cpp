//===- Interfaces.cpp - what ops can do for the passes ---------------------*- C++ -*-===//

#include "dialects/interfaces/Interfaces.h"
#include "llvm/IR/Module.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

#include "dialects/interfaces/BufferRole.cpp.inc"
#include "dialects/interfaces/Cost.cpp.inc"
#include "dialects/interfaces/Evaluable.cpp.inc"
#include "dialects/interfaces/Exact.cpp.inc"
#include "dialects/interfaces/ShardingRule.cpp.inc"
#include "dialects/interfaces/SpmdEvaluable.cpp.inc"
#include "dialects/interfaces/Target.cpp.inc"
#include "dialects/interfaces/Tokens.cpp.inc"

int64_t mlir::dchag::getElementBytes(Type element) {
  return llvm::divideCeil(element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 64, 8);
}

double mlir::dchag::getTensorBytes(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped || !shaped.hasStaticShape())
    return 0;
  return static_cast<double>(shaped.getNumElements()) * getElementBytes(shaped.getElementType());
}

double mlir::dchag::bytesOfOperandsAndResults(Operation *op) {
  double bytes = 0;
  auto add = [&](Type type) {
    auto shaped = dyn_cast<RankedTensorType>(type);
    if (shaped && shaped.getElementType().isIntOrFloat())
      bytes += getTensorBytes(shaped);
  };
  llvm::SmallPtrSet<Value, 8> seen;
  for (Value operand : op->getOperands())
    if (seen.insert(operand).second)
      add(operand.getType());
  for (Type type : op->getResultTypes())
    add(type);
  return bytes;
}

Operation *mlir::dchag::cloneWithTypes(Operation *op, OpBuilder &builder, ValueRange operands,
                                       TypeRange resultTypes) {
  Operation *clone = builder.clone(*op);
  clone->setOperands(operands);
  for (auto [result, type] : llvm::zip_equal(clone->getResults(), resultTypes))
    result.setType(type);
  return clone;
}

bool mlir::dchag::hasFewBits(const APFloat &number) {
  APFloat value = number;
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  double scaled = value.convertToDouble() * 1024;
  return !std::isfinite(scaled) || (scaled == std::trunc(scaled) && std::fabs(scaled) < 1048576);
}
