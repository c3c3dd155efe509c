//===- EvalTensor.cpp - values in the interpreters -------------------------*- C++ -*-===//

#include "dialects/interfaces/EvalTensor.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace mlir::dchag;

static int64_t product(ArrayRef<int64_t> shape) {
  int64_t result = 1;
  for (int64_t size : shape)
    result *= size;
  return result;
}

EvalTensor::EvalTensor(ArrayRef<int64_t> shape, Type elementType)
    : shape(shape.begin(), shape.end()), numElements(product(shape)), elementType(elementType) {
  if (isFloat())
    floatData = std::make_shared<std::vector<double>>(numElements);
  else
    intData = std::make_shared<std::vector<int64_t>>(numElements);
}

EvalTensor::EvalTensor(Type type) {
  if (auto shaped = dyn_cast<ShapedType>(type))
    *this = EvalTensor(shaped.getShape(), shaped.getElementType());
  else
    *this = EvalTensor(ArrayRef<int64_t>(), type);
}

double *EvalTensor::mutableFloats() {
  if (floatData.use_count() > 1)
    floatData = std::make_shared<std::vector<double>>(*floatData);
  return floatData->data();
}

int64_t *EvalTensor::mutableInts() {
  if (intData.use_count() > 1)
    intData = std::make_shared<std::vector<int64_t>>(*intData);
  return intData->data();
}

void EvalTensor::copyElement(int64_t to, const EvalTensor &other, int64_t from) {
  if (isFloat())
    mutableFloats()[to] = other.floats()[from];
  else
    mutableInts()[to] = other.ints()[from];
}

EvalTensor EvalTensor::reshaped(ArrayRef<int64_t> newShape) const {
  EvalTensor result = *this;
  result.shape.assign(newShape.begin(), newShape.end());
  return result;
}

EvalTensor EvalTensor::withElementType(Type type) const {
  EvalTensor result = *this;
  result.elementType = type;
  return result;
}

/// Nearest value of the float type, ties to even, as the hardware rounds.
static double roundFloat(double value, const llvm::fltSemantics &semantics) {
  llvm::APFloat number(value);
  bool losesInfo;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  number.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToDouble();
}

void EvalTensor::roundToType() {
  if (auto type = dyn_cast<FloatType>(elementType)) {
    if (type.isF64())
      return;
    double *data = mutableFloats();
    for (int64_t i = 0; i < numElements; ++i)
      data[i] = type.isF32() ? static_cast<double>(static_cast<float>(data[i]))
                             : roundFloat(data[i], type.getFloatSemantics());
    return;
  }
  auto type = dyn_cast<IntegerType>(elementType);
  if (!type || type.getWidth() >= 64)
    return;
  unsigned shift = 64 - type.getWidth();
  int64_t *data = mutableInts();
  for (int64_t i = 0; i < numElements; ++i) {
    uint64_t shifted = static_cast<uint64_t>(data[i]) << shift;
    // Booleans are 0 or 1; wider integers are kept sign extended.
    data[i] = type.getWidth() == 1 ? static_cast<int64_t>(shifted >> shift)
                                   : static_cast<int64_t>(shifted) >> shift;
  }
}

SmallVector<int64_t> EvalTensor::getStrides() const {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t d = static_cast<int64_t>(shape.size()) - 2; d >= 0; --d)
    strides[d] = strides[d + 1] * shape[d + 1];
  return strides;
}

void mlir::dchag::forEachIndex(ArrayRef<int64_t> shape,
                               llvm::function_ref<void(ArrayRef<int64_t>)> fn) {
  if (llvm::is_contained(shape, 0))
    return;
  SmallVector<int64_t> index(shape.size(), 0);
  while (true) {
    fn(index);
    int64_t d = static_cast<int64_t>(shape.size()) - 1;
    for (; d >= 0; --d) {
      if (++index[d] < shape[d])
        break;
      index[d] = 0;
    }
    if (d < 0)
      return;
  }
}
