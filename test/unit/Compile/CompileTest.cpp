//===- CompileTest.cpp - the compiler as a library --------------*- C++ -*-===//

#include "dchag/Compile/Compile.h"
#include "dchag/Emit/Emit.h"
#include "dchag/InitAll.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {

/// y = x W, with 5 columns, which 2 ranks do not divide.
constexpr StringLiteral model = R"(
  func.func @step(%x: tensor<4x3xf32> {dchag.name = "x"},
                  %w: tensor<3x5xf32> {dchag.name = "w", dchag.role = "param"})
      -> (tensor<4x5xf32> {dchag.name = "y"}) {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<4x5xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x5xf32>) -> tensor<4x5xf32>
    %y = linalg.contract
        indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
        ins(%x, %w : tensor<4x3xf32>, tensor<3x5xf32>) outs(%init : tensor<4x5xf32>) -> tensor<4x5xf32>
    return %y : tensor<4x5xf32>
  })";

class CompileTest : public testing::Test {
protected:
  CompileTest() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    module = parseSourceString<ModuleOp>(model, &context);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  CompileOptions options;
  std::string error;
};

std::string print(const MeshShape &mesh) {
  std::string text;
  llvm::raw_string_ostream(text) << mesh;
  return text;
}

} // namespace

TEST_F(CompileTest, OneRank) {
  ASSERT_TRUE(module);
  EXPECT_EQ(getStage(*module), Stage::Model);
  ASSERT_TRUE(succeeded(compile(*module, options)));
  EXPECT_EQ(getStage(*module), Stage::Code);
  auto program = rt::ProgramAttr::lookup(*module);
  EXPECT_EQ(program.getAxes().size(), 0u);
  EXPECT_EQ(program.getBuffers().size(), 3u);
}

TEST_F(CompileTest, Ranks) {
  FailureOr<DistributeOptions> distribute =
      DistributeOptions::parse("dp=2,tp=2", "", std::nullopt, error);
  ASSERT_TRUE(succeeded(distribute)) << error;
  options.distribute = *distribute;
  ASSERT_TRUE(succeeded(compile(*module, options)));
  auto program = rt::ProgramAttr::lookup(*module);
  EXPECT_EQ(program.getAxes().size(), 2u);
  // Samples are split over dp.
  for (auto buffer : program.getBuffers().getAsRange<rt::BufferAttr>())
    if (buffer.getName() == "x") {
      EXPECT_EQ(buffer.getLocal().getDimSize(0), 2);
    }
}

TEST_F(CompileTest, CodeStaysAsItIs) {
  ASSERT_TRUE(succeeded(compile(*module, options)));
  EXPECT_TRUE(succeeded(compile(*module, options)));
  options.distribute = *DistributeOptions::parse("tp=2", "", std::nullopt, error);
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  EXPECT_TRUE(failed(compile(*module, options)));
  EXPECT_EQ(message,
            "is compiled already, which --mesh does not change: leave it out, or compile the "
            "model");
}

TEST_F(CompileTest, PassesInFront) {
  bool isCalled = false;
  options.configure = [&](PassManager &) {
    isCalled = true;
    return success();
  };
  EXPECT_TRUE(succeeded(compile(*module, options)));
  EXPECT_TRUE(isCalled);
  module = parseSourceString<ModuleOp>(model, &context);
  options.configure = [](PassManager &) { return failure(); };
  EXPECT_TRUE(failed(compile(*module, options)));
  EXPECT_EQ(getStage(*module), Stage::Model);
}

TEST_F(CompileTest, WriteProgram) {
  ASSERT_TRUE(succeeded(compile(*module, options)));
  SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("compile-test", "ll", path));
  ASSERT_TRUE(succeeded(writeProgram(*module, ProgramKind::Llvm, path)));
  auto text = llvm::MemoryBuffer::getFile(path);
  ASSERT_TRUE(bool(text));
  EXPECT_TRUE((*text)->getBuffer().contains("@dchag_model_step"));
  ASSERT_TRUE(succeeded(writeProgram(*module, ProgramKind::Object, path)));
  text = llvm::MemoryBuffer::getFile(path);
  EXPECT_TRUE((*text)->getBuffer().starts_with("\x7f"
                                               "ELF"));
  llvm::sys::fs::remove(path);
}

//===----------------------------------------------------------------------===//
// Options as text
//===----------------------------------------------------------------------===//

TEST(MeshShape, IsPrintedAsItIsParsed) {
  std::string error;
  for (StringRef text : {"tp=2", "dp=2,tp=4", "a=1,b_2=3,c=1048576"})
    EXPECT_EQ(print(*MeshShape::parse(text, error)), text.str());
  for (StringRef text : {"", "tp", "tp=", "=2", "tp=2,", "tp=x", "t p=2", "tp=2}"}) {
    EXPECT_TRUE(failed(MeshShape::parse(text, error))) << text.str();
    EXPECT_NE(error.find("mesh must be axes with sizes"), std::string::npos);
  }
}

TEST(Strategy, AxesByName) {
  std::string error;
  MeshShape mesh = *MeshShape::parse("dp=2,fsdp=2,tp=2", error);
  Strategy strategy = *Strategy::parse("", mesh, std::nullopt, error);
  EXPECT_EQ(strategy.data.str(), "dp");
  EXPECT_EQ(strategy.parameters.str(), "fsdp");
  EXPECT_EQ(strategy.widths.str(), "tp");
  EXPECT_EQ(strategy.channels.str(), "tp");
  EXPECT_TRUE(strategy.positions.empty());
  EXPECT_EQ(strategy.mode, DistributeMode::Replicate);
}

TEST(Strategy, AxesThatAreNamed) {
  std::string error;
  MeshShape mesh = *MeshShape::parse("data=2,model=4", error);
  Strategy strategy =
      *Strategy::parse("dp=data,tp=model,split-softmax=model", mesh, std::nullopt, error);
  EXPECT_EQ(strategy.data.str(), "data");
  EXPECT_EQ(strategy.channels.str(), "model");
  EXPECT_EQ(strategy.mode, DistributeMode::SplitSoftmax);
  strategy = *Strategy::parse("dp=data+model", mesh, std::nullopt, error);
  EXPECT_EQ(strategy.data.names, (std::vector<std::string>{"data", "model"}));
}

TEST(Strategy, ModesHaveNames) {
  for (auto mode : {DistributeMode::Replicate, DistributeMode::Gather, DistributeMode::Hierarchical,
                    DistributeMode::SplitSoftmax})
    EXPECT_EQ(getDistributeMode(getDistributeModeName(mode)), mode);
  EXPECT_EQ(getDistributeMode("scatter"), std::nullopt);
}
