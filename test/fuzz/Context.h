//===- Context.h - an MLIR context for many inputs -------------------------*- C++ -*-===//
#ifndef DCHAG_TEST_FUZZ_CONTEXT_H
#define DCHAG_TEST_FUZZ_CONTEXT_H

#include "Fuzz.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include <memory>

/// Making a context takes longer than most inputs, but one keeps all attributes for ever: it is
/// made anew after so many inputs. Diagnostics are built and dropped.
class FuzzContext {
public:
  explicit FuzzContext(const mlir::DialectRegistry &registry) : registry(registry) {}

  mlir::MLIRContext &get() {
    if (!context || ++numInputs == maxInputs) {
      numInputs = 0;
      context =
          std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
      context->printOpOnDiagnostic(false);
      context->loadAllAvailableDialects();
      context->getDiagEngine().registerHandler([](mlir::Diagnostic &diagnostic) {
        require(!diagnostic.str().empty(), "a diagnostic says something");
        return mlir::success();
      });
    }
    return *context;
  }

private:
  static constexpr unsigned maxInputs = 500;
  const mlir::DialectRegistry &registry;
  std::unique_ptr<mlir::MLIRContext> context;
  unsigned numInputs = 0;
};

#endif // DCHAG_TEST_FUZZ_CONTEXT_H
