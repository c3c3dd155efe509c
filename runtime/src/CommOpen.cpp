//===- CommOpen.cpp - finding and opening adapters --------------*- C++ -*-===//

#include "Comm.h"

#include <climits>
#include <cstdlib>
#include <dlfcn.h>
#include <unistd.h>

using namespace dchag::rt;

static std::string executableFolder() {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0 || length == sizeof(path))
    return ".";
  std::string text(path, length);
  return text.substr(0, text.rfind('/'));
}

/// Opens the library in the first folder that has it; `tried` collects the folders.
static Error openLibrary(const std::string &file, void *&library) {
  std::vector<std::string> folders;
  if (const char *folder = std::getenv("DCHAG_ADAPTER_DIR"))
    folders.push_back(folder);
  folders.push_back(executableFolder());
  folders.push_back(DCHAG_ADAPTER_INSTALL_DIR);
  folders.push_back(DCHAG_ADAPTER_BUILD_DIR);
  std::string tried;
  for (const std::string &folder : folders) {
    std::string path = folder + "/" + file;
    tried += (tried.empty() ? "" : ", ") + folder;
    if (access(path.c_str(), F_OK) != 0)
      continue;
    // Global, because Open MPI's own plug-ins look for its symbols.
    library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (library)
      return Error::success();
    return failure("%s cannot be opened (%s): install the library that it was built with",
                   path.c_str(), dlerror());
  }
  return failure("%s was not found in %s: set DCHAG_ADAPTER_DIR to its folder", file.c_str(),
                 tried.c_str());
}

Error dchag::rt::openAdapter(const std::string &name, const dchag_comm_options &options,
                             Comm &world) {
  std::string file = "libdchag_comm_" + name + ".so";
  void *library = nullptr;
  if (Error error = openLibrary(file, library))
    return error;
  auto open = reinterpret_cast<dchag_comm_open_fn>(dlsym(library, "dchag_comm_open"));
  if (!open)
    return failure("%s has no dchag_comm_open: it is no adapter of this project", file.c_str());
  char reason[512] = "";
  world.ops = open(&options, &world.comm, reason, sizeof(reason));
  if (!world.ops)
    return failure("%s", reason);
  if (world.ops->abi_version != DCHAG_RT_ABI_VERSION ||
      world.ops->table_bytes != sizeof(dchag_comm_ops))
    return failure("%s is of version %u (%u bytes), wanted %d (%zu bytes): use the adapter of this "
                   "version",
                   file.c_str(), world.ops->abi_version, world.ops->table_bytes,
                   DCHAG_RT_ABI_VERSION, sizeof(dchag_comm_ops));
  return Error::success();
}
