//===- Unfinished.h - files that go with the process ------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_UNFINISHED_H
#define DCHAG_RUNTIME_UNFINISHED_H

#include <string>

namespace dchag::rt {

/// Notes a file that is to be removed if this process is interrupted.
void noteUnfinished(const std::string &path);
/// Forgets all files: they have got their names, or are gone.
void forgetUnfinished();
/// Removes all files that are noted. Any thread may call it, and signal handlers.
void removeUnfinished();

/// From now on signals that end the process (SIGINT, SIGTERM, SIGSEGV and others) remove the files
/// first. Signals that are ignored or handled already stay so.
void removeUnfinishedOnSignals();

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_UNFINISHED_H
