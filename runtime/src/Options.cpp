//===- Options.cpp - command line of an executable --------------*- C++ -*-===//
//
// The one file that is built with exceptions: CLI11 reports problems by them.
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "Text.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

using namespace dchag::rt;

/// Splits NAME=FILE. Without a name the file must be an archive, which is seen when it is opened.
static Error addInput(const std::string &text, Options &options) {
  size_t at = text.find('=');
  InputOption input;
  input.name = at == std::string::npos ? "" : text.substr(0, at);
  input.path = at == std::string::npos ? text : text.substr(at + 1);
  if (input.path.empty() || at == 0)
    return failure("--input %s: wanted NAME=FILE.npy or FILE.npz", text.c_str());
  for (const InputOption &other : options.inputs)
    if (!input.name.empty() && other.name == input.name)
      return failure("--input %s: input \"%s\" was given before: give it once", text.c_str(),
                     input.name.c_str());
  options.inputs.push_back(std::move(input));
  return Error::success();
}

Error dchag::rt::parseOptions(const dchag_program &program, int argc, const char *const *argv,
                              Options &options, std::string &helpText) {
  CLI::App app("Runs the model " + quoteName(program.name) + ".", escapeText(program.name));
  app.set_help_flag();
  std::vector<std::string> inputs;
  auto one = CLI::MultiOptionPolicy::Throw;
  app.add_flag("-h,--help", options.help, "Show options, inputs, outputs, mesh and memory");
  app.add_flag("--describe", options.describe, "Print the descriptor of the program as JSON");
  app.add_option("--weights", options.weights, "Parameters (repeatable)")
      ->type_name("FILE.safetensors")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--input", inputs,
                 "An input, or all arrays of an archive by their names (repeatable)")
      ->type_name("NAME=FILE.npy or FILE.npz")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--output", options.output, "Folder that gets NAME.npy for each output")
      ->type_name("DIR")
      ->multi_option_policy(one);
  app.add_option("--cache", options.cache,
                 "Folder that keeps prepared parameters for the next start, such as that of the "
                 "weights")
      ->type_name("DIR")
      ->multi_option_policy(one);
  std::string entryName;
  app.add_option("--entry", entryName, "Run this entry point of the model instead of its step")
      ->type_name("NAME")
      ->multi_option_policy(one);
  app.add_option("--repeat", options.repeat,
                 "Steps to time for each batch; more than 1 adds a warm-up step before them")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1000000}))
      ->multi_option_policy(one);
  app.add_option("--comm", options.comm,
                 "How ranks talk: auto (mpi under an MPI launcher, tcp where RANK, WORLD_SIZE, "
                 "MASTER_ADDR and MASTER_PORT are set), mpi, tcp, threads (all ranks in this "
                 "process), self (one rank)")
      ->type_name("NAME")
      ->check(CLI::IsMember({"auto", "mpi", "tcp", "threads", "self"}))
      ->multi_option_policy(one);
  app.add_option("--timeout", options.timeout,
                 "How long a rank waits for others before all stop (60; 0: for ever)")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 1e9))
      ->multi_option_policy(one);
  try {
    helpText = app.help();
    app.parse(argc, argv);
  } catch (const CLI::Error &error) {
    return failure("%s: see --help", error.what());
  }
  options.entry = findEntry(program, entryName);
  if (!options.entry)
    return failure("--entry %s: the model has no such entry point: see --help", entryName.c_str());
  if (app.count("--output") && options.output.empty())
    return failure("--output names no folder: give one, or leave it out");
  if (app.count("--cache") && options.cache.empty())
    return failure("--cache names no folder: give one, or leave it out");
  if (!(options.timeout >= 0))
    return failure("--timeout is no number: give seconds, or 0 for ever");
  for (const std::string &input : inputs)
    if (Error error = addInput(input, options))
      return error;
  return Error::success();
}
