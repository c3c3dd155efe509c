//===- BuildId.cpp - what names the content of an executable ----*- C++ -*-===//

#include "BuildId.h"

#include <cstdint>
#include <cstring>
#include <elf.h>
#include <link.h>

using namespace dchag::rt;

namespace {
struct Search {
  uintptr_t address;
  std::string found;
};
} // namespace

/// Notes are a header, a name and a description, each padded to 4 bytes.
static std::string findInNotes(const char *at, size_t bytes) {
  const char *end = at + bytes;
  while (static_cast<size_t>(end - at) >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, at, sizeof(note));
    const char *name = at + sizeof(note);
    size_t nameBytes = (size_t(note.n_namesz) + 3) / 4 * 4, idBytes = note.n_descsz;
    if (nameBytes + idBytes > static_cast<size_t>(end - name))
      break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
        std::memcmp(name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0)
      return std::string(name + nameBytes, idBytes);
    size_t rest = end - name - nameBytes, padded = (idBytes + 3) / 4 * 4;
    at = name + nameBytes + (padded < rest ? padded : rest);
  }
  return {};
}

/// Of each loaded file; other than 0 ends the search.
static int visit(dl_phdr_info *info, size_t, void *data) {
  auto &search = *static_cast<Search *>(data);
  bool contains = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[i];
    uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    contains |= segment.p_type == PT_LOAD && search.address >= begin &&
                search.address - begin < segment.p_memsz;
  }
  if (!contains)
    return 0;
  for (int i = 0; i < info->dlpi_phnum && search.found.empty(); ++i) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[i];
    if (segment.p_type == PT_NOTE)
      search.found = findInNotes(reinterpret_cast<const char *>(info->dlpi_addr + segment.p_vaddr),
                                 segment.p_memsz);
  }
  return 1;
}

std::string dchag::rt::findBuildId(const void *address) {
  Search search{reinterpret_cast<uintptr_t>(address), {}};
  dl_iterate_phdr(visit, &search);
  return search.found;
}
