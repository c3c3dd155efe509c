//===- Inputs.cpp - arrays given by the user --------------------*- C++ -*-===//

#include "Inputs.h"
#include "StridedCopy.h"

#include <algorithm>

using namespace dchag::rt;

std::string Inputs::names(const dchag_program &program) const {
  std::string text;
  for (int32_t b : wanted)
    text += (text.empty() ? "" : ", ") + std::string(program.buffers[b].name);
  return text.empty() ? "none" : text;
}

static std::string globalShape(const dchag_buffer &buffer) {
  std::vector<int64_t> shape;
  for (int32_t d = 0; d < buffer.rank; ++d)
    shape.push_back(buffer.dims[d].global);
  return shapeText(shape);
}

Error Inputs::add(const dchag_program &program, const std::string &name, Source source) {
  for (int32_t b : wanted) {
    const dchag_buffer &buffer = program.buffers[b];
    if (name != buffer.name)
      continue;
    if (source.view.dtype != buffer.dtype)
      return failure("input \"%s\" (%s): is %s, wanted %s: convert it with array.astype",
                     name.c_str(), source.path.c_str(), nameOf(source.view.dtype),
                     nameOf(buffer.dtype));
    auto added = sources.emplace(b, std::move(source));
    if (!added.second)
      return failure("input \"%s\": is given twice (%s): give it once", name.c_str(),
                     added.first->second.path.c_str());
    return Error::success();
  }
  return failure("input \"%s\" (%s): the model has no such input: its inputs are %s", name.c_str(),
                 source.path.c_str(), names(program).c_str());
}

/// An archive gives one array by name, or without a name all of its arrays.
Error Inputs::openArchive(const dchag_program &program, const InputOption &option,
                          ArrayFile &file) {
  std::vector<std::string> arrays = file.names();
  if (!option.name.empty())
    arrays = {option.name};
  else if (arrays.empty())
    return failure("input %s: holds no array *.npy: write it with numpy.savez",
                   option.path.c_str());
  for (const std::string &name : arrays) {
    Source source;
    source.path = option.path;
    if (Error error = file.read(name, source.view))
      return failure("input %s: %s", option.path.c_str(), error.message().c_str());
    if (Error error = add(program, name, std::move(source)))
      return error;
  }
  return Error::success();
}

Error Inputs::openFile(const dchag_program &program, const InputOption &option) {
  auto file = std::make_unique<ArrayFile>();
  std::string where = option.name.empty() ? "input " + option.path
                                          : "input \"" + option.name + "\" (" + option.path + ")";
  if (Error error = file->open(option.path))
    return failure("%s: %s", where.c_str(), error.message().c_str());
  Error result;
  if (file->isArchive()) {
    result = openArchive(program, option, *file);
  } else {
    if (option.name.empty())
      return failure("input %s: is no npz archive: write --input NAME=%s with one of %s",
                     option.path.c_str(), option.path.c_str(), names(program).c_str());
    Source source;
    source.path = option.path;
    if (Error error = file->read(source.view))
      return failure("%s: %s", where.c_str(), error.message().c_str());
    result = add(program, option.name, std::move(source));
  }
  files.push_back(std::move(file));
  return result;
}

/// Either every array has its compiled shape, or all that start with the compiled batch start
/// with the same larger number of samples.
Error Inputs::checkShapes(const dchag_program &program) {
  for (const auto &entry : sources) {
    const dchag_buffer &buffer = program.buffers[entry.first];
    const std::vector<int64_t> &shape = entry.second.view.shape;
    bool sameRank = static_cast<int32_t>(shape.size()) == buffer.rank, sameRest = sameRank;
    for (int32_t d = 1; d < buffer.rank && sameRest; ++d)
      sameRest = shape[d] == buffer.dims[d].global;
    int64_t compiled = sameRest && buffer.rank ? buffer.dims[0].global : 0;
    bool longer = compiled > 0 && shape[0] > compiled;
    if (!sameRest || (buffer.rank && shape[0] != compiled && !longer))
      return failure("input \"%s\" (%s): has shape %s, wanted %s: give an array of that shape, or "
                     "compile for this one",
                     buffer.name, entry.second.path.c_str(), shapeText(shape).c_str(),
                     globalShape(buffer).c_str());
    if (longer && batches.compiled == 0)
      batches = {compiled, shape[0]};
  }
  if (batches.compiled == 0)
    return Error::success();
  for (const auto &entry : sources) {
    const dchag_buffer &buffer = program.buffers[entry.first];
    const std::vector<int64_t> &shape = entry.second.view.shape;
    bool fits = batches.covers(buffer) ? shape[0] == batches.samples
                                       : buffer.rank == 0 || shape[0] == buffer.dims[0].global;
    if (!fits)
      return failure("input \"%s\" (%s): has shape %s, but other inputs hold %lld samples: give "
                     "every input as many",
                     buffer.name, entry.second.path.c_str(), shapeText(shape).c_str(),
                     static_cast<long long>(batches.samples));
  }
  for (int32_t b : results)
    if (!batches.covers(program.buffers[b]))
      return failure("output \"%s\" has shape %s and no batch of %lld, so it cannot be joined over "
                     "the steps of %lld samples: give %lld samples at a time",
                     program.buffers[b].name, globalShape(program.buffers[b]).c_str(),
                     static_cast<long long>(batches.compiled),
                     static_cast<long long>(batches.samples),
                     static_cast<long long>(batches.compiled));
  return Error::success();
}

Error Inputs::open(const dchag_program &program, const dchag_entry_point &entry,
                   const std::vector<InputOption> &options) {
  wanted = inputsOf(program, entry);
  results = outputsOf(program, entry);
  for (const InputOption &option : options)
    if (Error error = openFile(program, option))
      return error;
  std::string missing;
  for (int32_t b : wanted)
    if (!sources.count(b))
      missing += format("%s\"%s\" (%s %s)", missing.empty() ? "" : ", ", program.buffers[b].name,
                        globalShape(program.buffers[b]).c_str(), nameOf(program.buffers[b].dtype));
  if (!missing.empty())
    return failure("missing input %s: add --input NAME=FILE.npy", missing.c_str());
  return checkShapes(program);
}

void Inputs::fill(const dchag_program &program, const dchag_context &context, int64_t step,
                  const std::vector<void *> &table) const {
  for (const auto &entry : sources) {
    const dchag_buffer &buffer = program.buffers[entry.first];
    const ArrayView &view = entry.second.view;
    std::vector<Part> parts = partsOf(program, buffer, context.coordinates);
    std::vector<int64_t> strides = localStrides(parts);
    CopyShape shape;
    int64_t origin = 0;
    for (int32_t d = 0; d < buffer.rank; ++d) {
      origin += parts[d].begin * view.strides[d];
      shape.add(parts[d].end - parts[d].begin, strides[d], view.strides[d]);
    }
    int64_t width = sizeOf(buffer.dtype), repeated = 0, sampleStride = 0;
    if (batches.covers(buffer)) {
      // The valid samples, then copies of the last one for the rest of the batch.
      int64_t first = step * batches.compiled, valid = batches.valid(step);
      sampleStride = strides[0];
      origin += first * view.strides[0];
      repeated = parts[0].end - std::clamp(valid, parts[0].begin, parts[0].end);
      shape.size[0] -= repeated;
    }
    auto *target = static_cast<char *>(table[entry.first]);
    stridedCopy(shape, buffer.dtype, target, view.dtype, view.data + origin * width);
    if (repeated > 0) {
      target += shape.size[0] * sampleStride * width;
      origin += (batches.samples - 1 - step * batches.compiled - parts[0].begin) * view.strides[0];
      shape.size[0] = repeated;
      shape.src[0] = 0;
      stridedCopy(shape, buffer.dtype, target, view.dtype, view.data + origin * width);
    }
    normalizeBooleans(buffer, table[entry.first]);
  }
  for (const auto &file : files)
    file->drop();
}
