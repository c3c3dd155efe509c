//===- Adapter.h - what adapters of processes share -------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_ADAPTER_H
#define DCHAG_RUNTIME_ADAPTER_H

#include "Comm.h"
#include "Control.h"

namespace dchag::rt {

/// Whether the runtime is of the adapter's version.
Error checkVersion(const dchag_comm_options &options);

/// The options of the connections between ranks, without how they meet.
Control::Options controlOptions(const dchag_comm_options &options);

/// Ends this process with `reason` in its line, by `options.stop` where there is one.
[[noreturn]] void stopProcess(const dchag_comm_options &options, const std::string &reason);

/// The `abort` of an adapter. The others are told first. Threads that still serve connections must
/// not see destructors.
[[noreturn]] void abortRank(Control &control, int code);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_ADAPTER_H
