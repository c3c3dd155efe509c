//===- DchagAttrs.td - where parameters come from -----------------*- tablegen -*-===//
#ifndef DCHAG_DCHAGATTRS
#define DCHAG_DCHAGATTRS

include "dialects/dchag/DchagDialect.td"
include "dialects/interfaces/BufferRole.td"

class Dchag_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Dchag_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

/// Spelled as strings: see dialects/dchag/Program.h.
def Dchag_RoleKind : I32EnumAttr<"RoleKind", "role that any program has", [
    I32EnumAttrCase<"Input", 0, "input">,
    I32EnumAttrCase<"Output", 1, "output">,
    I32EnumAttrCase<"Param", 2, "param">,
    I32EnumAttrCase<"Compiled", 3, "compiled">,
    I32EnumAttrCase<"Loaded", 4, "loaded">]> {
  let cppNamespace = "::mlir::dchag";
  let genSpecializedAttr = 0;
}

def Dchag_SourceAttr : Dchag_Attr<"Source", "source"> {
  let summary = "Bytes of a file that hold a parameter";
  let description = [{
    The path is as in the model file, relative to the folder of the model file; elements
    are row major and little endian.

    ```mlir
    #dchag.source<"climax.safetensors", offset = 4096, bytes = 8192>
    ```
  }];
  let parameters = (ins "StringAttr":$file, "int64_t":$offset, "int64_t":$bytes);
  let assemblyFormat = "`<` $file `,` `offset` `=` $offset `,` `bytes` `=` $bytes `>`";
}

def Dchag_ReadAttr : Dchag_Attr<"Read", "read"> {
  let summary = "A strided copy of a part of a file parameter into a loaded value";
  let description = [{
    For every index i with 0 <= i[d] < sizes[d]

        value[at + i] = file[offset + sum_d i[d] * strides[d]]

    `at`, `sizes` and `strides` have one entry for each dimension of the value, `offset`
    and `strides` count elements of the row-major file parameter, whose name and type
    follow. Elements of the value that no read writes are 0. Unsigned integers in the
    file have types such as `ui8` here; types of values are signless.

    ```mlir
    #dchag.read<"blocks.0.qkv.weight", tensor<24x8xf32>, offset = 64, strides = [8, 1], at = [0, 0], sizes = [8, 8]>
    ```
  }];
  let parameters = (ins "StringAttr":$param, "RankedTensorType":$type, "int64_t":$offset,
      "DenseI64ArrayAttr":$strides,
      "DenseI64ArrayAttr":$at, "DenseI64ArrayAttr":$sizes);
  let assemblyFormat = [{
    `<` $param `,` $type `,` `offset` `=` $offset `,` `strides` `=` $strides
    `,` `at` `=` $at `,` `sizes` `=` $sizes `>`
  }];
  let extraClassDeclaration = [{
    /// `type` with elements `ui8` for `i8` and so on, if `isUnsigned` and they are integers.
    static RankedTensorType withSign(RankedTensorType type, bool isUnsigned) {
      auto integer = ::llvm::dyn_cast<IntegerType>(type.getElementType());
      if (!integer || integer.getWidth() == 1)
        return type;
      auto sign = isUnsigned ? IntegerType::Unsigned : IntegerType::Signless;
      return type.clone(IntegerType::get(type.getContext(), integer.getWidth(), sign));
    }
    /// Whether the elements in the file are unsigned integers.
    bool isUnsigned() const { return getType().getElementType().isUnsignedInteger(); }
    /// The type of the parameter in the program.
    RankedTensorType getSignlessType() const { return withSign(getType(), false); }
  }];
}

//===----------------------------------------------------------------------===//
// Normalisation of keys
//===----------------------------------------------------------------------===//

def Dchag_NormKind : I32EnumAttr<"NormKind", "what a normalisation divides by", [
    I32EnumAttrCase<"Layer", 0, "layer">,
    I32EnumAttrCase<"Rms", 1, "rms">]> {
  let cppNamespace = "::mlir::dchag";
  let genSpecializedAttr = 0;
}

def Dchag_NormWidth : I32EnumAttr<"NormWidth", "which features of a key are normalised together", [
    I32EnumAttrCase<"PerHead", 0, "per_head">,
    I32EnumAttrCase<"AllHeads", 1, "all_heads">]> {
  let cppNamespace = "::mlir::dchag";
  let genSpecializedAttr = 0;
}

def Dchag_KeyNormAttr : Dchag_Attr<"KeyNorm", "key_norm"> {
  let summary = "How the keys of an aggregation are normalised";
  let description = [{
    With k the features of a key of one head (`per_head`), or all of them (`all_heads`):

        layer: (k - mean(k)) / sqrt(variance(k) + epsilon)      rms: k / sqrt(mean(k^2) + epsilon)

    A scale and a bias are not part of it (docs/math.md, section 2): in the scores, a scale may be
    a factor of the query instead, and a bias adds the same to all channels, without an effect on the softmax.

    ```mlir
    #dchag.key_norm<layer, per_head, epsilon = 1.0e-05>
    ```
  }];
  let parameters = (ins EnumParameter<Dchag_NormKind>:$kind,
      EnumParameter<Dchag_NormWidth>:$width, "::mlir::FloatAttr":$epsilonAttr);
  let assemblyFormat = [{
    `<` $kind `,` $width `,` `epsilon` `=` custom<Number>($epsilonAttr) `>`
  }];
  let builders = [AttrBuilder<(ins "NormKind":$kind, "NormWidth":$width, "double":$epsilon), [{
    return $_get($_ctxt, kind, width, FloatAttr::get(Float64Type::get($_ctxt), epsilon));
  }]>];
  let extraClassDeclaration = [{
    double getEpsilon() const { return getEpsilonAttr().getValueAsDouble(); }
    /// Whether the mean is subtracted first.
    bool isCentered() const { return getKind() == NormKind::Layer; }
    bool isPerHead() const { return getWidth() == NormWidth::PerHead; }
  }];
}

//===----------------------------------------------------------------------===//
// Sharding rules
//===----------------------------------------------------------------------===//

def Dchag_FactorKind : I32EnumAttr<"FactorKind", "how a factor of an op's iteration space splits", [
    I32EnumAttrCase<"Parallel", 0, "parallel">,
    I32EnumAttrCase<"Sum", 1, "sum">,
    I32EnumAttrCase<"Max", 2, "max">,
    I32EnumAttrCase<"Min", 3, "min">,
    I32EnumAttrCase<"Softmax", 4, "softmax">,
    I32EnumAttrCase<"Whole", 5, "whole">]> {
  let cppNamespace = "::mlir::dchag";
  let genSpecializedAttr = 0;
}

def Dchag_FactorAttr : Dchag_Attr<"Factor", "factor"> {
  let summary = "One factor of an op's iteration space: its size and how it splits";
  let parameters = (ins "int64_t":$size, EnumParameter<Dchag_FactorKind>:$kind);
  let assemblyFormat = "`<` $size `,` $kind `>`";
}

def Dchag_PaddingAttr : Dchag_Attr<"Padding", "padding"> {
  let summary = "What the padding of an operand must hold when a factor is split unevenly";
  let parameters = (ins "int64_t":$operand, "int64_t":$factor, "TypedAttr":$value);
  let assemblyFormat = "`<` $operand `,` $factor `,` $value `>`";
}

def Dchag_RuleAttr : Dchag_Attr<"Rule", "rule"> {
  let summary = "How an op splits over ranks";
  let description = [{
    Factors of the iteration space, and for each dimension of each operand and result the
    list of factors whose product, first slowest, is that dimension. A dimension without a
    factor (size 1, or broadcast) has an empty list. The product may exceed the dimension:
    the rest is padding (80 channels in 3 shards of 27). `parallel` factors split freely, `sum`,
    `max` and `min` factors leave a partial result when split, `softmax` factors need the
    online-softmax merge, `whole` factors never split.

    Ranks of an uneven split compute on padding too. Where that would change valid
    elements, the operand's padding is overwritten: along `sum`, `max` and `min` factors by
    the neutral element, along others by the value that `padding` has for an operand and a factor. Floats
    along `softmax` factors have weight 0 there and only need to be finite.

    An op that computes partial results of an online softmax (docs/math.md, section 3) names the result
    that holds the maximum by `maximum`. Its `softmax` factors split: that result is then
    partial as a maximum and the others as sums relative to it. They split unevenly only if
    `padding` says how padding is excluded.

    `linear` has sets of operands in which the op is jointly linear: given partial sums of all
    operands of a set, and of no other, the results are partial sums.
  }];
  let parameters = (ins "ArrayAttr":$factors,
      "ArrayAttr":$operands, "ArrayAttr":$results, OptionalParameter<"ArrayAttr">:$padding,
      OptionalParameter<"IntegerAttr">:$maximum, OptionalParameter<"ArrayAttr">:$linear);
  let assemblyFormat = [{
    `<` $factors `,` $operands `,` $results (`,` `padding` `=` $padding^)?
    (`,` `maximum` `=` $maximum^)? (`,` `linear` `=` $linear^)? `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    FactorAttr getFactor(unsigned index) const {
      return ::llvm::cast<FactorAttr>(getFactors()[index]);
    }
    /// Factors of dimension `dim` of operand `operand`, slowest first.
    ::llvm::ArrayRef<int64_t> getOperandFactors(unsigned operand, unsigned dim) const;
    ::llvm::ArrayRef<int64_t> getResultFactors(unsigned result, unsigned dim) const;
    /// What the padding of an operand along a split factor must hold; null: anything.
    TypedAttr getPaddingValue(unsigned operand, unsigned factor,
                              ::mlir::Type elementType) const;
    /// Whether `padding` names the factor.
    bool hasPadding(unsigned factor) const;
    /// The kind of partial result that a result without this split factor is.
    FactorKind getPartialKind(unsigned result, unsigned factor) const;
  }];
}

#endif // DCHAG_DCHAGATTRS
