//===- Late.h - texts about ranks that did not come -------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_LATE_H
#define DCHAG_RUNTIME_LATE_H

#include <string>
#include <vector>

namespace dchag::rt {

/// "rank 3 did not arrive within 10 s", "ranks 1 and 3 did not arrive within 10 s".
std::string lateText(const std::vector<int> &ranks, double timeout);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_LATE_H
