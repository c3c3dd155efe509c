//===- ExtractReads.cpp - views of file parameters become reads ------------*- C++ -*-===//

#include "Names.h"
#include "Reads.h"
#include "dchag/Prepare/Passes.h"
#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_EXTRACTREADS
#include "dchag/Prepare/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static ArrayAttr makeReads(const Boxes &boxes, MLIRContext *context) {
  SmallVector<Attribute> reads;
  for (const Box &box : boxes) {
    auto array = [&](ArrayRef<int64_t> values) { return DenseI64ArrayAttr::get(context, values); };
    Port port = Port::of(box.parameter);
    auto type = ReadAttr::withSign(cast<RankedTensorType>(port.getType()), port.isUnsigned());
    reads.push_back(ReadAttr::get(context, StringAttr::get(context, port.getName()), type,
                                  box.offset, array(box.strides), array(box.at), array(box.sizes)));
  }
  return ArrayAttr::get(context, reads);
}

/// Replaces views of padding alone by zeros, so that they use no parameter. Returns whether there
/// were any.
static bool foldZeros(Block &block, ReadAnalysis &analysis) {
  bool isChanged = false;
  for (Operation &op : block) {
    const Boxes *boxes = op.getNumResults() == 1 ? analysis.getBoxes(op.getResult(0)) : nullptr;
    if (!boxes || !boxes->empty() || !getView(&op))
      continue;
    OpBuilder b(&op);
    Value zeros =
        arith::ConstantOp::create(b, op.getLoc(), b.getZeroAttr(op.getResult(0).getType()));
    op.getResult(0).replaceAllUsesWith(zeros);
    isChanged = true;
  }
  if (isChanged)
    eraseDeadOps(block);
  return isChanged;
}

/// Views that are results, or operands of ops that are not views.
static llvm::SetVector<Value> findLoaded(Block &block, ReadAnalysis &analysis) {
  llvm::SetVector<Value> loaded;
  for (Operation &op : block) {
    // The operands of a view are read through it.
    if (op.getNumResults() == 1 && analysis.getBoxes(op.getResult(0)))
      continue;
    for (Value operand : op.getOperands()) {
      if (!isa<RankedTensorType>(operand.getType()))
        continue;
      const Boxes *boxes = analysis.getBoxes(operand);
      if (boxes && !boxes->empty())
        loaded.insert(operand);
    }
  }
  return loaded;
}

namespace {
struct ExtractReads : mlir::dchag::impl::ExtractReadsBase<ExtractReads> {
  void runOnOperation() override {
    func::FuncOp prepare = Program(getOperation()).getPrepare();
    if (!prepare || !prepare.getBody().hasOneBlock()) {
      getOperation().emitError("has no function @prepare of one block: run --prepare first");
      return signalPassFailure();
    }
    for (const Port &port : getArguments(prepare))
      if (!(port.hasRole(RoleKind::Param) || port.getRole().isUpdatedInPlace()) ||
          !isa<RankedTensorType>(port.getType())) {
        prepare.emitError() << port << " of @prepare is not a file parameter: it must be a tensor "
                            << "whose " << contract::kRole << " is "
                            << getRoleAttr(&getContext(), RoleKind::Param);
        return signalPassFailure();
      }
    if (!hasStaticShapes(prepare)) {
      prepare.emitError("has dynamically shaped values: bind their sizes at import");
      return signalPassFailure();
    }
    extract(prepare);
  }

  void extract(func::FuncOp prepare) {
    Block &block = prepare.getBody().front();
    eraseDeadOps(block);
    ReadAnalysis analysis;
    if (foldZeros(block, analysis))
      analysis = ReadAnalysis();
    llvm::SetVector<Value> loaded = findLoaded(block, analysis);
    unsigned numParameters = block.getNumArguments();
    SmallVector<PortAttrs> added;
    UniqueNames unique;
    // A view that is a result has the result's name.
    llvm::DenseMap<Value, std::string> names;
    for (OpOperand &operand : block.getTerminator()->getOpOperands())
      if (loaded.contains(operand.get()) && !names.count(operand.get()))
        if (StringAttr name = Port::result(prepare, operand.getOperandNumber()).getNameAttr())
          names[operand.get()] = unique.make(name);
    for (Value value : loaded) {
      std::string name =
          names.count(value) ? names[value] : unique.make(joinNames(getSources(value)));
      PortAttrs &port = added.emplace_back();
      port.name = name;
      port.role = RoleKind::Loaded;
      port.reads = makeReads(*analysis.getBoxes(value), &getContext());
    }
    appendArguments(prepare, loaded.getArrayRef(), added);
    for (auto [index, value] : llvm::enumerate(loaded)) {
      Value argument = block.getArgument(numParameters + index);
      Value(value).replaceUsesWithIf(argument, [&](OpOperand &use) {
        Operation *user = use.getOwner();
        return user->getNumResults() != 1 || !analysis.getBoxes(user->getResult(0));
      });
    }
    eraseDeadOps(block);
    llvm::BitVector old(block.getNumArguments());
    for (unsigned i = 0; i < numParameters; ++i)
      old[i] = !Port::argument(prepare, i).getRole().isUpdatedInPlace();
    (void)prepare.eraseArguments(old);
  }
};
} // namespace
