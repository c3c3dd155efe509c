//===- Weights.h - parameters of a program in files -------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_WEIGHTS_H
#define DCHAG_RUNTIME_WEIGHTS_H

#include "Safetensors.h"

#include <memory>

namespace dchag::rt {

/// A parameter of the program, found in a file.
struct FoundParam {
  const Safetensors *file = nullptr;
  const StoredTensor *tensor = nullptr;
};

/// The weights of a program: one or more files with different tensors.
class Weights {
public:
  Error open(const std::vector<std::string> &paths, const dchag_program &program);

  std::vector<FoundParam> params; ///< one for each file parameter of the program

private:
  Error find(const dchag_file_param &wanted, FoundParam &found) const;
  std::string pathList() const;
  std::vector<std::unique_ptr<Safetensors>> files;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_WEIGHTS_H
