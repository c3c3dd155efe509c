//===- Safetensors.h - files of parameters ----------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_SAFETENSORS_H
#define DCHAG_RUNTIME_SAFETENSORS_H

#include "Memory.h"
#include "Types.h"

#include <map>
#include <memory>

namespace dchag::rt {

/// A tensor of a file, row major.
struct StoredTensor {
  std::string typeName;
  int32_t dtype = -1; ///< -1 for a type that programs do not read
  std::vector<int64_t> shape;
  int64_t begin = 0, end = 0; ///< bytes of the file
};

/// A mapped safetensors file whose header was checked from end to end.
class Safetensors {
public:
  Error open(const std::string &path);

  std::string path;
  MappedFile file;
  std::map<std::string, StoredTensor> tensors;
};

/// A parameter of the program, found in a file.
struct FoundParam {
  const Safetensors *file = nullptr;
  const StoredTensor *tensor = nullptr;
};

/// The weights of a program: one or more files, none of which repeats a tensor of another.
class Weights {
public:
  Error open(const std::vector<std::string> &paths, const dchag_program &program);

  std::vector<FoundParam> params; ///< one for each file parameter of the program

private:
  Error find(const dchag_file_param &wanted, FoundParam &found) const;
  std::vector<std::unique_ptr<Safetensors>> files;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_SAFETENSORS_H
