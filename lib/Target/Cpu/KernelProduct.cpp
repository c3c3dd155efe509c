//===- KernelProduct.cpp - products within a tile --------------------------*- C++ -*-===//

#include "KernelProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::dchag;

ProductEmitter::ProductEmitter(BodyEmitter &body, unsigned vectorBits)
    : body(body), b(body.b), loc(body.loc) {
  isProduct = matchBody() && findLoops();
  if (!isProduct)
    return;
  // Sums, a vector of one operand and a number of the other are in registers at the same time.
  int64_t lanes = vectorBits / sumType.getIntOrFloatBitWidth();
  maxColumns = 2 * lanes;
  maxRows = vectorBits >= 512 ? 8 : 4;
}

/// The block argument that is converted or taken as it is; null otherwise.
static BlockArgument getFactor(Value value) {
  if (auto extension = value.getDefiningOp<arith::ExtFOp>())
    value = extension.getIn();
  return dyn_cast<BlockArgument>(value);
}

/// yield init + lhs * rhs
bool ProductEmitter::matchBody() {
  linalg::GenericOp op = body.op;
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0)
    return false;
  Block *block = op.getBlock();
  auto sum = block->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  BlockArgument total = block->getArgument(2);
  Value addend = sum.getLhs() == total ? sum.getRhs() : sum.getLhs();
  auto product = addend.getDefiningOp<arith::MulFOp>();
  if ((sum.getLhs() != total && sum.getRhs() != total) || !product)
    return false;
  BlockArgument lhs = getFactor(product.getLhs()), rhs = getFactor(product.getRhs());
  if (!lhs || !rhs || lhs == rhs || lhs == total || rhs == total)
    return false;
  sumType = total.getType();
  init = op.getDpsInitOperand(0);
  return llvm::all_of(op.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isProjectedPermutation(); });
}

bool ProductEmitter::findLoops() {
  linalg::GenericOp op = body.op;
  OpOperand *operands[] = {op.getDpsInputOperand(0), op.getDpsInputOperand(1)};
  auto has = [&](OpOperand *operand, unsigned loop) {
    return op.getMatchingIndexingMap(operand).isFunctionOfDim(loop);
  };
  std::optional<unsigned> found;
  for (unsigned loop = 0; loop < body.sizes.size(); ++loop)
    for (unsigned i = 0; i < 2; ++i)
      if (body.sizes[loop] > 1 && has(init, loop) && has(operands[i], loop) &&
          !has(operands[1 - i], loop) && body.isVectorAccess(*init, loop) &&
          body.isVectorAccess(*operands[i], loop)) {
        found = loop;
        vectors = operands[i];
        scalars = operands[1 - i];
      }
  if (!found)
    return false;
  column = *found;
  for (unsigned loop = 0; loop < body.sizes.size(); ++loop) {
    if (!has(init, loop))
      sums.push_back(loop);
    else if (has(scalars, loop) && !has(vectors, loop) &&
             (!hasRow || body.sizes[loop] > body.sizes[row])) {
      row = loop;
      hasRow = true;
    }
  }
  for (unsigned loop = 0; loop < body.sizes.size(); ++loop)
    if (has(init, loop) && loop != column && !(hasRow && loop == row))
      outer.push_back(loop);
  return true;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Blocks of `step` positions of a loop and one of the rest; `emit` is given the size of a block.
void ProductEmitter::forEach(unsigned loop, int64_t step, llvm::function_ref<void(int64_t)> emit) {
  int64_t size = body.sizes[loop], full = size / step * step;
  if (full > step) {
    auto blocks =
        scf::ForOp::create(b, loc, body.constant(0), body.constant(full), body.constant(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(blocks.getBody());
    body.indices[loop] = blocks.getInductionVar();
    emit(step);
  } else if (full == step) {
    body.indices[loop] = body.constant(0);
    emit(step);
  }
  if (full == size)
    return;
  body.indices[loop] = body.constant(full);
  emit(size - full);
}

void ProductEmitter::emit() { emitOuter(outer); }

void ProductEmitter::emitOuter(ArrayRef<unsigned> loops) {
  if (loops.empty())
    return emitColumns();
  forEach(loops.front(), 1, [&](int64_t) { emitOuter(loops.drop_front()); });
}

void ProductEmitter::emitColumns() {
  forEach(column, maxColumns, [&](int64_t columns) { emitRows(columns); });
}

void ProductEmitter::emitRows(int64_t columns) {
  if (!hasRow)
    return emitBlock(1, columns);
  forEach(row, maxRows, [&](int64_t rows) { emitBlock(rows, columns); });
}

//===----------------------------------------------------------------------===//
// One block
//===----------------------------------------------------------------------===//

/// `value` in the type of the sums.
Value ProductEmitter::widen(Value value) {
  Type type = sumType;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = vector.clone(sumType);
  return type == value.getType() ? value : arith::ExtFOp::create(b, loc, type, value).getResult();
}

void ProductEmitter::emitSums(ArrayRef<unsigned> loops, SmallVectorImpl<Value> &totals) {
  if (!loops.empty()) {
    auto loop =
        scf::ForOp::create(b, loc, body.constant(0), body.constant(body.sizes[loops.front()]),
                           body.constant(1), totals);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body.indices[loops.front()] = loop.getInductionVar();
    SmallVector<Value> carried(loop.getRegionIterArgs());
    emitSums(loops.drop_front(), carried);
    scf::YieldOp::create(b, loc, carried);
    totals.assign(loop.result_begin(), loop.result_end());
    return;
  }
  auto type = cast<VectorType>(totals.front().getType());
  auto element = cast<MemRefType>(vectors->get().getType()).getElementType();
  Value factors = widen(vector::LoadOp::create(b, loc, type.clone(element), vectors->get(),
                                               body.getIndices(*vectors)));
  Value first = hasRow ? body.indices[row] : Value();
  for (auto [i, total] : llvm::enumerate(totals)) {
    if (hasRow && i > 0)
      body.indices[row] = arith::AddIOp::create(b, loc, first, body.constant(i));
    Value number = widen(
        memref::LoadOp::create(b, loc, scalars->get(), body.getIndices(*scalars)).getResult());
    Value wide = vector::BroadcastOp::create(b, loc, type, number);
    total = vector::FMAOp::create(b, loc, wide, factors, total);
  }
  if (hasRow)
    body.indices[row] = first;
}

void ProductEmitter::emitBlock(int64_t rows, int64_t columns) {
  auto type = VectorType::get({columns}, sumType);
  Value first = hasRow ? body.indices[row] : Value();
  auto atRow = [&](int64_t i) {
    if (hasRow)
      body.indices[row] =
          i == 0 ? first : arith::AddIOp::create(b, loc, first, body.constant(i)).getResult();
    return body.getIndices(*init);
  };
  SmallVector<Value> totals;
  for (int64_t i = 0; i < rows; ++i)
    totals.push_back(vector::LoadOp::create(b, loc, type, init->get(), atRow(i)));
  if (hasRow)
    body.indices[row] = first;
  emitSums(sums, totals);
  for (int64_t i = 0; i < rows; ++i)
    vector::StoreOp::create(b, loc, totals[i], init->get(), atRow(i));
  if (hasRow)
    body.indices[row] = first;
}
