//===- SetMesh.cpp - the grid of ranks of a module -------------------------*- C++ -*-===//

#include "dchag/Distribute/Passes.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_SETMESH
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct SetMesh : mlir::dchag::impl::SetMeshBase<SetMesh> {
  using SetMeshBase::SetMeshBase;

  void runOnOperation() override {
    if (failed(run(getOperation())))
      signalPassFailure();
  }

  LogicalResult run(ModuleOp module) {
    MeshAttr attr = mesh.empty() ? MeshAttr::lookup(module)
                                 : MeshAttr::make(mesh.names, mesh.sizes, module.getLoc());
    if (!attr)
      return mesh.empty() ? module.emitError("has no mesh to distribute over: give one, such as "
                                             "set-mesh{mesh=tp=2}")
                          : failure();
    module->setAttr(MeshAttr::attrName, attr);
    auto *symbol = module.lookupSymbol(MeshAttr::gridName);
    if (auto grid = dyn_cast_or_null<shard::GridOp>(symbol)) {
      if (grid.getShape() != attr.getSizes())
        return grid.emitOpError("must have the sizes of the mesh ") << attr;
      return success();
    }
    if (symbol)
      return symbol->emitOpError("has the name of the grid of ranks: rename it");
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    shard::GridOp::create(builder, module.getLoc(), MeshAttr::gridName, attr.getSizes());
    return success();
  }
};
} // namespace
