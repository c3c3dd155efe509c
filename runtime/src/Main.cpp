//===- Main.cpp - entry of an executable ------------------------*- C++ -*-===//

#include "Runner.h"

int main(int argc, char **argv) { return dchag::rt::runMain(dchag_model, argc, argv); }
