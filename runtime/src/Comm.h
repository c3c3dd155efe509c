//===- Comm.h - communicators -----------------------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_COMM_H
#define DCHAG_RUNTIME_COMM_H

#include "Error.h"
#include "Launch.h"
#include "dchag_rt.h"

#include <vector>

/// Every implementation derives its communicator from this.
struct dchag_comm {};

namespace dchag::rt {

/// A communicator with its table of functions.
struct Comm {
  const dchag_comm_ops *ops = nullptr;
  dchag_comm *comm = nullptr;
};

/// The communicator of one rank.
Comm openSelf();

/// Communicators of `ranks` ranks that are threads of this process, one for each. Data is combined
/// in the order of the ranks whatever their timing. If a rank ends (`abort`, or `close` while
/// others wait for it), every waiting call of the others fails, so that no thread waits for ever;
/// ranks that call different collectives get an error, too. Waiting calls also fail when a rank
/// does not come within `timeout` seconds (0: no limit).
std::vector<Comm> openThreads(int ranks, double timeout = 0);

/// Opens libdchag_comm_NAME.so from $DCHAG_ADAPTER_DIR, the folder of the executable, or where
/// it was built or installed, and with it the communicator of all ranks.
Error openAdapter(const std::string &name, const dchag_comm_options &options, Comm &world);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_COMM_H
