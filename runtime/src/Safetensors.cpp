//===- Safetensors.cpp - files of parameters --------------------*- C++ -*-===//
//
// The header is parsed event by event: no tree is built, nothing recurses, and duplicate names and
// keys, which a tree would hide, are detected.
//
//===----------------------------------------------------------------------===//

#include "Safetensors.h"
#include "Text.h"

#include <algorithm>
#include <climits>
#include <nlohmann/json.hpp>

using namespace dchag::rt;
using Json = nlohmann::json;

/// As the format's reference implementation has it.
static constexpr uint64_t maxHeaderBytes = 100000000;
/// A header has two levels below the object of all tensors; more may be in what is skipped.
static constexpr int maxDepth = 32;
static constexpr size_t maxRank = 64;

static int32_t typeByName(const std::string &name) {
  static const std::pair<const char *, int32_t> types[] = {
      {"BOOL", DCHAG_BOOL}, {"I8", DCHAG_I8},   {"I16", DCHAG_I16},   {"I32", DCHAG_I32},
      {"I64", DCHAG_I64},   {"U8", DCHAG_U8},   {"U16", DCHAG_U16},   {"U32", DCHAG_U32},
      {"U64", DCHAG_U64},   {"F16", DCHAG_F16}, {"BF16", DCHAG_BF16}, {"F32", DCHAG_F32},
      {"F64", DCHAG_F64}};
  for (const auto &type : types)
    if (name == type.first)
      return type.second;
  return -1;
}

static Error tensorFailure(const std::string &name, const std::string &what) {
  return failure("tensor %s %s: write the file again", quoteName(name).c_str(), what.c_str());
}

namespace {

/// Receives the events of a header. The functions are those that nlohmann's parser calls; each
/// returns false to end the reading, with `error` set.
class HeaderReader {
public:
  HeaderReader(int64_t dataBytes, StoredTensors &tensors)
      : dataBytes(dataBytes), tensors(tensors) {}

  bool null() { return other("null"); }
  bool boolean(bool) { return other("a boolean"); }
  bool number_float(double, const std::string &) { return other("a fraction"); }
  bool binary(Json::binary_t &) { return other("binary data"); }
  bool number_integer(int64_t number) {
    return other(number < 0 ? "a negative number" : "a number");
  }
  bool number_unsigned(uint64_t number);
  bool string(std::string &text);
  bool start_object(std::size_t);
  bool key(std::string &text);
  bool end_object();
  bool start_array(std::size_t);
  bool end_array();
  bool parse_error(std::size_t position, const std::string &, const Json::exception &);

  Error error;

private:
  enum class Field { None, Type, Shape, Offsets, Skipped };

  bool fail(Error why) {
    if (!error)
      error = std::move(why);
    return false;
  }
  bool failTensor(const std::string &what) { return fail(tensorFailure(name, what)); }
  /// A value that only skipped fields may have.
  bool other(const char *what);
  bool skips() const { return isMetadata || field == Field::Skipped; }
  bool enter();
  bool addTensor();
  const char *fieldName() const {
    return field == Field::Type ? "dtype" : field == Field::Shape ? "shape" : "data_offsets";
  }

  int64_t dataBytes;
  StoredTensors &tensors;
  int depth = 0;
  bool isMetadata = false, hadMetadata = false;
  std::string name;
  Field field = Field::None;
  bool hasType = false, hasShape = false, hasOffsets = false;
  StoredTensor tensor;
  std::vector<int64_t> offsets;
};

} // namespace

bool HeaderReader::other(const char *what) {
  if (depth == 0)
    return fail(failure("has a header that is no JSON object: it is no safetensors file or a "
                        "damaged one; write it again"));
  if (skips())
    return true;
  if (depth == 1)
    return failTensor(std::string("is described by ") + what + ", wanted an object");
  return failTensor(std::string("has ") + what + " for its " + fieldName());
}

bool HeaderReader::number_unsigned(uint64_t number) {
  bool isList = depth == 3 && (field == Field::Shape || field == Field::Offsets);
  if (!isList || skips())
    return other("a number");
  if (number > static_cast<uint64_t>(INT64_MAX))
    return failTensor(std::string("has a number above 2^63 in its ") + fieldName());
  std::vector<int64_t> &list = field == Field::Shape ? tensor.shape : offsets;
  if (list.size() == (field == Field::Shape ? maxRank : 2))
    return failTensor(std::string("has more than ") + std::to_string(list.size()) +
                      " numbers for its " + fieldName());
  list.push_back(static_cast<int64_t>(number));
  return true;
}

bool HeaderReader::string(std::string &text) {
  if (depth != 2 || field != Field::Type || isMetadata)
    return other("a string");
  tensor.typeName = text;
  tensor.dtype = typeByName(text);
  return true;
}

bool HeaderReader::enter() {
  if (++depth <= maxDepth)
    return true;
  return fail(failure("has a header that is nested deeper than %d levels, in %s: it is no "
                      "safetensors file or a damaged one; write it again",
                      maxDepth,
                      isMetadata ? "__metadata__" : ("tensor " + quoteName(name)).c_str()));
}

bool HeaderReader::start_object(std::size_t) {
  if (depth == 1 && !isMetadata) {
    hasType = hasShape = hasOffsets = false;
    field = Field::None;
    tensor = StoredTensor();
    offsets.clear();
  } else if (depth > 1 && !skips()) {
    return other("an object");
  }
  return enter();
}

bool HeaderReader::key(std::string &text) {
  if (depth == 1) {
    name = text;
    field = Field::None;
    isMetadata = name == "__metadata__";
    if (isMetadata ? hadMetadata : tensors.count(name) > 0)
      return failTensor("is there twice");
    hadMetadata |= isMetadata;
    return true;
  }
  if (depth > 2 || isMetadata)
    return true;
  bool *known = text == "dtype"          ? &hasType
                : text == "shape"        ? &hasShape
                : text == "data_offsets" ? &hasOffsets
                                         : nullptr;
  field = !known               ? Field::Skipped
          : known == &hasType  ? Field::Type
          : known == &hasShape ? Field::Shape
                               : Field::Offsets;
  if (known && *known)
    return failTensor("has two of " + text);
  if (known)
    *known = true;
  return true;
}

bool HeaderReader::end_object() {
  --depth;
  if (depth != 1 || isMetadata) {
    isMetadata &= depth > 1;
    return true;
  }
  return addTensor();
}

bool HeaderReader::start_array(std::size_t) {
  bool isList = depth == 2 && (field == Field::Shape || field == Field::Offsets);
  if (!isList && !skips())
    return other("a list");
  return enter();
}

bool HeaderReader::end_array() {
  --depth;
  return true;
}

bool HeaderReader::parse_error(std::size_t position, const std::string &, const Json::exception &) {
  return fail(failure("has a header that is no JSON object (byte %zu of it does not fit): it is no "
                      "safetensors file or a damaged one; write it again",
                      position));
}

/// Compares the complete description of a tensor with the bytes of the file.
bool HeaderReader::addTensor() {
  if (!hasType || !hasShape || !hasOffsets)
    return failTensor(std::string("has no ") + (!hasType    ? "dtype"
                                                : !hasShape ? "shape"
                                                            : "data_offsets"));
  if (offsets.size() != 2)
    return failTensor("has " + std::to_string(offsets.size()) + " data_offsets, wanted 2");
  int64_t begin = offsets[0], end = offsets[1];
  if (begin > end)
    return failTensor("has data_offsets that end before they begin (" + std::to_string(begin) +
                      " to " + std::to_string(end) + ")");
  if (end > dataBytes)
    return fail(failure(
        "is truncated: tensor %s ends at byte %lld of the data, which has %lld: copy "
        "the file again",
        quoteName(name).c_str(), static_cast<long long>(end), static_cast<long long>(dataBytes)));
  int64_t count = countOf(tensor.shape), bytes = 0;
  if (count < 0)
    return failTensor("has a shape too large to exist (" + shapeText(tensor.shape) + ")");
  if (tensor.dtype >= 0 &&
      (__builtin_mul_overflow(count, sizeOf(tensor.dtype), &bytes) || bytes != end - begin))
    return failTensor("is " + shapeText(tensor.shape) + " " + nameOf(tensor.dtype) + " but has " +
                      std::to_string(end - begin) + " bytes of data");
  tensor.begin = begin;
  tensor.end = end;
  tensors[name] = std::move(tensor);
  return true;
}

static Error checkOverlap(const StoredTensors &tensors) {
  std::vector<const std::pair<const std::string, StoredTensor> *> order;
  for (const auto &entry : tensors)
    if (entry.second.begin < entry.second.end)
      order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](auto *a, auto *b) {
    return a->second.begin != b->second.begin ? a->second.begin < b->second.begin
                                              : a->first < b->first;
  });
  for (size_t i = 1; i < order.size(); ++i)
    if (order[i]->second.begin < order[i - 1]->second.end)
      return failure("tensors %s and %s overlap: both have byte %lld of the data: write the file "
                     "again",
                     quoteName(order[i - 1]->first).c_str(), quoteName(order[i]->first).c_str(),
                     static_cast<long long>(order[i]->second.begin));
  return Error::success();
}

Error dchag::rt::parseSafetensors(const char *bytes, int64_t size, StoredTensors &tensors) {
  tensors.clear();
  if (size < 8)
    return failure("is truncated (%lld bytes): copy it again", static_cast<long long>(size));
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  if (length > static_cast<uint64_t>(size - 8))
    return failure("is truncated or no safetensors file: the header claims %llu bytes, the file "
                   "has %lld: copy it again",
                   static_cast<unsigned long long>(length), static_cast<long long>(size));
  if (length > maxHeaderBytes)
    return failure("has a header of %llu bytes, wanted %llu at most: it is no safetensors file, or "
                   "split it into several",
                   static_cast<unsigned long long>(length),
                   static_cast<unsigned long long>(maxHeaderBytes));
  const char *header = bytes + 8;
  int64_t dataBegin = 8 + static_cast<int64_t>(length);
  HeaderReader reader(size - dataBegin, tensors);
  Json::sax_parse(header, header + length, &reader);
  if (reader.error)
    return std::move(reader.error);
  if (Error error = checkOverlap(tensors))
    return error;
  for (auto &entry : tensors) {
    entry.second.begin += dataBegin;
    entry.second.end += dataBegin;
  }
  return Error::success();
}

Error Safetensors::open(const std::string &filePath) {
  path = filePath;
  if (Error error = file.open(path))
    return error;
  return parseSafetensors(file.data(), file.size(), tensors);
}
