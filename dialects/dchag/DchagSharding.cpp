//===- DchagSharding.cpp - how values are sharded over the ranks -----------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// MeshAttr
//===----------------------------------------------------------------------===//

Attribute MeshAttr::parse(AsmParser &parser, Type) {
  SmallVector<StringAttr> names;
  SmallVector<int64_t> sizes;
  auto parseAxis = [&]() -> ParseResult {
    return failure(parser.parseAttribute(names.emplace_back()) || parser.parseEqual() ||
                   parser.parseInteger(sizes.emplace_back()));
  };
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseAxis) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<MeshAttr>(loc, parser.getContext(), ArrayRef(names), ArrayRef(sizes));
}

void MeshAttr::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(llvm::zip_equal(getNames(), getSizes()), printer, [&](auto axis) {
    printer << std::get<0>(axis) << " = " << std::get<1>(axis);
  });
  printer << "]>";
}

LogicalResult MeshAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               ArrayRef<StringAttr> names, ArrayRef<int64_t> sizes) {
  if (names.size() != sizes.size() || names.empty())
    return emitError() << "mesh must have at least one axis, each with a name and a size";
  llvm::SmallSet<StringRef, 4> seen;
  int64_t ranks = 1;
  for (auto [name, size] : llvm::zip_equal(names, sizes)) {
    if (name.getValue().empty() || !seen.insert(name.getValue()).second)
      return emitError() << "mesh must have axes of different names: got " << name << " twice";
    // Far beyond any machine, and it keeps products of sizes within 64 bits.
    if (size < 1 || size > (int64_t(1) << 20) || (ranks *= size) > (int64_t(1) << 30))
      return emitError() << "mesh axis " << name << " must have a size from 1 to 1048576, "
                         << "and the mesh at most 2^30 ranks: got size " << size;
  }
  return success();
}

MeshAttr MeshAttr::lookup(Operation *op) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!module)
    module = op->getParentOfType<ModuleOp>();
  return module ? module->getAttrOfType<MeshAttr>(attrName) : MeshAttr();
}

MeshAttr MeshAttr::make(ArrayRef<std::string> names, ArrayRef<int64_t> sizes, Location loc) {
  SmallVector<StringAttr> attrs;
  for (StringRef name : names)
    attrs.push_back(StringAttr::get(loc.getContext(), name));
  return getChecked([&] { return emitError(loc); }, loc.getContext(), ArrayRef(attrs), sizes);
}

int64_t MeshAttr::getNumRanks() const {
  return std::accumulate(getSizes().begin(), getSizes().end(), int64_t(1), std::multiplies<>());
}

std::optional<unsigned> MeshAttr::getAxisIndex(StringRef axis) const {
  for (auto [index, name] : llvm::enumerate(getNames()))
    if (name.getValue() == axis)
      return index;
  return std::nullopt;
}

int64_t MeshAttr::getAxisSize(StringRef axis) const {
  std::optional<unsigned> index = getAxisIndex(axis);
  return index ? getSizes()[*index] : 1;
}

int64_t MeshAttr::getNumRanks(ArrayRef<StringAttr> axes) const {
  int64_t ranks = 1;
  for (StringAttr axis : axes)
    ranks *= getAxisSize(axis);
  return ranks;
}

int64_t MeshAttr::getPosition(int64_t rank, ArrayRef<StringAttr> axes) const {
  int64_t position = 0;
  for (StringAttr axis : axes) {
    int64_t stride = 1, size = getAxisSize(axis);
    for (unsigned i = getAxisIndex(axis).value_or(0) + 1; i < getSizes().size(); ++i)
      stride *= getSizes()[i];
    position = position * size + rank / stride % size;
  }
  return position;
}

//===----------------------------------------------------------------------===//
// DimShardingAttr
//===----------------------------------------------------------------------===//

int64_t DimShardingAttr::getLocalSize(int64_t globalSize, MeshAttr mesh) const {
  int64_t ranks = mesh.getNumRanks(getAxes());
  if (ranks == 1)
    return globalSize;
  int64_t blocks = llvm::divideCeil(globalSize, getBlockSize());
  return getBlockSize() * static_cast<int64_t>(llvm::divideCeil(blocks, ranks));
}

DimShardingAttr DimShardingAttr::getForLocalSize(MLIRContext *context, ArrayRef<StringAttr> axes,
                                                 int64_t localSize, int64_t globalSize,
                                                 MeshAttr mesh) {
  if (axes.empty())
    return get(context, axes, 1);
  int64_t ranks = mesh.getNumRanks(axes);
  auto fits = [&](int64_t blockSize) {
    int64_t blocks = llvm::divideCeil(globalSize, blockSize);
    return blockSize * int64_t(llvm::divideCeil(blocks, ranks)) == localSize;
  };
  // Divisors in pairs, so that long dimensions cost little.
  SmallVector<int64_t> large;
  for (int64_t blockSize = 1; blockSize * blockSize <= localSize; ++blockSize) {
    if (localSize % blockSize != 0)
      continue;
    if (fits(blockSize))
      return get(context, axes, blockSize);
    large.push_back(localSize / blockSize);
  }
  for (int64_t blockSize : llvm::reverse(large))
    if (fits(blockSize))
      return get(context, axes, blockSize);
  return get(context, axes, localSize);
}

//===----------------------------------------------------------------------===//
// ShardingAttr
//===----------------------------------------------------------------------===//

/// ["dp", "tp"] block 64
static ParseResult parseDim(AsmParser &parser, SmallVectorImpl<DimShardingAttr> &dims) {
  SmallVector<StringAttr> axes;
  int64_t blockSize = 1;
  auto parseAxis = [&] { return parser.parseAttribute(axes.emplace_back()); };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseAxis) ||
      (succeeded(parser.parseOptionalKeyword("block")) && parser.parseInteger(blockSize)))
    return failure();
  dims.push_back(DimShardingAttr::get(parser.getContext(), axes, blockSize));
  return success();
}

/// "tp" = sum
static ParseResult parsePartial(AsmParser &parser, SmallVectorImpl<PartialAttr> &partials) {
  StringAttr axis;
  StringRef keyword;
  SMLoc loc;
  if (parser.parseAttribute(axis) || parser.parseEqual() || parser.getCurrentLocation(&loc) ||
      parser.parseKeyword(&keyword))
    return failure();
  std::optional<FactorKind> kind = symbolizeFactorKind(keyword);
  if (!kind)
    return parser.emitError(loc) << "expected sum, max, min or softmax: got " << keyword;
  partials.push_back(PartialAttr::get(parser.getContext(), axis, *kind));
  return success();
}

Attribute ShardingAttr::parse(AsmParser &parser, Type) {
  SmallVector<DimShardingAttr> dims;
  SmallVector<PartialAttr> partials;
  SMLoc loc = parser.getCurrentLocation();
  auto square = AsmParser::Delimiter::Square;
  if (parser.parseLess() ||
      parser.parseCommaSeparatedList(square, [&] { return parseDim(parser, dims); }))
    return {};
  if (succeeded(parser.parseOptionalComma()) &&
      (parser.parseKeyword("partial") || parser.parseEqual() ||
       parser.parseCommaSeparatedList(square, [&] { return parsePartial(parser, partials); })))
    return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<ShardingAttr>(loc, parser.getContext(), ArrayRef(dims),
                                         ArrayRef(partials));
}

void ShardingAttr::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(getDims(), printer, [&](DimShardingAttr dim) {
    printer << "[";
    llvm::interleaveComma(dim.getAxes(), printer);
    printer << "]";
    if (dim.getBlockSize() != 1)
      printer << " block " << dim.getBlockSize();
  });
  printer << "]";
  if (isPartial()) {
    printer << ", partial = [";
    llvm::interleaveComma(getPartials(), printer, [&](PartialAttr partial) {
      printer << partial.getAxis() << " = " << stringifyFactorKind(partial.getKind());
    });
    printer << "]";
  }
  printer << ">";
}

LogicalResult ShardingAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<DimShardingAttr> dims, ArrayRef<PartialAttr> partials) {
  llvm::SmallSet<StringRef, 4> seen;
  auto useAxis = [&](StringAttr axis) -> LogicalResult {
    if (seen.insert(axis.getValue()).second)
      return success();
    return emitError() << "(S2) sharding must use an axis once: got " << axis << " twice";
  };
  for (DimShardingAttr dim : dims) {
    if (dim.getBlockSize() < 1)
      return emitError() << "(S4) sharding must have positive block sizes: got "
                         << dim.getBlockSize();
    for (StringAttr axis : dim.getAxes())
      if (failed(useAxis(axis)))
        return failure();
  }
  for (PartialAttr partial : partials) {
    FactorKind kind = partial.getKind();
    if (!llvm::is_contained(
            {FactorKind::Sum, FactorKind::Max, FactorKind::Min, FactorKind::Softmax}, kind))
      return emitError() << "(S5) partial result must be sum, max, min or softmax: got "
                         << stringifyFactorKind(kind);
    if (failed(useAxis(partial.getAxis())))
      return failure();
  }
  return success();
}

ShardingAttr ShardingAttr::getReplicated(MLIRContext *context, unsigned rank) {
  SmallVector<DimShardingAttr> dims(rank, DimShardingAttr::get(context, {}, 1));
  return get(context, dims, {});
}

ShardingAttr ShardingAttr::getReplicated(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return getReplicated(type.getContext(), tensor ? tensor.getRank() : 0);
}

LogicalResult ShardingAttr::verifyFor(function_ref<InFlightDiagnostic()> emitError, Type type,
                                      MeshAttr mesh) const {
  auto tensor = dyn_cast<RankedTensorType>(type);
  unsigned rank = tensor ? tensor.getRank() : 0;
  if (rank != getRank())
    return emitError() << "(S3) sharding must have an entry for each dimension: got " << getRank()
                       << " entries for " << type;
  auto checkAxis = [&](StringAttr axis) -> LogicalResult {
    if (mesh.getAxisIndex(axis))
      return success();
    return emitError() << "(S1) sharding must use axes of " << mesh << ": got " << axis;
  };
  for (DimShardingAttr dim : getDims())
    for (StringAttr axis : dim.getAxes())
      if (failed(checkAxis(axis)))
        return failure();
  for (PartialAttr partial : getPartials())
    if (failed(checkAxis(partial.getAxis())))
      return failure();
  return success();
}

bool ShardingAttr::isSplit() const {
  return llvm::any_of(getDims(), [](DimShardingAttr dim) { return !dim.getAxes().empty(); });
}

bool ShardingAttr::usesAxis(StringAttr axis) const {
  return llvm::any_of(
             getDims(),
             [&](DimShardingAttr dim) { return llvm::is_contained(dim.getAxes(), axis); }) ||
         llvm::any_of(getPartials(), [&](PartialAttr p) { return p.getAxis() == axis; });
}

ShardingAttr ShardingAttr::dropPartials() const { return get(getContext(), getDims(), {}); }

Type ShardingAttr::getLocalType(Type globalType, MeshAttr mesh) const {
  auto tensor = dyn_cast<RankedTensorType>(globalType);
  if (!tensor)
    return globalType;
  SmallVector<int64_t> shape(tensor.getShape());
  for (auto [dim, size] : llvm::enumerate(shape))
    size = getLocalSize(dim, size, mesh);
  return tensor.clone(shape);
}

int64_t ShardingAttr::getShardOffset(int64_t rank, unsigned dim, int64_t globalSize,
                                     MeshAttr mesh) const {
  ArrayRef<StringAttr> axes = getDims()[dim].getAxes();
  return mesh.getPosition(rank, axes) * getLocalSize(dim, globalSize, mesh);
}

int64_t ShardingAttr::getShardSize(int64_t rank, unsigned dim, int64_t globalSize,
                                   MeshAttr mesh) const {
  int64_t rest = globalSize - getShardOffset(rank, dim, globalSize, mesh);
  return std::max<int64_t>(0, std::min(rest, getLocalSize(dim, globalSize, mesh)));
}

bool ShardingAttr::isPadded(unsigned dim, int64_t globalSize, MeshAttr mesh) const {
  int64_t ranks = mesh.getNumRanks(getDims()[dim].getAxes());
  return getLocalSize(dim, globalSize, mesh) * ranks > globalSize;
}

bool ShardingAttr::isSameLayout(ShardingAttr other, Type globalType, MeshAttr mesh) const {
  // An axis of one rank changes nothing.
  auto getAxes = [&](DimShardingAttr dim) {
    return llvm::filter_to_vector(dim.getAxes(),
                                  [&](StringAttr axis) { return mesh.getAxisSize(axis) > 1; });
  };
  auto getPartialAxes = [&](ShardingAttr sharding) {
    return llvm::filter_to_vector(sharding.getPartials(), [&](PartialAttr partial) {
      return mesh.getAxisSize(partial.getAxis()) > 1;
    });
  };
  if (getRank() != other.getRank() || getPartialAxes(*this) != getPartialAxes(other))
    return false;
  for (auto [a, b] : llvm::zip_equal(getDims(), other.getDims()))
    if (getAxes(a) != getAxes(b))
      return false;
  return getLocalType(globalType, mesh) == other.getLocalType(globalType, mesh);
}

//===----------------------------------------------------------------------===//
// MarkAttr
//===----------------------------------------------------------------------===//

LogicalResult MarkAttr::verify(function_ref<InFlightDiagnostic()> emitError, ShardingAttr sharding,
                               ArrayAttr axes, MarkPriority, StringAttr) {
  if (sharding.isPartial())
    return emitError() << "(M1) mark must not request partial results: got " << sharding;
  for (DimShardingAttr dim : sharding.getDims())
    for (StringAttr axis : dim.getAxes())
      if (!llvm::is_contained(axes, Attribute(axis)))
        return emitError() << "(M1) mark must split over its axes " << axes << " only: got "
                           << axis;
  return success();
}

LogicalResult ChannelSplitAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                       ArrayRef<StringAttr> axes, int64_t groups, StringAttr) {
  llvm::SmallDenseSet<StringAttr> names(axes.begin(), axes.end());
  if (axes.empty() || names.size() != axes.size() || groups < 1) // (S1)
    return emitError() << "(S1) a request to split channels must name axes, each once, and a "
                       << "positive number of groups: got " << ArrayRef<StringAttr>(axes) << " and "
                       << groups;
  return success();
}
