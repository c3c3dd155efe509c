//===- Late.cpp - texts about ranks that did not come -----------*- C++ -*-===//

#include "Late.h"

#include "Error.h"

using namespace dchag::rt;

std::string dchag::rt::lateText(const std::vector<int> &ranks, double timeout) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (size_t i = 0; i < ranks.size(); ++i)
    text += (i == 0 ? "" : i + 1 == ranks.size() ? " and " : ", ") + std::to_string(ranks[i]);
  return format("%s did not arrive within %g s", text.c_str(), timeout);
}
