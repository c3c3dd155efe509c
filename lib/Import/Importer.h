//===- Importer.h - from an ONNX graph to a function -----------------------*- C++ -*-===//
#ifndef DCHAG_IMPORT_IMPORTER_H
#define DCHAG_IMPORT_IMPORTER_H

#include "Folding.h"
#include "Needs.h"
#include "Operators.h"
#include "dchag/Import/Import.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <deque>

namespace mlir::dchag::onnx {

using AttributeMap = llvm::StringMap<const Attribute *>;

/// The names visible to nodes: those of a graph, of a function, or of a branch inside of an outer
/// scope.
struct Scope {
  llvm::StringMap<ImportedValue> values;
  const Scope *outer = nullptr;
  const llvm::StringMap<int64_t> *opsets = nullptr;
  /// Attributes of the call, in the body of a model-local function.
  const AttributeMap *attributes = nullptr;
  /// Names of the calls that lead here, for locations.
  std::string path;
  /// The scope of the call, or of the If, whose body is imported in place.
  const Scope *caller = nullptr;
  const Function *function = nullptr;
  unsigned depth = 0;

  const ImportedValue *lookup(StringRef name) const;
};

/// Whether operators are those of ONNX.
inline bool isDefaultDomain(StringRef domain) { return domain.empty() || domain == "ai.onnx"; }

class Importer {
public:
  Importer(std::unique_ptr<Model> model, const ImportOptions &options, MLIRContext *context);
  OwningOpRef<ModuleOp> run();

private:
  // Importer.cpp: nodes.
  void importNodes(ArrayRef<Node> nodes, const Needs &needs, Scope &scope);
  LogicalResult importNode(NodeBuilder &builder, Scope &scope);
  LogicalResult importOperator(NodeBuilder &builder);
  LogicalResult importConstant(NodeBuilder &builder);
  LogicalResult gatherInputs(NodeBuilder &builder, const Scope &scope,
                             SmallVectorImpl<const Problem *> &causes);
  void setOutputs(const NodeBuilder &builder, const Problem *problem, Scope &scope);
  LogicalResult checkOpsets();
  Location getLocation(const Node &node, unsigned index, const Scope &scope) const;
  void createReturn(const Scope &scope);
  void checkDeclared(const ValueInfo &info, Value value);

  // Calls.cpp: functions of the model and branches, imported in place.
  LogicalResult importIf(NodeBuilder &builder, Scope &scope);
  LogicalResult importFunction(NodeBuilder &builder, const Function &function, Scope &scope);
  LogicalResult checkDepth(NodeBuilder &builder, const Scope &scope, const Function *callee);
  void readFunctions();
  const Function *findFunction(const Node &node) const;

  // Problems.cpp: what keeps values from being imported.
  /// A value that cannot be imported; the file as a whole is the location.
  ImportedValue poison(const Twine &message);
  const Problem *addProblem(Location loc, const Twine &message,
                            ArrayRef<const Problem *> causes = {});
  /// Emits the problems of values that the outputs need, and warnings about inputs that were
  /// dropped.
  void reportProblems(ArrayRef<const Problem *> ofOutputs, const Scope &scope);

  // Devices.cpp: annotations of nodes for several devices.
  void noteDevices(const NodeBuilder &builder);

  // Inputs.cpp: graph inputs and their shapes.
  LogicalResult createInputs(const Graph &graph, Scope &scope);
  void createInput(const ValueInfo &info, Scope &scope);
  FailureOr<SmallVector<int64_t>> bindShape(const ValueInfo &info, std::string &reason);
  FailureOr<SmallVector<int64_t>> fitShape(const ValueInfo &info, ArrayRef<int64_t> shape);
  std::optional<int64_t> bindDim(const ValueInfo &info, unsigned dim);
  void bindInput(const ValueInfo &info, StringRef path, Scope &scope);
  LogicalResult parseOptions(const Graph &graph);
  void bindNamedDims(ArrayRef<const ValueInfo *> inputs);
  void bindBatch(ArrayRef<const ValueInfo *> inputs);

  // Parameters.cpp: tensors of the file.
  void createInitializers(const Graph &graph, const Needs &needs, Scope &scope);
  /// A tensor of the file as a constant or parameter; `mayInline`: small floats may be constants.
  FailureOr<ImportedValue> importTensor(const Tensor &tensor, StringRef name, bool mayInline,
                                        std::string &reason);
  FailureOr<ImportedValue> createParameter(const Tensor &tensor, StringRef name,
                                           std::string &reason);
  FailureOr<Value> createConstant(const Tensor &tensor, std::string &reason);
  /// Bytes of external data; fails with a reason if the file does not have them.
  FailureOr<std::optional<StringRef>> mapExternal(const Tensor &tensor, bool isNeeded,
                                                  std::string &reason);
  EvalTensor readParameter(BlockArgument argument);

  /// Emits an error about the whole file, or a named part of it.
  LogicalResult fail(const Twine &message);
  Value addArgument(Type type, RoleKind role, StringRef name, bool isUnsigned);
  void eraseUnusedParameters();
  void finishFunction();

  std::unique_ptr<Model> model;
  const ImportOptions &options;
  MLIRContext *context;
  OpBuilder b;
  ConstantFolder folder;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  Block *entry = nullptr;
  unsigned numProblems = 0;
  std::deque<Problem> problems;
  /// Nodes that were imported, those of functions again for each call.
  int64_t numNodes = 0, maxNodes = 0;

  llvm::StringMap<int64_t> opsets;
  llvm::StringMap<const Function *> functions;
  llvm::StringMap<SmallVector<int64_t>> shapeOptions;
  llvm::StringMap<StringRef> bindOptions;
  /// Sizes of named dimensions that options or other inputs determine.
  llvm::StringMap<int64_t> dimSizes;

  struct Argument {
    RoleKind role;
    std::string name;
    bool isUnsigned = false;
    SourceAttr source;
    const Tensor *tensor = nullptr;
  };
  SmallVector<Argument> arguments;
  struct Result {
    std::string name;
    bool isUnsigned = false;
  };
  SmallVector<Result> results;
  SmallVector<mlir::Attribute> devices;
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> externalFiles;
};

} // namespace mlir::dchag::onnx

#endif // DCHAG_IMPORT_IMPORTER_H
