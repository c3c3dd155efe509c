//===- Plugins.cpp - loads plugins before options are parsed ---------------*- C++ -*-===//

#include "Driver.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

using namespace mlir;

/// The value of option `name` at argv[i], given as --name=value or as --name value; advances
/// `i` past a separate value.
static std::optional<std::string> optionValue(int &i, int argc, char **argv, StringRef name) {
  StringRef argument = argv[i];
  if (!argument.consume_front("--") && !argument.consume_front("-"))
    return std::nullopt;
  if (!argument.consume_front(name))
    return std::nullopt;
  if (argument.consume_front("="))
    return argument.str();
  if (argument.empty() && i + 1 < argc)
    return std::string(argv[++i]);
  return std::nullopt;
}

template <typename Plugin>
static FailureOr<Plugin> load(const std::string &path) {
  llvm::Expected<Plugin> plugin = Plugin::load(path);
  if (plugin)
    return *plugin;
  llvm::errs() << "dchag-opt: cannot load the plugin " << path << ": "
               << llvm::toString(plugin.takeError()) << "\n";
  return failure();
}

LogicalResult mlir::dchag::loadPlugins(int &argc, char **argv, DialectRegistry &registry) {
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    char *argument = argv[i];
    if (auto path = optionValue(i, argc, argv, "load-pass-plugin")) {
      FailureOr<PassPlugin> plugin = load<PassPlugin>(*path);
      if (failed(plugin))
        return failure();
      plugin->registerPassRegistryCallbacks();
    } else if (auto path = optionValue(i, argc, argv, "load-dialect-plugin")) {
      FailureOr<DialectPlugin> plugin = load<DialectPlugin>(*path);
      if (failed(plugin))
        return failure();
      plugin->registerDialectRegistryCallbacks(registry);
    } else {
      argv[kept++] = argument;
    }
  }
  argc = kept;
  argv[argc] = nullptr;
  return success();
}
