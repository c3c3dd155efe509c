//===- MalformedTest.cpp - damaged ONNX files ------------------------------*- C++ -*-===//
//
// Every truncation and every flipped bit of small models must end in a module or in an
// error, never in a crash.
//
//===----------------------------------------------------------------------===//

#include "dchag/Import/Import.h"
#include "dchag/InitAll.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::dchag;

namespace {

class MalformedTest : public ::testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    std::string path = std::string(DCHAG_IMPORT_INPUTS "/") + GetParam();
    auto buffer = llvm::MemoryBuffer::getFile(path);
    ASSERT_TRUE(static_cast<bool>(buffer)) << path;
    bytes = (*buffer)->getBuffer().str();
    options.batch = 2;
  }

  /// Whether the bytes are imported; without a module there must be a message.
  bool import(StringRef damaged) {
    unsigned numErrors = 0;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      numErrors += diagnostic.getSeverity() == DiagnosticSeverity::Error;
      EXPECT_FALSE(diagnostic.str().empty());
      return success();
    });
    auto buffer = llvm::MemoryBuffer::getMemBufferCopy(damaged, "damaged.onnx");
    OwningOpRef<ModuleOp> module = importOnnx(std::move(buffer), options, &context);
    EXPECT_EQ(!module, numErrors > 0);
    return static_cast<bool>(module);
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
                         ::testing::Values("mlp.onnx", "shapes.onnx", "functions.onnx",
                                           "branches.onnx", "tensors.onnx"));
