//===- Safetensors.h - files of parameters ----------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_SAFETENSORS_H
#define DCHAG_RUNTIME_SAFETENSORS_H

#include "Memory.h"
#include "Types.h"

#include <map>
#include <string>
#include <vector>

namespace dchag::rt {

/// A tensor of a file, row major.
struct StoredTensor {
  std::string typeName;
  int32_t dtype = -1; ///< -1 for a type that is not read
  std::vector<int64_t> shape;
  int64_t begin = 0, end = 0; ///< bytes of the file
};

/// The tensors of a file by name.
using StoredTensors = std::map<std::string, StoredTensor>;

/// Parses the header of `size` bytes at `bytes` completely. Every tensor is inside of the file, has
/// the bytes that its type and shape need, and overlaps with no other. The error names the tensor,
/// not the file.
Error parseSafetensors(const char *bytes, int64_t size, StoredTensors &tensors);

/// A mapped file.
class Safetensors {
public:
  /// Maps and checks a file; the error does not name it.
  Error open(const std::string &path);

  std::string path;
  MappedFile file;
  StoredTensors tensors;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_SAFETENSORS_H
