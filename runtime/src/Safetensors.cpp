//===- Safetensors.cpp - files of parameters --------------------*- C++ -*-===//

#include "Safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

using namespace dchag::rt;
using Json = nlohmann::json;

static int32_t typeByName(const std::string &name) {
  static const std::pair<const char *, int32_t> types[] = {
      {"BOOL", DCHAG_BOOL}, {"I8", DCHAG_I8},  {"I16", DCHAG_I16}, {"I32", DCHAG_I32},
      {"I64", DCHAG_I64},   {"U8", DCHAG_U8},  {"F16", DCHAG_F16}, {"BF16", DCHAG_BF16},
      {"F32", DCHAG_F32},   {"F64", DCHAG_F64}};
  for (const auto &type : types)
    if (name == type.first)
      return type.second;
  return -1;
}

static Error tensorFailure(const std::string &name, const char *what) {
  return failure("tensor \"%s\" %s: write the file again", name.c_str(), what);
}

/// A JSON number that is an integer from 0 to 2^63 - 1.
static bool readSize(const Json &value, int64_t &size) {
  if (!value.is_number_unsigned())
    return false;
  uint64_t number = value.get<uint64_t>();
  size = static_cast<int64_t>(number);
  return number <= static_cast<uint64_t>(INT64_MAX);
}

static Error readTensor(const std::string &name, const Json &entry, int64_t dataBegin,
                        int64_t fileBytes, StoredTensor &tensor) {
  auto dtype = entry.find("dtype"), shape = entry.find("shape");
  auto offsets = entry.find("data_offsets");
  if (dtype == entry.end() || !dtype->is_string() || shape == entry.end() || !shape->is_array() ||
      offsets == entry.end() || !offsets->is_array() || offsets->size() != 2)
    return tensorFailure(name, "has no dtype, shape or data_offsets");
  tensor.typeName = dtype->get<std::string>();
  tensor.dtype = typeByName(tensor.typeName);
  for (const Json &value : *shape) {
    int64_t size = 0;
    if (!readSize(value, size))
      return tensorFailure(name, "has a shape that is not made of sizes");
    tensor.shape.push_back(size);
  }
  int64_t begin = 0, end = 0;
  if (!readSize((*offsets)[0], begin) || !readSize((*offsets)[1], end) || begin > end)
    return tensorFailure(name, "has data_offsets that are no range of bytes");
  if (end > fileBytes - dataBegin)
    return failure("is truncated: tensor \"%s\" ends at byte %lld of the data, which has %lld: "
                   "copy the file again",
                   name.c_str(), static_cast<long long>(end),
                   static_cast<long long>(fileBytes - dataBegin));
  int64_t count = countOf(tensor.shape), bytes = 0;
  if (count < 0)
    return tensorFailure(name, "has a shape too large to exist");
  if (tensor.dtype >= 0 &&
      (__builtin_mul_overflow(count, sizeOf(tensor.dtype), &bytes) || bytes != end - begin))
    return failure("tensor \"%s\" is %s %s but has %lld bytes of data: write the file again",
                   name.c_str(), shapeText(tensor.shape).c_str(), nameOf(tensor.dtype),
                   static_cast<long long>(end - begin));
  tensor.begin = dataBegin + begin;
  tensor.end = dataBegin + end;
  return Error::success();
}

/// Parses the header; a name used twice is an error, which plain parsing would hide.
static Error parseHeader(const char *begin, const char *end, Json &header) {
  std::set<std::string> names;
  std::string repeated;
  auto watch = [&](int depth, Json::parse_event_t event, Json &parsed) {
    if (event == Json::parse_event_t::key && depth == 1 &&
        !names.insert(parsed.get<std::string>()).second)
      repeated = parsed.get<std::string>();
    return true;
  };
  header = Json::parse(begin, end, watch, /*allow_exceptions=*/false);
  if (header.is_discarded() || !header.is_object())
    return failure("has a header that is no JSON object: it is no safetensors file or a damaged "
                   "one; write it again");
  if (!repeated.empty())
    return tensorFailure(repeated, "is there twice");
  return Error::success();
}

static Error checkOverlap(const std::map<std::string, StoredTensor> &tensors) {
  std::vector<const std::pair<const std::string, StoredTensor> *> order;
  for (const auto &entry : tensors)
    if (entry.second.begin < entry.second.end)
      order.push_back(&entry);
  std::sort(order.begin(), order.end(),
            [](auto *a, auto *b) { return a->second.begin < b->second.begin; });
  for (size_t i = 1; i < order.size(); ++i)
    if (order[i]->second.begin < order[i - 1]->second.end)
      return failure("tensors \"%s\" and \"%s\" overlap: write the file again",
                     order[i - 1]->first.c_str(), order[i]->first.c_str());
  return Error::success();
}

Error Safetensors::open(const std::string &filePath) {
  path = filePath;
  if (Error error = file.open(path))
    return error;
  if (file.size() < 8)
    return failure("is truncated (%lld bytes): copy it again", static_cast<long long>(file.size()));
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | static_cast<unsigned char>(file.data()[i]);
  if (length > static_cast<uint64_t>(file.size() - 8))
    return failure("is truncated or no safetensors file: the header claims %llu bytes, the file "
                   "has %lld: copy it again",
                   static_cast<unsigned long long>(length), static_cast<long long>(file.size()));
  Json header;
  int64_t dataBegin = 8 + static_cast<int64_t>(length);
  if (Error error = parseHeader(file.data() + 8, file.data() + dataBegin, header))
    return error;
  for (auto it = header.begin(); it != header.end(); ++it) {
    if (it.key() == "__metadata__")
      continue;
    if (!it.value().is_object())
      return tensorFailure(it.key(), "has no description");
    if (Error error = readTensor(it.key(), it.value(), dataBegin, file.size(), tensors[it.key()]))
      return error;
  }
  return checkOverlap(tensors);
}

Error Weights::find(const dchag_file_param &wanted, FoundParam &found) const {
  std::string names;
  for (const auto &file : files) {
    names += (names.empty() ? "" : ", ") + file->path;
    auto it = file->tensors.find(wanted.name);
    if (it == file->tensors.end())
      continue;
    if (found.file)
      return failure("weights %s: tensor \"%s\" is in %s too: give each tensor once",
                     file->path.c_str(), wanted.name, found.file->path.c_str());
    found.file = file.get();
    found.tensor = &it->second;
  }
  if (!found.file)
    return failure("weights %s: tensor \"%s\" is missing, wanted %s %s: give the file that the "
                   "model was exported with",
                   names.c_str(), wanted.name, shapeText(wanted.shape, wanted.rank).c_str(),
                   nameOf(wanted.dtype));
  const StoredTensor &tensor = *found.tensor;
  if (tensor.dtype != wanted.dtype ||
      tensor.shape != std::vector<int64_t>(wanted.shape, wanted.shape + wanted.rank))
    return failure("weights %s: tensor \"%s\" is %s %s, wanted %s %s: give the file that the "
                   "model was exported with, or compile for this one",
                   found.file->path.c_str(), wanted.name, shapeText(tensor.shape).c_str(),
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
