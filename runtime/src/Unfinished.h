//===- Unfinished.h - files that go with the process ------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_UNFINISHED_H
#define DCHAG_RUNTIME_UNFINISHED_H

#include <string>

namespace dchag::rt {

/// Registers a file that is to be removed if this process is interrupted.
void noteUnfinished(const std::string &path);
/// Forgets all files: they were renamed, or do not exist any more.
void forgetUnfinished();
/// Removes all registered files. Any thread and signal handlers may call it.
void removeUnfinished();

/// From now on signals that end the process (SIGINT, SIGTERM, SIGSEGV and others) remove the files
/// first. Signals that are ignored or handled already are not changed.
void removeUnfinishedOnSignals();

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_UNFINISHED_H
