//===- Adapter.cpp - what adapters of processes share -----------*- C++ -*-===//

#include "Adapter.h"

#include <cstdio>
#include <unistd.h>

using namespace dchag::rt;

void dchag::rt::stopProcess(const dchag_comm_options &options, const std::string &reason) {
  if (options.stop)
    options.stop(options.stop_data, reason.c_str());
  else
    dprintf(STDERR_FILENO, "%s: %s; stopping all ranks\n", options.program, reason.c_str());
  _exit(1);
}

Error dchag::rt::checkVersion(const dchag_comm_options &options) {
  if (options.abi_version == DCHAG_RT_ABI_VERSION && options.size == sizeof(dchag_comm_options))
    return Error::success();
  return failure("the adapter is of version %d (%zu bytes), the program of version %u (%u bytes): "
                 "use the adapter of the program's version",
                 DCHAG_RT_ABI_VERSION, sizeof(dchag_comm_options), options.abi_version,
                 options.size);
}

Control::Options dchag::rt::controlOptions(const dchag_comm_options &options) {
  Control::Options result;
  result.timeout = options.timeout_s;
  result.identity = options.identity;
  result.end = [options](const std::string &reason) { stopProcess(options, reason); };
  return result;
}

void dchag::rt::abortRank(Control &control, int code) {
  if (control.size() > 1)
    control.accuse(format("rank %d stopped", control.rank()));
  std::fflush(nullptr);
  _exit(code);
}
