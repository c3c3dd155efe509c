//===- Options.h - command line of an executable ----------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_OPTIONS_H
#define DCHAG_RUNTIME_OPTIONS_H

#include "Inputs.h"

namespace dchag::rt {

struct Options {
  std::vector<std::string> weights;
  std::vector<InputOption> inputs;
  std::string output;                       ///< empty: outputs are not written
  std::string cache;                        ///< empty: parameters are prepared at each start
  const dchag_entry_point *entry = nullptr; ///< what runs for each batch
  std::string comm = "auto";
  int64_t repeat = 1;
  double timeout = 60; ///< seconds; 0: for ever
  bool help = false, describe = false;
};

/// Parses the command line. `helpText` gets what --help prints about the options.
Error parseOptions(const dchag_program &program, int argc, const char *const *argv,
                   Options &options, std::string &helpText);

/// "tp=2, dp=3", or "one rank" without axes.
std::string meshText(const dchag_program &program);
int64_t meshSize(const dchag_program &program);

/// Inputs, outputs, mesh and memory for --help.
std::string modelText(const dchag_program &program, const dchag_entry_point &entry);
/// The whole descriptor as JSON.
std::string describeProgram(const dchag_program &program);

/// Compares the descriptor's version and size with those of this runtime, which reads nothing else
/// of it before that.
Error checkProgram(const dchag_program &program);
/// Compares the CPU features of the program with this machine.
Error checkCpu(const dchag_program &program);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_OPTIONS_H
