//===- AnnotateNamed.cpp - shardings that the user wants -------------------*- C++ -*-===//

#include "Marks.h"
#include "dchag/Distribute/Passes.h"
#include "dialects/dchag/Program.h"
#include "llvm/Support/GlobPattern.h"
#include <deque>

namespace mlir::dchag {
#define GEN_PASS_DEF_ANNOTATENAMED
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// The name of a value: the `dchag.name` of an argument, the location's name of a result.
static StringRef nameOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    StringAttr name = Port::of(argument).getNameAttr();
    return name ? name.getValue() : StringRef();
  }
  auto name = value.getLoc()->findInstanceOf<NameLoc>();
  return name ? name.getName().getValue() : StringRef();
}

namespace {
/// One sharding by name: "blocks.*.mlp.fc1.weight=[tp,_]".
struct Request {
  std::string text;
  std::optional<llvm::GlobPattern> pattern;
  /// The axes of each dimension; nullopt: left open.
  SmallVector<std::optional<SmallVector<StringAttr>>> dims;
  unsigned numMatches = 0;
};

struct AnnotateNamed : mlir::dchag::impl::AnnotateNamedBase<AnnotateNamed> {
  using AnnotateNamedBase::AnnotateNamedBase;

  void runOnOperation() override {
    auto found = getMarkedProgram(getOperation());
    if (failed(found) || failed(parse(found->mesh)))
      return signalPassFailure();
    mesh = found->mesh;
    for (func::FuncOp function : found->functions) {
      for (BlockArgument argument : function.getArguments())
        if (failed(apply(argument)))
          return signalPassFailure();
      for (Operation &op : function.front())
        for (OpResult result : op.getResults())
          if (failed(apply(result)))
            return signalPassFailure();
    }
    for (const Request &request : requests)
      if (!request.numMatches) {
        reportUnmatched(request);
        return signalPassFailure();
      }
  }

  LogicalResult parse(MeshAttr meshAttr) {
    for (StringRef text : llvm::split(shard, ';')) {
      if (text.trim().empty())
        continue;
      Request &request = requests.emplace_back();
      request.text = text.trim().str();
      // Names may have '=' in them, shardings have none.
      auto [name, dims] = StringRef(request.text).rsplit('=');
      auto error = [&] {
        return getOperation().emitError("shard '")
               << request.text << "' must be NAME=[AXES,..] with an entry for each dimension, an "
               << "axis, several joined by '+', '_' for none or '?' for open: ";
      };
      auto pattern = llvm::GlobPattern::create(name);
      if (!pattern)
        return error() << llvm::toString(pattern.takeError());
      request.pattern = std::move(*pattern);
      if (!dims.consume_front("[") || !dims.consume_back("]"))
        return error() << "got no list in brackets";
      for (StringRef dim : llvm::split(dims, ',')) {
        auto &axes = request.dims.emplace_back();
        if (dim.trim() == "?")
          continue;
        axes.emplace();
        if (dim.trim() == "_" || dims.trim().empty())
          continue;
        for (StringRef axis : llvm::split(dim.trim(), '+')) {
          if (!meshAttr.getAxisIndex(axis.trim()))
            return error() << "the axes are those of " << meshAttr << ", got '" << axis << "'";
          axes->push_back(StringAttr::get(&getContext(), axis.trim()));
        }
      }
    }
    return success();
  }

  LogicalResult apply(Value value) {
    StringRef name = nameOf(value);
    for (Request &request : requests) {
      if (name.empty() || !request.pattern->match(name))
        continue;
      auto type = dyn_cast<RankedTensorType>(value.getType());
      // Arguments have locations that are names alone.
      Location loc = isa<BlockArgument>(value) ? value.getParentRegion()->getLoc() : value.getLoc();
      if (!type || type.getRank() != int64_t(request.dims.size())) {
        // An op with this name may have intermediate values of other ranks.
        if (isa<OpResult>(value))
          continue;
        return emitError(loc, "'")
               << name << "' is of type " << value.getType() << ": shard '" << request.text
               << "' has " << request.dims.size() << " dimensions";
      }
      auto error = [&]() -> InFlightDiagnostic {
        return std::move(emitError(loc, "'")
                         << name << "' cannot be sharded as '" << request.text << "': ");
      };
      MarkAttr wanted = getMark(request, error);
      if (!wanted)
        return failure();
      addMark(value, wanted);
      ++request.numMatches;
      ++numMarked;
    }
    return success();
  }

  MarkAttr getMark(const Request &request, function_ref<InFlightDiagnostic()> error) {
    SmallVector<DimShardingAttr> dims;
    SmallVector<Attribute> decided;
    bool open = false;
    for (auto &axes : request.dims) {
      open |= !axes;
      dims.push_back(DimShardingAttr::get(
          &getContext(), axes ? ArrayRef<StringAttr>(*axes) : ArrayRef<StringAttr>(), 1));
      if (axes)
        decided.append(axes->begin(), axes->end());
    }
    if (!open)
      decided.assign(mesh.getNames().begin(), mesh.getNames().end());
    auto sharding =
        ShardingAttr::getChecked(error, &getContext(), ArrayRef(dims), ArrayRef<PartialAttr>());
    if (!sharding)
      return {};
    return MarkAttr::get(&getContext(), sharding, ArrayAttr::get(&getContext(), decided),
                         MarkPriority::User, StringAttr::get(&getContext(), request.text));
  }

  /// Suggests the argument with the most similar name.
  void reportUnmatched(const Request &request) {
    StringRef wanted = StringRef(request.text).rsplit('=').first;
    StringRef nearest;
    Type type;
    // There is no similar name for a pattern.
    unsigned best = wanted.find_first_of("*?[") == StringRef::npos ? wanted.size() : 0;
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (BlockArgument argument : function.getArguments())
        if (StringRef name = nameOf(argument); !name.empty())
          if (unsigned distance = name.edit_distance(wanted); distance < best)
            best = distance, nearest = name, type = argument.getType();
    InFlightDiagnostic diag = getOperation().emitError("shard '")
                              << request.text << "' names no parameter, input or op of that many "
                              << "dimensions";
    if (!nearest.empty())
      diag << "; the nearest parameter or input is '" << nearest << "' of type " << type
           << " (a parameter has the shape that is prepared for the step)";
  }

  MeshAttr mesh;
  /// Patterns refer to the text beside them, which must not move: hence a deque.
  std::deque<Request> requests;
};
} // namespace
