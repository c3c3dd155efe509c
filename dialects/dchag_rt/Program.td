//===- Program.td - what a scheduled program is made of ------------*- tablegen -*-===//
#ifndef DCHAG_RT_PROGRAM
#define DCHAG_RT_PROGRAM

include "dialects/dchag_rt/RuntimeDialect.td"

class Runtime_Attr<string name, string attrMnemonic> : AttrDef<Runtime_Dialect, name> {
  let mnemonic = attrMnemonic;
  let genVerifyDecl = 1;
}

def Runtime_AxisAttr : Runtime_Attr<"Axis", "axis"> {
  let summary = "An axis of the mesh of ranks";
  let description = [{
    - (A1) `size` is positive.

    ```mlir
    #dchag_rt.axis<"tp", 2>
    ```
  }];
  let parameters = (ins "StringAttr":$name, "int64_t":$size);
  let assemblyFormat = "`<` $name `,` $size `>`";
}

def Runtime_BufferAttr : Runtime_Attr<"Buffer", "buffer"> {
  let summary = "A buffer that outlives a call of an entry point";
  let description = [{
    `type` is that of the global value in files (unsigned integers are `ui8` and so
    on), `local` that of the local shard. `axes` has for each dimension the numbers of the mesh
    axes that it is split over, first slowest; `reads` the parts of file parameters that it is
    filled from.

    - (B1) `role` implements `BufferRoleAttrInterface`; `type` and `local` are static tensors of
      one rank, `axes` has an entry `array<i32>` for each dimension.
    - (B2) A dimension without axes has the global size.
    - (B3) `reads`, a list of `#dchag.read`, is given if the weights file fills the buffer, and
      only then.

    ```mlir
    #dchag_rt.buffer<"x", "input", tensor<4x6xf32>, local = tensor<2x6xf32>, axes = [array<i32: 0>, array<i32>]>
    ```
  }];
  let parameters = (ins "StringAttr":$name, "Attribute":$role, "RankedTensorType":$type,
      "RankedTensorType":$local, "ArrayAttr":$axes, OptionalParameter<"ArrayAttr">:$reads);
  let assemblyFormat = [{
    `<` $name `,` $role `,` $type `,` `local` `=` $local `,` `axes` `=` $axes
    (`,` `reads` `=` $reads^)? `>`
  }];
  let extraClassDeclaration = [{
    BufferRoleAttrInterface getRoleInterface() const {
      return ::llvm::cast<BufferRoleAttrInterface>(getRole());
    }
    ::llvm::ArrayRef<int32_t> getAxesOf(unsigned dim) const {
      return ::llvm::cast<DenseI32ArrayAttr>(getAxes()[dim]).asArrayRef();
    }
  }];
}

def Runtime_EntryTime : I32EnumAttr<"EntryTime", "when the runtime calls an entry point", [
    I32EnumAttrCase<"Load", 0, "load">, I32EnumAttrCase<"Step", 1, "step">,
    I32EnumAttrCase<"Request", 2, "request">]> {
  let cppNamespace = "::mlir::dchag::rt";
  let genSpecializedAttr = 0;
}

def Runtime_EntryAttr : Runtime_Attr<"Entry", "entry"> {
  let summary = "An entry point of a program";
  let description = [{
    `symbol` is the function, called once weights are `load`ed, for each `step`, or instead of the
    step when the user `request`s it by `name`. It reads and writes those of the table's buffers
    that `buffers` numbers, an arena of `arena` bytes, and after it `thread` bytes for each thread of the rank.

    - (E1) `arena` and `thread` are not negative.

    ```mlir
    #dchag_rt.entry<"step", @dchag_model_step, step, buffers = [0, 2], arena = 4096, thread = 256>
    ```
  }];
  let parameters = (ins "StringAttr":$name, "FlatSymbolRefAttr":$symbol,
      EnumParameter<Runtime_EntryTime>:$time, "DenseI32ArrayAttr":$buffers, "int64_t":$arena,
      DefaultValuedParameter<"int64_t", "0">:$thread);
  let assemblyFormat = [{
    `<` $name `,` $symbol `,` $time `,` `buffers` `=` $buffers `,` `arena` `=` $arena
    (`,` `thread` `=` $thread^)? `>`
  }];
  let extraClassDeclaration = [{
    /// How the symbols of entry points begin; their names follow.
    static constexpr ::llvm::StringLiteral symbolPrefix = "dchag_model_";
    EntryAttr withMemory(int64_t arena, int64_t thread) const {
      return get(getContext(), getName(), getSymbol(), getTime(), getBuffers(), arena, thread);
    }
  }];
}

def Runtime_ProgramAttr : Runtime_Attr<"Program", "program"> {
  let summary = "A program as the runtime sees it";
  let description = [{
    The module attribute `dchag_rt.program`, which becomes the descriptor of
    runtime/include/dchag_rt.h: the mesh, the sets of axes that collectives run over, texts for the
    collectives, the table of buffers and the entry points.

    - (P1) Lists hold `#dchag_rt.axis`, `array<i32>`, strings, `#dchag_rt.buffer` and
      `#dchag_rt.entry`.
    - (P2) Numbers of axes and buffers are valid; buffers of one role have different names, and so
      have entry points.

    ```mlir
    module attributes {dchag_rt.program = #dchag_rt.program<"m", axes = [#dchag_rt.axis<"tp", 2>], groups = [array<i32: 0>], sites = ["all_gather #0"], buffers = [], entries = []>} {}
    ```
  }];
  let parameters = (ins "StringAttr":$name, "ArrayAttr":$axes, "ArrayAttr":$groups,
      "ArrayAttr":$sites, "ArrayAttr":$buffers, "ArrayAttr":$entries);
  let assemblyFormat = [{
    `<` $name `,` `axes` `=` $axes `,` `groups` `=` $groups `,` `sites` `=` $sites `,`
    `buffers` `=` $buffers `,` `entries` `=` $entries `>`
  }];
  let extraClassDeclaration = [{
    /// Attribute of modules.
    static constexpr ::llvm::StringLiteral attrName = "dchag_rt.program";
    /// Null if the module has none.
    static ProgramAttr lookup(::mlir::ModuleOp module) {
      return module->getAttrOfType<ProgramAttr>(attrName);
    }
    /// The number of a group of axes, or nullopt.
    std::optional<unsigned> getGroupIndex(DenseI32ArrayAttr axes) const;
    ProgramAttr withEntries(ArrayAttr entries) const {
      return get(getContext(), getName(), getAxes(), getGroups(), getSites(), getBuffers(),
                 entries);
    }
  }];
}

#endif // DCHAG_RT_PROGRAM
