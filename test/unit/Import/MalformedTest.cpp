//===- MalformedTest.cpp - damaged ONNX files ------------------------------*- C++ -*-===//
//
// Every truncation and every flipped bit of small models, and some of exported ones, must end
// in a module or in an error, never in a crash; so must the passes on what was imported.
//
//===----------------------------------------------------------------------===//

#include "dchag/Compile/Compile.h"
#include "dchag/Import/Import.h"
#include "dchag/InitAll.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include <gtest/gtest.h>
#include <random>

using namespace mlir;
using namespace mlir::dchag;

namespace {

class MalformedTest : public ::testing::TestWithParam<const char *> {
protected:
  static void SetUpTestSuite() { registerAllPasses(); }

  void SetUp() override {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.disableMultithreading();
    std::string path = std::string(DCHAG_TEST_FOLDER "/") + GetParam();
    auto buffer = llvm::MemoryBuffer::getFile(path);
    ASSERT_TRUE(static_cast<bool>(buffer)) << path;
    bytes = (*buffer)->getBuffer().str();
    options.batch = 2;
  }

  /// Whether the bytes are imported (and compiled to programs of two ranks, if asked for);
  /// where this fails there must be a message.
  bool import(StringRef damaged, bool compiles = false) {
    unsigned numErrors = 0;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      numErrors += diagnostic.getSeverity() == DiagnosticSeverity::Error;
      EXPECT_FALSE(diagnostic.str().empty());
      return success();
    });
    auto buffer = llvm::MemoryBuffer::getMemBufferCopy(damaged, "damaged.onnx");
    OwningOpRef<ModuleOp> module = importOnnx(std::move(buffer), options, &context);
    EXPECT_EQ(!module, numErrors > 0);
    if (module && compiles)
      EXPECT_EQ(failed(compileForTwoRanks(*module)), numErrors > 0);
    return static_cast<bool>(module);
  }

  static LogicalResult compileForTwoRanks(ModuleOp module) {
    std::string error;
    CompileOptions compileOptions;
    compileOptions.distribute = *DistributeOptions::parse("tp=2", "", std::nullopt, error);
    return compile(module, compileOptions);
  }

  MLIRContext context;
  ImportOptions options;
  std::string bytes;
};

} // namespace

TEST_P(MalformedTest, WholeFile) { EXPECT_TRUE(import(bytes)); }

TEST_P(MalformedTest, Truncated) {
  unsigned numImported = 0;
  for (size_t size = 0; size < bytes.size(); ++size)
    numImported += import(StringRef(bytes).take_front(size));
  // The last fields of a file may be ones that the import does not need.
  EXPECT_LT(numImported, bytes.size() / 4);
}

TEST_P(MalformedTest, FlippedBits) {
  unsigned numRefused = 0;
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
    numRefused += !import(damaged);
  }
  EXPECT_GT(numRefused, 2 * bytes.size());
}

INSTANTIATE_TEST_SUITE_P(Models, MalformedTest,
                         ::testing::Values("Import/Inputs/mlp.onnx", "Import/Inputs/shapes.onnx",
                                           "Import/Inputs/functions.onnx",
                                           "Import/Inputs/branches.onnx",
                                           "Import/Inputs/tensors.onnx"));

namespace {
class DamagedExportTest : public MalformedTest {};
} // namespace

TEST_P(DamagedExportTest, SomeFlippedBits) {
  options.batch = 1;
  EXPECT_TRUE(import(bytes, /*compiles=*/true));
  std::mt19937 random(bytes.size());
  unsigned numRefused = 0, numCompiled = 0;
  for (unsigned turn = 0; turn < 300; ++turn) {
    size_t bit = random() % (8 * bytes.size());
    std::string damaged = bytes;
    damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
    // Most flips are in weights, which the IR does not have: the first few stand for all.
    bool imported = import(damaged, /*compiles=*/numCompiled < 10);
    numCompiled += imported;
    numRefused += !imported;
  }
  EXPECT_GT(numRefused, 10u);
}

TEST_P(DamagedExportTest, SomeTruncations) {
  std::mt19937 random(bytes.size());
  for (unsigned turn = 0; turn < 60; ++turn)
    EXPECT_FALSE(import(StringRef(bytes).take_front(random() % (bytes.size() - 64))));
}

INSTANTIATE_TEST_SUITE_P(Exports, DamagedExportTest,
                         ::testing::Values("models/flat-dynamo20-batch.onnx",
                                           "models/flat-torchscript13.onnx",
                                           "models/grouped-torchscript17.onnx",
                                           "models/conv-torchscript17.onnx",
                                           "models/vitrms-dynamo23.onnx"));
