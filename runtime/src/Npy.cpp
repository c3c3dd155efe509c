//===- Npy.cpp - arrays in NumPy's file format ------------------*- C++ -*-===//

#include "Npy.h"
#include "Text.h"
#include "Types.h"

#include <cctype>
#include <string_view>

using namespace dchag::rt;

namespace {

struct TypeCode {
  const char *code;
  int32_t dtype;
};

/// NumPy's codes without the byte order. bfloat16 is what ml_dtypes writes for it: a void.
constexpr TypeCode typeCodes[] = {
    {"b1", DCHAG_BOOL}, {"i1", DCHAG_I8},  {"i2", DCHAG_I16}, {"i4", DCHAG_I32}, {"i8", DCHAG_I64},
    {"u1", DCHAG_U8},   {"u2", DCHAG_U16}, {"u4", DCHAG_U32}, {"u8", DCHAG_U64}, {"f2", DCHAG_F16},
    {"V2", DCHAG_BF16}, {"f4", DCHAG_F32}, {"f8", DCHAG_F64}};

/// Headers of plain arrays have a few hundred bytes.
constexpr int64_t maxHeaderBytes = 1 << 20;
/// NumPy's own limit.
constexpr size_t maxRank = 64;

/// The Python dictionary of a header. Only what NumPy writes is supported: string keys and values
/// that are strings, True, False or tuples of integers.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text(text) {}
  Error parse(std::string &descr, bool &fortran, std::vector<int64_t> &shape);

private:
  void skipSpace() {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])))
      ++at;
  }
  bool take(std::string_view token) {
    skipSpace();
    if (text.substr(at, token.size()) != token)
      return false;
    at += token.size();
    return true;
  }
  bool takeString(std::string &value);
  bool takeShape(std::vector<int64_t> &shape);

  std::string_view text;
  size_t at = 0;
};

} // namespace

bool HeaderParser::takeString(std::string &value) {
  skipSpace();
  if (at >= text.size() || (text[at] != '\'' && text[at] != '"'))
    return false;
  size_t end = text.find(text[at], at + 1);
  if (end == std::string_view::npos)
    return false;
  value = text.substr(at + 1, end - at - 1);
  at = end + 1;
  return true;
}

bool HeaderParser::takeShape(std::vector<int64_t> &shape) {
  if (!take("("))
    return false;
  while (!take(")")) {
    skipSpace();
    size_t digits = at;
    int64_t size = 0;
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])))
      if (__builtin_mul_overflow(size, int64_t{10}, &size) ||
          __builtin_add_overflow(size, int64_t{text[at++] - '0'}, &size))
        return false;
    if (at == digits || shape.size() == maxRank)
      return false;
    take("L"); // Python 2 wrote long integers
    shape.push_back(size);
    if (!take(",") && (skipSpace(), at >= text.size() || text[at] != ')'))
      return false;
  }
  return true;
}

Error HeaderParser::parse(std::string &descr, bool &fortran, std::vector<int64_t> &shape) {
  bool hasDescr = false, hasOrder = false, hasShape = false;
  auto malformed = [&] {
    return failure("npy header is malformed at byte %zu: save the array again with numpy.save", at);
  };
  if (!take("{"))
    return malformed();
  while (!take("}")) {
    std::string key;
    if (!takeString(key) || !take(":"))
      return malformed();
    if (key == "descr" && !hasDescr) {
      if (skipSpace(), at < text.size() && text[at] == '[')
        return failure("holds records with named fields: save one plain array");
      hasDescr = takeString(descr);
      if (!hasDescr)
        return malformed();
    } else if (key == "fortran_order" && !hasOrder) {
      fortran = take("True");
      hasOrder = fortran || take("False");
      if (!hasOrder)
        return malformed();
    } else if (key == "shape" && !hasShape) {
      hasShape = takeShape(shape);
      if (!hasShape)
        return malformed();
    } else {
      return malformed();
    }
    if (!take(",") && (skipSpace(), at >= text.size() || text[at] != '}'))
      return malformed();
  }
  if (skipSpace(), at != text.size())
    return malformed();
  if (!hasDescr || !hasOrder || !hasShape)
    return failure("npy header lacks descr, fortran_order or shape: save the array again with "
                   "numpy.save");
  return Error::success();
}

static Error parseDescr(const std::string &descr, int32_t &dtype) {
  if (descr.size() >= 3) {
    char order = descr[0];
    for (const TypeCode &code : typeCodes) {
      if (descr.compare(1, std::string::npos, code.code) != 0)
        continue;
      if (order == '>' && sizeOf(code.dtype) > 1)
        return failure("is big-endian (%s): save it with array.astype(array.dtype.newbyteorder("
                       "'<'))",
                       descr.c_str());
      if (order == '<' || order == '|' || order == '=' || order == '>') {
        dtype = code.dtype;
        return Error::success();
      }
    }
  }
  return failure("holds elements of type %s: wanted bool, i8 to i64, u8 to u64, f16, bf16, f32 or "
                 "f64; convert it with array.astype",
                 quoteName(descr).c_str());
}

static void setStrides(ArrayView &view, bool fortran) {
  int64_t rank = view.shape.size(), stride = 1;
  view.strides.assign(rank, 0);
  for (int64_t i = 0; i < rank; ++i) {
    int64_t d = fortran ? i : rank - 1 - i;
    view.strides[d] = stride;
    stride *= view.shape[d];
  }
}

Error dchag::rt::parseNpy(const char *bytes, int64_t size, ArrayView &view) {
  if (size < 10 || std::memcmp(bytes, "\x93NUMPY", 6) != 0)
    return failure("is not an npy file (found no NumPy signature): save it with numpy.save");
  int major = static_cast<unsigned char>(bytes[6]);
  if (major < 1 || major > 3)
    return failure("is of npy version %d: wanted 1, 2 or 3; save it with numpy.save", major);
  int64_t fieldBytes = major == 1 ? 2 : 4, length = 0;
  if (size < 8 + fieldBytes)
    return failure("is truncated (%lld bytes): copy it again", static_cast<long long>(size));
  for (int64_t i = fieldBytes - 1; i >= 0; --i)
    length = length << 8 | static_cast<unsigned char>(bytes[8 + i]);
  int64_t begin = 8 + fieldBytes;
  if (length > maxHeaderBytes)
    return failure(
        "has an npy header of %lld bytes: wanted %lld at most; save the array again with "
        "numpy.save",
        static_cast<long long>(length), static_cast<long long>(maxHeaderBytes));
  if (length > size - begin)
    return failure("is truncated: holds %lld bytes, the header alone has %lld: copy it again",
                   static_cast<long long>(size), static_cast<long long>(begin + length));
  std::string descr;
  bool fortran = false;
  view = ArrayView();
  HeaderParser parser({bytes + begin, static_cast<size_t>(length)});
  if (Error error = parser.parse(descr, fortran, view.shape))
    return error;
  if (Error error = parseDescr(descr, view.dtype))
    return error;
  int64_t count = countOf(view.shape), wanted = 0;
  if (count < 0 || __builtin_mul_overflow(count, sizeOf(view.dtype), &wanted))
    return failure("npy header has a shape too large to exist (%s): save the array again",
                   shapeText(view.shape).c_str());
  if (wanted > size - begin - length)
    return failure("is truncated: %s %s needs %lld bytes of data, found %lld: copy it again",
                   shapeText(view.shape).c_str(), nameOf(view.dtype),
                   static_cast<long long>(wanted), static_cast<long long>(size - begin - length));
  if (wanted < size - begin - length)
    return failure(
        "has %lld bytes after the data of its array, which is %s %s: save one array a file",
        static_cast<long long>(size - begin - length - wanted), shapeText(view.shape).c_str(),
        nameOf(view.dtype));
  setStrides(view, fortran && count > 0);
  view.data = bytes + begin + length;
  return Error::success();
}

Error dchag::rt::makeNpyHeader(int32_t dtype, const std::vector<int64_t> &shape,
                               std::string &header) {
  const char *code = nullptr;
  for (const TypeCode &candidate : typeCodes)
    if (candidate.dtype == dtype)
      code = candidate.code;
  if (!code)
    return failure("has element type %d, which npy files cannot hold", dtype);
  std::string dictionary = "{'descr': '";
  dictionary += sizeOf(dtype) == 1 ? '|' : '<';
  dictionary += std::string(code) + "', 'fortran_order': False, 'shape': (";
  for (int64_t size : shape)
    dictionary += std::to_string(size) + ", ";
  if (shape.size() > 1)
    dictionary.resize(dictionary.size() - 2);
  else if (shape.size() == 1)
    dictionary.pop_back();
  dictionary += "), }";
  size_t total = (10 + dictionary.size() + 1 + 63) / 64 * 64;
  dictionary.resize(total - 10 - 1, ' ');
  dictionary += '\n';
  header.assign("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dictionary.size() & 0xff);
  header += static_cast<char>(dictionary.size() >> 8);
  header += dictionary;
  return Error::success();
}
