//===- ArrayFile.cpp - npy and npz files ------------------------*- C++ -*-===//

#include "ArrayFile.h"
#include "Text.h"

#include <algorithm>
#include <set>

using namespace dchag::rt;

Error ArrayFile::open(const std::string &path) {
  if (Error error = map.open(path))
    return error;
  return parse(map.data(), map.size());
}

Error ArrayFile::parse(const char *start, int64_t length) {
  bytes = start;
  size = length;
  archive = looksLikeZip(bytes, size);
  if (!archive)
    return Error::success();
  std::vector<ZipEntry> all;
  if (Error error = readZipDirectory(bytes, size, all))
    return error;
  const std::string suffix = ".npy";
  std::set<std::string> known;
  for (ZipEntry &entry : all) {
    size_t end = entry.name.size() - std::min(entry.name.size(), suffix.size());
    if (end == 0 || entry.name.compare(end, suffix.size(), suffix) != 0)
      continue;
    arrayNames.push_back(entry.name.substr(0, end));
    if (!known.insert(arrayNames.back()).second)
      return failure("holds array %s twice: write it again with numpy.savez",
                     quoteName(arrayNames.back()).c_str());
    entries.push_back(std::move(entry));
  }
  return Error::success();
}

Error ArrayFile::read(ArrayView &view) const { return parseNpy(bytes, size, view); }

Error ArrayFile::read(const std::string &name, ArrayView &view) {
  auto found = std::find(arrayNames.begin(), arrayNames.end(), name);
  if (found == arrayNames.end()) {
    std::string list;
    for (const std::string &other : arrayNames)
      list += (list.empty() ? "" : ", ") + quoteName(other);
    return failure("holds no array %s: its arrays are %s", quoteName(name).c_str(),
                   list.empty() ? "none" : list.c_str());
  }
  const ZipEntry &entry = entries[found - arrayNames.begin()];
  auto holder = std::make_unique<Region>();
  const char *contents = nullptr;
  Error error = openZipEntry(bytes, size, entry, *holder, contents);
  if (!error)
    error = parseNpy(contents, entry.bytes, view);
  if (error)
    return failure("array %s %s", quoteName(name).c_str(), error.message().c_str());
  unpacked.push_back(std::move(holder));
  return Error::success();
}
