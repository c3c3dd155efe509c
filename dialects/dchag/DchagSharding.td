//===- DchagSharding.td - how values are sharded over the ranks ----*- tablegen -*-===//
#ifndef DCHAG_DCHAGSHARDING
#define DCHAG_DCHAGSHARDING

include "dialects/dchag/DchagAttrs.td"

def Dchag_MeshAttr : Dchag_Attr<"Mesh", "mesh"> {
  let summary = "Axes of the grid of ranks, with their names and sizes";
  let description = [{
    The module attribute `dchag.mesh`, matched by the symbol `shard.grid @mesh` that
    collectives refer to. Ranks are numbered with the last axis fastest. Names are unique,
    sizes are positive.

    ```mlir
    module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 3]>} {
      shard.grid @mesh(shape = 2x3)
    }
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$names,
      ArrayRefParameter<"int64_t">:$sizes);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Name of the module attribute, and of the `shard.grid` that goes with it.
    static constexpr ::llvm::StringLiteral attrName = "dchag.mesh";
    static constexpr ::llvm::StringLiteral gridName = "mesh";

    /// The mesh of the module that holds `op`, or null.
    static MeshAttr lookup(::mlir::Operation *op);
    /// The mesh of these axes; emits an error and returns null if they are invalid.
    static MeshAttr make(::llvm::ArrayRef<std::string> names, ::llvm::ArrayRef<int64_t> sizes,
        ::mlir::Location loc);

    int64_t getNumRanks() const;
    std::optional<unsigned> getAxisIndex(::llvm::StringRef axis) const;
    /// Number of ranks along an axis; the axis must be one of the mesh.
    int64_t getAxisSize(::llvm::StringRef axis) const;
    int64_t getNumRanks(::llvm::ArrayRef<::mlir::StringAttr> axes) const;
    /// Position of `rank` along `axes`, the first slowest.
    int64_t getPosition(int64_t rank, ::llvm::ArrayRef<::mlir::StringAttr> axes) const;
  }];
}

def Dchag_DimShardingAttr : Dchag_Attr<"DimSharding", "dim_sharding"> {
  let summary = "How one dimension is split: the axes, first slowest, and the block size";
  let parameters = (ins OptionalArrayRefParameter<"::mlir::StringAttr">:$axes, "int64_t":$blockSize);
  let assemblyFormat = "`<` `[` (`]`) : ($axes^ `]`)? `block` $blockSize `>`";
  let extraClassDeclaration = [{
    /// Size of the part of each rank: of a dimension of n elements in blocks of b,
    /// b * ceil(ceil(n / b) / ranks), and n if there is one rank.
    int64_t getLocalSize(int64_t globalSize, MeshAttr mesh) const;
    /// The same split with the smallest block size that gives parts of `localSize` elements.
    static DimShardingAttr getForLocalSize(::mlir::MLIRContext *context,
        ::llvm::ArrayRef<::mlir::StringAttr> axes, int64_t localSize, int64_t globalSize,
        MeshAttr mesh);
  }];
}

def Dchag_PartialAttr : Dchag_Attr<"Partial", "partial"> {
  let summary = "A partial result along one axis: the parts of the ranks are still to be combined";
  let parameters = (ins "::mlir::StringAttr":$axis, EnumParameter<Dchag_FactorKind>:$kind);
  let assemblyFormat = "`<` $axis `=` $kind `>`";
}

def Dchag_ShardingAttr : Dchag_Attr<"Sharding", "sharding"> {
  let summary = "How a value is sharded over the ranks of the mesh";
  let description = [{
    For each dimension the axes it is split over, first slowest, and a block size b, 1 unless
    given: a dimension of n elements is split into parts of b * ceil(ceil(n / b) / r)
    elements, r being the number of ranks along the axes (n elements if r is 1). The rank at
    position i holds the elements from i times that size on; what is past the last element of the
    dimension is padding, whose contents are undefined. Along the axes in `partial` every rank holds
    a partial result of each element, to be combined by a sum, maximum or minimum, or, along
    `softmax`, by a sum of parts that are relative to the maximum of the rank (docs/math.md, section
    3), another value that is partial as `max`. A value is replicated along all other axes.

    - (S1) The mesh has the axes.  (S2) An axis is used once.  (S3) There is an entry for
      each dimension.  (S4) Block sizes are positive.  (S5) Partial results are `sum`, `max`,
      `min` or `softmax`.

    ```mlir
    #dchag.sharding<[["dp"], [], ["tp"] block 64]>     // 16 heads of 64 over 3 ranks: 6, 6 and 4 heads
    #dchag.sharding<[[], []], partial = ["tp" = sum]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"DimShardingAttr">:$dims,
      ArrayRefParameter<"PartialAttr">:$partials);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Attribute of arguments and results of functions, and the type before distribution.
    static constexpr ::llvm::StringLiteral attrName = "dchag.sharding";
    static constexpr ::llvm::StringLiteral globalTypeAttrName = "dchag.global";

    static ShardingAttr getReplicated(::mlir::MLIRContext *context, unsigned rank);
    /// Replicated if `type` is no ranked tensor.
    static ShardingAttr getReplicated(::mlir::Type type);

    /// Checks (S1) and (S3), which need a mesh and a type.
    ::llvm::LogicalResult verifyFor(
        ::llvm::function_ref<::mlir::InFlightDiagnostic()> emitError, ::mlir::Type globalType,
        MeshAttr mesh) const;

    unsigned getRank() const { return getDims().size(); }
    bool isSplit() const;
    bool isPartial() const { return !getPartials().empty(); }
    bool isReplicated() const { return !isSplit() && !isPartial(); }
    bool usesAxis(::mlir::StringAttr axis) const;
    ShardingAttr dropPartials() const;

    int64_t getLocalSize(unsigned dim, int64_t globalSize, MeshAttr mesh) const {
      return getDims()[dim].getLocalSize(globalSize, mesh);
    }
    ::mlir::Type getLocalType(::mlir::Type globalType, MeshAttr mesh) const;
    /// First global element of dimension `dim` that `rank` holds; at or past the end of
    /// the dimension when it holds padding only.
    int64_t getShardOffset(int64_t rank, unsigned dim, int64_t globalSize, MeshAttr mesh) const;
    /// Number of elements of dimension `dim` that `rank` holds without padding.
    int64_t getShardSize(int64_t rank, unsigned dim, int64_t globalSize, MeshAttr mesh) const;
    /// Whether the parts of dimension `dim` hold more than `globalSize` elements in all.
    bool isPadded(unsigned dim, int64_t globalSize, MeshAttr mesh) const;
    /// Whether both put the same elements on the same ranks: block sizes and axes of one rank may differ.
    bool isSameLayout(ShardingAttr other, ::mlir::Type globalType, MeshAttr mesh) const;
  }];
}

def Dchag_MarkPriority : I32EnumAttr<"MarkPriority", "origin of a mark: the first wins", [
    I32EnumAttrCase<"User", 0, "user">,
    I32EnumAttrCase<"Weights", 1, "weights">,
    I32EnumAttrCase<"Activations", 2, "activations">]> {
  let cppNamespace = "::mlir::dchag";
  let genSpecializedAttr = 0;
}

def Dchag_MarkAttr : Dchag_Attr<"Mark", "mark"> {
  let summary = "A sharding that a strategy or the user requests for one value";
  let description = [{
    Decides where the mesh axes `axes` go: to the dimensions that `sharding` splits over them, or
    to none. All other axes are left open. `by` names the origin. Strategies put lists of
    marks on ops (`dchag.marks`, a list for each result) and on arguments of functions;
    `propagate` reads them, marks of the first priority first.

    - (M1) `sharding` splits over `axes` only and has no partial results.

    ```mlir
    #dchag.mark<<[[], ["tp"]]>, axes = ["tp"], weights, by "widths">
    ```
  }];
  let parameters = (ins "ShardingAttr":$sharding, "ArrayAttr":$axes,
      EnumParameter<Dchag_MarkPriority>:$priority, "StringAttr":$by);
  let assemblyFormat = [{
    `<` $sharding `,` `axes` `=` $axes `,` $priority `,` `by` $by `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Attribute of ops (a list of lists) and of arguments (a list).
    static constexpr ::llvm::StringLiteral attrName = "dchag.marks";
    /// Whether it decides where `axis` goes.
    bool decides(::mlir::StringAttr axis) const {
      return ::llvm::is_contained(getAxes(), ::mlir::Attribute(axis));
    }
  }];
}

def Dchag_ChannelSplitAttr : Dchag_Attr<"ChannelSplit", "channel_split"> {
  let summary = "A request to split the channels of an aggregation over ranks";
  let description = [{
    `annotate-aggregations` puts it on an aggregation (`dchag.channel_split`) that must be written
    in another form before its channels can be split, which `split-aggregates` does. With `groups`
    above 1 the mesh axis is replaced by two: groups are split over `groups` ranks, and the channels
    of each over the others. `by` names the mode that requests it.

    ```mlir
    #dchag.channel_split<["tp"], groups = 2, by "hierarchical">
    ```

    - (S1) `axes` names one axis or more, each once; `groups` is positive.
  }];
  let genVerifyDecl = 1;
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$axes, "int64_t":$groups,
      "::mlir::StringAttr":$by);
  let assemblyFormat = "`<` `[` $axes `]` `,` `groups` `=` $groups `,` `by` $by `>`";
  let extraClassDeclaration = [{
    /// Attribute of ops.
    static constexpr ::llvm::StringLiteral attrName = "dchag.channel_split";
  }];
}

#endif // DCHAG_DCHAGSHARDING
