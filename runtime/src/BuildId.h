//===- BuildId.h - what names the content of an executable ------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_BUILDID_H
#define DCHAG_RUNTIME_BUILDID_H

#include <string>

namespace dchag::rt {

/// The build ID of the executable or library that `address` is in: a hash that the linker made of
/// its whole content, code and constants of the program as well as the runtime. Empty if it was
/// linked without one.
std::string findBuildId(const void *address);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_BUILDID_H
