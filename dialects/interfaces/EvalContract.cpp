//===- EvalContract.cpp - contractions in the interpreters -----------------*- C++ -*-===//

#include "dialects/interfaces/EvalContract.h"
#include "dialects/interfaces/EvalMath.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace mlir::dchag;

int64_t ContractLoops::Part::count() const {
  int64_t result = 1;
  for (int64_t size : sizes)
    result *= size;
  return result;
}

std::vector<int64_t> ContractLoops::Part::offsets(unsigned t) const {
  return offsetsOf(sizes, strides[t]);
}

FailureOr<ContractLoops> mlir::dchag::getContractLoops(Operation *op, ArrayRef<AffineMap> maps,
                                                       ArrayRef<EvalTensor> tensors) {
  unsigned numLoops = maps[0].getNumDims();
  SmallVector<int64_t> sizes(numLoops, -1);
  SmallVector<std::array<int64_t, 3>> strides(numLoops, {0, 0, 0});
  SmallVector<unsigned> inTensors(numLoops, 0);
  for (auto [t, map] : llvm::enumerate(maps)) {
    SmallVector<int64_t> tensorStrides = tensors[t].getStrides();
    for (auto [d, expr] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      int64_t size = tensors[t].getDim(d);
      if (!dim || (sizes[dim.getPosition()] != -1 && sizes[dim.getPosition()] != size))
        return op->emitOpError("has the indexing map ")
               << AffineMapAttr::get(map)
               << ", wanted a projected permutation with one size for each loop";
      sizes[dim.getPosition()] = size;
      strides[dim.getPosition()][t] += tensorStrides[d];
      inTensors[dim.getPosition()] |= 1u << t;
    }
  }
  ContractLoops loops;
  for (unsigned loop = 0; loop < numLoops; ++loop) {
    bool left = inTensors[loop] & 1, right = inTensors[loop] & 2, result = inTensors[loop] & 4;
    if (!inTensors[loop])
      return op->emitOpError("has a loop that no operand uses");
    ContractLoops::Part &part = !result         ? loops.summed
                                : left && right ? loops.batch
                                : left          ? loops.rows
                                                : loops.columns;
    part.sizes.push_back(sizes[loop]);
    for (unsigned t = 0; t < 3; ++t)
      part.strides[t].push_back(strides[loop][t]);
  }
  return loops;
}

/// Elements of a tensor in the order of two groups of loops, for one batch index.
static std::vector<double> pack(const double *data, ArrayRef<int64_t> outer,
                                ArrayRef<int64_t> inner) {
  std::vector<double> result;
  result.reserve(outer.size() * inner.size());
  for (int64_t i : outer)
    for (int64_t j : inner)
      result.push_back(data[i + j]);
  return result;
}

void mlir::dchag::addContraction(const ContractLoops &loops, const EvalTensor &lhs,
                                 const EvalTensor &rhs, EvalTensor &result) {
  const double *a = lhs.floats(), *b = rhs.floats();
  double *c = result.mutableFloats();
  int64_t m = loops.rows.count(), n = loops.columns.count(), k = loops.summed.count();
  std::vector<int64_t> batchOf[3];
  for (unsigned t = 0; t < 3; ++t)
    batchOf[t] = loops.batch.offsets(t);
  std::vector<int64_t> rowsA = loops.rows.offsets(0), summedA = loops.summed.offsets(0);
  std::vector<int64_t> summedB = loops.summed.offsets(1), columnsB = loops.columns.offsets(1);
  std::vector<int64_t> rowsC = loops.rows.offsets(2), columnsC = loops.columns.offsets(2);
  for (int64_t i = 0, e = loops.batch.count(); i < e; ++i) {
    std::vector<double> packedA = pack(a + batchOf[0][i], rowsA, summedA);
    std::vector<double> packedB = pack(b + batchOf[1][i], summedB, columnsB);
    double *block = c + batchOf[2][i];
    std::vector<double> packedC = pack(block, rowsC, columnsC);
    addProduct(m, n, k, {packedA.data(), k, 1}, {packedB.data(), n, 1}, {packedC.data(), n, 1});
    for (int64_t row = 0; row < m; ++row)
      for (int64_t column = 0; column < n; ++column)
        block[rowsC[row] + columnsC[column]] = packedC[row * n + column];
  }
}
