//===- dchag-opt.cpp - the compiler's driver --------------------------------*- C++ -*-===//

#include "dchag/InitAll.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::dchag::registerAllDialects(registry);
  mlir::dchag::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "compiler of vision models with many channels\n", registry));
}
