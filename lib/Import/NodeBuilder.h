//===- NodeBuilder.h - what an operator's import works with ----------------*- C++ -*-===//
//
// An operator is imported by a function that reads one ONNX node through a NodeBuilder and
// emits ops of the closed set. The operator table (Operators.h) names these functions:
//
//   LogicalResult buildNeg(NodeBuilder &node) {
//     FailureOr<Value> x = node.getInput(0);
//     if (failed(x))
//       return failure();
//     return node.setOutput(0, arith::NegFOp::create(node.b, node.loc, *x));
//   }
//
// A function that cannot import its node returns node.fail(reason, nearest form).
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_IMPORT_NODEBUILDER_H
#define DCHAG_IMPORT_NODEBUILDER_H

#include "dchag/Import/Onnx.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::dchag::onnx {

/// Why a value could not be imported: a message, or other values that could not. Reported if an
/// output of the model needs the value.
struct Problem {
  Location loc;
  std::string message;
  SmallVector<const Problem *> causes;
};

/// A named value of the graph. If it could not be imported `value` is null, and `problem` is the
/// reason.
struct ImportedValue {
  Value value;
  /// The element type is an unsigned integer (types of the IR are signless).
  bool isUnsigned = false;
  const Problem *problem = nullptr;
};

/// Gives the elements of constants during the import.
class ConstantReader {
public:
  virtual ~ConstantReader() = default;
  /// Elements as integers (booleans 0 or 1), or floats; nullopt when the value is computed.
  virtual std::optional<SmallVector<int64_t>> readInts(Value value) = 0;
  /// `orParameter`: also of a small parameter inside of the ONNX file.
  virtual std::optional<SmallVector<double>> readFloats(Value value, bool orParameter) = 0;
};

class NodeBuilder : public TensorBuilder {
public:
  NodeBuilder(OpBuilder &b, Location loc, const Node &node, int64_t opset,
              const llvm::StringMap<const Attribute *> *functionAttributes,
              ConstantReader &constants)
      : TensorBuilder(b, loc), node(node), opset(opset), functionAttributes(functionAttributes),
        constants(constants) {}

  const Node &node;
  /// Version of the operator set that the node is read with.
  int64_t opset;

  /// Records why the node is not imported. `nearest` is a similar form that would be supported.
  LogicalResult fail(const Twine &reason, const Twine &nearest = "");
  std::string reason, nearest;

  //===--------------------------------------------------------------------===//
  // Inputs, outputs, attributes
  //===--------------------------------------------------------------------===//

  SmallVector<std::optional<ImportedValue>> inputs;
  SmallVector<std::optional<ImportedValue>> outputs;

  unsigned getNumInputs() const { return inputs.size(); }
  bool hasInput(unsigned index) const { return index < inputs.size() && inputs[index]; }
  /// Whether an output of the model may be computed from this output of the node.
  bool wantsOutput(unsigned index) const {
    return index < node.outputs.size() && !node.outputs[index].empty() &&
           (!needed || needed->contains(node.outputs[index]));
  }
  /// Names that are needed; null: all names.
  const llvm::StringSet<> *needed = nullptr;
  FailureOr<Value> getInput(unsigned index);
  bool isUnsigned(unsigned index) const { return hasInput(index) && inputs[index]->isUnsigned; }
  /// All inputs, which must be present.
  FailureOr<SmallVector<Value>> getInputs();
  /// Elements of an input that must be constant at import; `role` names it in messages.
  FailureOr<SmallVector<int64_t>> getConstantInts(unsigned index, StringRef role);
  FailureOr<SmallVector<double>> getConstantFloats(unsigned index, StringRef role);
  FailureOr<double> getConstantScalar(unsigned index, StringRef role);
  /// Elements of an input if they are constant at import.
  std::optional<SmallVector<int64_t>> tryGetInts(unsigned index);
  std::optional<SmallVector<double>> tryGetFloats(unsigned index);

  /// Sets a result; fails if its shape is too large for a real model.
  LogicalResult setOutput(unsigned index, Value value, bool isUnsigned = false);

  const Attribute *findAttribute(StringRef name) const;
  /// Marks attributes as read that do not change what is emitted, or only in cases that are
  /// excluded.
  void ignoreAttributes(ArrayRef<StringRef> names) const {
    for (StringRef name : names)
      readAttributes.insert(name);
  }
  /// Fails if the node has an attribute that was not read: it may have a meaning in a newer version
  /// of the operator.
  LogicalResult checkAttributes();
  bool hasAttribute(StringRef name) const { return findAttribute(name) != nullptr; }
  int64_t getInt(StringRef name, int64_t otherwise) const;
  double getFloat(StringRef name, double otherwise) const;
  StringRef getString(StringRef name, StringRef otherwise) const;
  SmallVector<int64_t> getInts(StringRef name) const;
  /// Converts an axis, which may count from the end, to [0, rank).
  FailureOr<int64_t> normalizeAxis(int64_t axis, int64_t rank, StringRef role = "axis");
  FailureOr<SmallVector<int64_t>> normalizeAxes(ArrayRef<int64_t> axes, int64_t rank);

  //===--------------------------------------------------------------------===//
  // Ops of ONNX beyond those of TensorBuilder
  //===--------------------------------------------------------------------===//

  /// Broadcasts all values to their common shape.
  LogicalResult broadcastTogether(MutableArrayRef<Value> values);
  Value gather(Value value, int64_t dim, ArrayRef<int64_t> indexShape, ArrayRef<int64_t> indices);
  /// Converts elements as ONNX Cast does.
  Value convert(Value value, Type elementType, bool fromUnsigned = false, bool toUnsigned = false);

private:
  mutable llvm::StringSet<> readAttributes;
  const llvm::StringMap<const Attribute *> *functionAttributes;
  ConstantReader &constants;
};

inline bool isFloat(Value value) { return isa<FloatType>(elementTypeOf(value)); }
inline bool isBool(Value value) { return elementTypeOf(value).isInteger(1); }

/// Number of elements of a shape, or nullopt if it is more than a tensor of a device can have.
std::optional<int64_t> countElements(ArrayRef<int64_t> shape);
/// The broadcast shape of two shapes by numpy's rules, or nullopt.
std::optional<SmallVector<int64_t>> broadcastShapes(ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs);
/// The IR's type of an ONNX element type, or null.
Type getElementType(DataType type, MLIRContext *context);
/// "2x3x5", or "scalar".
std::string printShape(ArrayRef<int64_t> shape);

} // namespace mlir::dchag::onnx

#endif // DCHAG_IMPORT_NODEBUILDER_H
