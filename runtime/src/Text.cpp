//===- Text.cpp - text of others on a terminal ------------------*- C++ -*-===//

#include "Text.h"

#include <cctype>
#include <cstdint>

using namespace dchag::rt;

/// The character at the start of `text`, and the bytes it takes; 0 bytes if they are not UTF-8.
static size_t decodeCharacter(std::string_view text, uint32_t &character) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  character = byte(0);
  if (character < 0x80)
    return 1;
  size_t length = character >= 0xf0 ? 4 : character >= 0xe0 ? 3 : 2;
  if (character < 0xc2 || character > 0xf4 || text.size() < length)
    return 0;
  character &= 0x7f >> length;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80)
      return 0;
    character = character << 6 | (byte(i) & 0x3f);
  }
  // Overlong forms, surrogates, and code points beyond Unicode.
  static constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (character < least[length] || character > 0x10ffff || (character >> 11) == 0x1b)
    return 0;
  return length;
}

/// Characters that move the cursor, end a line, or turn the direction of writing.
static bool isHarmful(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x200e || c == 0x200f || c == 0x061c ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void appendEscape(std::string &result, uint32_t character, bool isByte) {
  char spelled[16];
  if (character == '\n' || character == '\r' || character == '\t')
    std::snprintf(spelled, sizeof(spelled), "\\%c",
                  character == '\n'   ? 'n'
                  : character == '\r' ? 'r'
                                      : 't');
  else
    std::snprintf(spelled, sizeof(spelled), isByte ? "\\x%02x" : "\\u{%04x}",
                  static_cast<unsigned>(character));
  result += spelled;
}

std::string dchag::rt::escapeText(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    uint32_t character = 0;
    size_t length = decodeCharacter(text.substr(at), character);
    if (length && !isHarmful(character))
      result += text.substr(at, length);
    else if (length)
      appendEscape(result, character, length == 1);
    else
      appendEscape(result, static_cast<unsigned char>(text[at]), /*isByte=*/true);
    at += length ? length : 1;
  }
  return result;
}

bool dchag::rt::isPrintable(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    uint32_t character = 0;
    size_t length = decodeCharacter(text.substr(at), character);
    if (!length || isHarmful(character))
      return false;
    at += length;
  }
  return true;
}

std::string dchag::rt::quoteName(std::string_view name) {
  constexpr size_t most = 200;
  if (name.size() <= most)
    return '"' + escapeText(name) + '"';
  // Not inside of a character.
  size_t end = most;
  while (end > most - 4 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80)
    --end;
  return '"' + escapeText(name.substr(0, end)) + "...\"";
}

std::string dchag::rt::fileName(std::string_view name) {
  std::string result;
  for (size_t at = 0; at < name.size();) {
    uint32_t c = 0;
    size_t length = decodeCharacter(name.substr(at), c);
    constexpr std::string_view signs = ".-_+:=";
    bool plain = length && c < 0x80
                     ? std::isalnum(static_cast<int>(c)) || signs.find(c) != signs.npos
                     : length && !isHarmful(c);
    result += plain ? name.substr(at, length) : "_";
    at += length ? length : 1;
  }
  if (result.empty() || result[0] == '.')
    result.insert(result.begin(), '_');
  return result;
}

void dchag::rt::printLine(std::FILE *file, std::string_view line) {
  std::fprintf(file, "%s\n", escapeText(line).c_str());
}
