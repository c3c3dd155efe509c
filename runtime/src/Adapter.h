//===- Adapter.h - what adapters of processes share -------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_ADAPTER_H
#define DCHAG_RUNTIME_ADAPTER_H

#include "Comm.h"
#include "Control.h"

namespace dchag::rt {

/// Whether the runtime is of the adapter's version.
Error checkVersion(const dchag_comm_options &options);

/// The options of the connections between ranks, except how ranks find each other.
Control::Options controlOptions(const dchag_comm_options &options);

/// Ends this process with `reason` in its last line, by `options.stop` if there is one.
[[noreturn]] void stopProcess(const dchag_comm_options &options, const std::string &reason);

/// The `abort` of an adapter. Notifies the other ranks first. Runs no destructors, because threads
/// still use the connections.
[[noreturn]] void abortRank(Control &control, int code);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_ADAPTER_H
