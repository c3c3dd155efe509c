//===- Matmul.cpp - matrix products by the runtime -------------------------*- C++ -*-===//

#include "dialects/dchag/DecomposeUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/dchag_rt/Destination.h"
#include "dialects/interfaces/EvalContract.h"
#include "dialects/interfaces/EvalMath.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::rt;

void rt::getDestinationEffects(DestinationStyleOpInterface op, bool readsInit,
                               SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool isInit = op.isDpsInit(&operand);
    if (!isInit || readsInit)
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (isInit)
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

LogicalResult rt::verifyDestination(DestinationStyleOpInterface op, StringRef label) {
  Type init = op.getDpsInits().front().getType();
  for (Value operand : op->getOperands())
    if (isa<MemRefType>(operand.getType()) != isa<MemRefType>(init))
      return op->emitOpError() << label << " mixes tensors and buffers: got " << operand.getType()
                               << " beside " << init;
  if (isa<MemRefType>(init))
    return op->getNumResults() == 0
               ? success()
               : op->emitOpError() << label << " writes a buffer and has no result: got one";
  if (op->getNumResults() != 1 || op->getResult(0).getType() != init)
    return op->emitOpError() << label << " must have one result of the type of its init, " << init;
  return success();
}

SmallVector<int64_t> MatmulOp::getLoopSizes() {
  SmallVector<int64_t> sizes(getInitMap().getNumDims(), 1);
  for (auto [index, operand] : llvm::enumerate(getOperands()))
    for (auto [position, size] : llvm::enumerate(cast<ShapedType>(operand.getType()).getShape()))
      sizes[getMap(index).getDimPosition(position)] = size;
  return sizes;
}

void MatmulOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getDestinationEffects(*this, getAccumulate(), effects);
}

//===----------------------------------------------------------------------===//
// What it computes
//===----------------------------------------------------------------------===//

/// Dimensions of the result that `map`, that of an operand broadcast to it, lacks.
static SmallVector<int64_t> getRepeatedDims(AffineMap map, AffineMap init) {
  SmallVector<int64_t> dims;
  for (auto [position, expr] : llvm::enumerate(init.getResults()))
    if (!map.isFunctionOfDim(cast<AffineDimExpr>(expr).getPosition()))
      dims.push_back(position);
  return dims;
}

/// `bias` with its dimensions in the order of the result.
static Value sortDims(TensorBuilder &t, Value bias, AffineMap map, AffineMap init) {
  SmallVector<int64_t> permutation;
  for (AffineExpr expr : init.getResults())
    if (std::optional<unsigned> position = map.getResultPosition(expr))
      permutation.push_back(*position);
  return t.transpose(bias, permutation);
}

static GeluKind getGeluKind(Activation activation) {
  return activation == Activation::GeluErf ? GeluKind::Erf : GeluKind::Tanh;
}

Value MatmulOp::decompose(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  auto dimsOf = [&](unsigned operand) {
    SmallVector<unsigned> dims;
    for (unsigned i = 0; i < getMap(operand).getNumResults(); ++i)
      dims.push_back(getMap(operand).getDimPosition(i));
    return dims;
  };
  unsigned init = getNumOperands() - 1;
  Value sum = d.TensorBuilder::contract(getLhs(), dimsOf(0), getRhs(), dimsOf(1), dimsOf(init),
                                        widened(elementTypeOf(getLhs())));
  sum = d.scale(sum, getAlpha().convertToDouble());
  if (Value bias = getBias()) {
    SmallVector<int64_t> repeated = getRepeatedDims(getMap(2), getInitMap());
    bias = d.broadcast(sortDims(d, d.wide(bias), getMap(2), getInitMap()), shapeOf(sum), repeated);
    sum = d.add(sum, bias);
  }
  if (getAccumulate())
    sum = d.add(sum, getInit());
  if (getActivation() != Activation::None)
    sum = GeluOp::create(builder, getLoc(), sum.getType(), sum, getGeluKind(getActivation()));
  return d.rounded(sum, elementTypeOf(getInit()));
}

RuleAttr MatmulOp::getShardingRule() {
  RuleBuilder rule(*this);
  for (auto [dim, size] : llvm::enumerate(getLoopSizes()))
    rule.factor(size, getInitMap().isFunctionOfDim(dim) ? FactorKind::Parallel : FactorKind::Sum);
  for (unsigned operand = 0; operand < getNumOperands(); ++operand) {
    SmallVector<int64_t> dims;
    for (unsigned i = 0; i < getMap(operand).getNumResults(); ++i)
      dims.push_back(getMap(operand).getDimPosition(i));
    rule.operand(operand, dims);
    if (operand + 1 == getNumOperands() && getResult())
      rule.result(0, dims);
  }
  return rule.build();
}

double MatmulOp::getFlops() {
  double flops = 2;
  for (int64_t size : getLoopSizes())
    flops *= static_cast<double>(size);
  return flops;
}

double MatmulOp::getBytes() {
  double bytes = getTensorBytes(getInit().getType()) * (getAccumulate() ? 2 : 1);
  for (Value operand : {getLhs(), getRhs(), getBias()})
    if (operand)
      bytes += getTensorBytes(operand.getType());
  return bytes;
}

LogicalResult MatmulOp::evaluate(ArrayRef<EvalTensor> operands,
                                 SmallVectorImpl<EvalTensor> &results) {
  unsigned init = getNumOperands() - 1;
  EvalTensor sums[] = {operands[0], operands[1], EvalTensor(getInit().getType())};
  FailureOr<ContractLoops> loops =
      getContractLoops(*this, {getMap(0), getMap(1), getInitMap()}, sums);
  if (failed(loops))
    return failure();
  EvalTensor result = std::move(sums[2]);
  addContraction(*loops, operands[0], operands[1], result);
  double *values = result.mutableFloats();
  // Strides of the bias in the dimensions of the result.
  SmallVector<int64_t> strides(result.getRank(), 0);
  if (getBias())
    for (auto [position, expr] : llvm::enumerate(getInitMap().getResults()))
      if (std::optional<unsigned> dim = getMap(2).getResultPosition(expr))
        strides[position] = operands[2].getStrides()[*dim];
  std::vector<int64_t> biasAt = offsetsOf(result.getShape(), strides);
  for (int64_t i = 0; i < result.getNumElements(); ++i) {
    values[i] *= getAlpha().convertToDouble();
    if (getBias())
      values[i] += operands[2].floats()[biasAt[i]];
    if (getAccumulate())
      values[i] += operands[init].floats()[i];
    if (getActivation() != Activation::None)
      values[i] = GeluOp::compute(values[i], getGeluKind(getActivation()));
  }
  results.push_back(std::move(result));
  return success();
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

/// (M1), of one operand; `sizes` collects the sizes of the dimensions, 0 where unknown.
static LogicalResult verifyMap(MatmulOp op, unsigned operand, SmallVectorImpl<int64_t> &sizes) {
  AffineMap map = op.getMap(operand);
  auto type = cast<ShapedType>(op->getOperand(operand).getType());
  if (!map.isProjectedPermutation() || map.getNumDims() != sizes.size() ||
      map.getNumResults() != type.getRank())
    return op.emitOpError("(M1) operand ")
           << operand << " of type " << type << " needs a projected permutation of " << sizes.size()
           << " dimensions with " << type.getRank() << " results: got " << AffineMapAttr::get(map);
  for (auto [position, size] : llvm::enumerate(type.getShape())) {
    int64_t &known = sizes[map.getDimPosition(position)];
    if (known && known != size)
      return op.emitOpError("(M1) dimension d")
             << map.getDimPosition(position) << " has size " << known << " and, in operand "
             << operand << ", size " << size;
    known = size;
  }
  return success();
}

LogicalResult MatmulOp::verify() {
  if (getIndexingMaps().size() != getNumOperands())
    return emitOpError("(M1) needs one indexing map for each of its ")
           << getNumOperands() << " operands: got " << getIndexingMaps().size();
  SmallVector<int64_t> sizes(getInitMap().getNumDims(), 0);
  for (unsigned operand = 0; operand < getNumOperands(); ++operand)
    if (failed(verifyMap(*this, operand, sizes)))
      return failure();
  for (unsigned dim = 0; dim < sizes.size(); ++dim) {
    auto has = [&](unsigned operand) { return getMap(operand).isFunctionOfDim(dim); };
    bool inInit = getInitMap().isFunctionOfDim(dim);
    if (inInit ? !(has(0) || has(1)) : !(has(0) && has(1)))
      return emitOpError("(M2) dimension d")
             << dim
             << (inInit ? " of the result is one of lhs or rhs"
                        : " is summed over, so it is one of both lhs and rhs")
             << ": got " << getIndexingMaps();
    if (getBias() && has(2) && !inInit)
      return emitOpError("(M2) the bias has dimension d") << dim << ", which is summed over";
  }
  Type element = getElementTypeOrSelf(getLhs());
  if (!isa<FloatType>(element) || getElementTypeOrSelf(getRhs()) != element)
    return emitOpError("(M3) needs one floating-point type of lhs and rhs: got ")
           << element << " and " << getElementTypeOrSelf(getRhs());
  for (Value value : {getBias(), getInit()})
    if (value && !isa<FloatType>(getElementTypeOrSelf(value)))
      return emitOpError("(M3) needs floating-point types of bias and init: got ")
             << getElementTypeOrSelf(value);
  return verifyDestination(*this, "(M4)");
}
