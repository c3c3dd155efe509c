//===- Weights.cpp - parameters of a program in files -----------*- C++ -*-===//

#include "Weights.h"
#include "Text.h"

using namespace dchag::rt;

std::string Weights::pathList() const {
  std::string list;
  for (const auto &file : files)
    list += (list.empty() ? "" : ", ") + file->path;
  return list;
}

Error Weights::find(const dchag_file_param &wanted, FoundParam &found) const {
  for (const auto &file : files) {
    auto it = file->tensors.find(wanted.name);
    if (it == file->tensors.end())
      continue;
    if (found.file)
      return failure("weights %s: tensor %s is in %s too: give each tensor once",
                     file->path.c_str(), quoteName(wanted.name).c_str(), found.file->path.c_str());
    found.file = file.get();
    found.tensor = &it->second;
  }
  if (!found.file)
    return failure("weights %s: tensor %s is missing, wanted %s %s: give the file that the "
                   "model was exported with",
                   pathList().c_str(), quoteName(wanted.name).c_str(),
                   shapeText(wanted.shape, wanted.rank).c_str(), nameOf(wanted.dtype));
  const StoredTensor &tensor = *found.tensor;
  if (tensor.dtype != wanted.dtype ||
      tensor.shape != std::vector<int64_t>(wanted.shape, wanted.shape + wanted.rank))
    return failure("weights %s: tensor %s is %s %s, wanted %s %s: give the file that the "
                   "model was exported with, or compile for this one",
                   found.file->path.c_str(), quoteName(wanted.name).c_str(),
                   shapeText(tensor.shape).c_str(),
                   tensor.dtype < 0 ? tensor.typeName.c_str() : nameOf(tensor.dtype),
                   shapeText(wanted.shape, wanted.rank).c_str(), nameOf(wanted.dtype));
  return Error::success();
}

Error Weights::open(const std::vector<std::string> &paths, const dchag_program &program) {
  if (program.num_file_params > 0 && paths.empty())
    return failure("no weights given, the model has %d tensors: add --weights FILE.safetensors",
                   program.num_file_params);
  for (const std::string &path : paths) {
    for (const auto &file : files)
      if (file->path == path)
        return failure("weights %s: given twice: give each file once", path.c_str());
    files.push_back(std::make_unique<Safetensors>());
    if (Error error = files.back()->open(path))
      return failure("weights %s: %s", path.c_str(), error.message().c_str());
  }
  params.resize(program.num_file_params);
  for (int32_t i = 0; i < program.num_file_params; ++i)
    if (Error error = find(program.file_params[i], params[i]))
      return error;
  return Error::success();
}
