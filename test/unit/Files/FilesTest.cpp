//===- FilesTest.cpp - text and arrays of files ----------------------------*- C++ -*-===//

#include "runtime/src/Npy.h"
#include "runtime/src/Safetensors.h"
#include "runtime/src/Text.h"
#include <gtest/gtest.h>

using namespace dchag::rt;

TEST(Text, PrintableStays) {
  for (const char *text : {"", "blocks.0/attn:0", "\\x1b stays",
                           "\xc3\xa9 \xe6\xa8\xa1\xe5\x9e\x8b \xf0\x9f\x8c\x8d"}) {
    EXPECT_EQ(escapeText(text), text);
    EXPECT_TRUE(isPrintable(text));
  }
}

TEST(Text, ControlCharactersAreSpelledOut) {
  EXPECT_EQ(escapeText("\x1b[31mred\x07"), "\\x1b[31mred\\x07");
  EXPECT_EQ(escapeText("a\nb\r\tc"), "a\\nb\\r\\tc");
  EXPECT_EQ(escapeText(std::string_view("a\0b\x7f", 4)), "a\\x00b\\x7f");
  // One that begins an escape sequence in UTF-8; line separators; what turns the direction.
  EXPECT_EQ(escapeText("\xc2\x9b"), "\\u{009b}");
  EXPECT_EQ(escapeText("\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6"), "\\u{2028}\\u{202e}\\u{2066}");
}

TEST(Text, BrokenUtf8IsSpelledOut) {
  EXPECT_EQ(escapeText("\xff"), "\\xff");
  EXPECT_EQ(escapeText("\xc3"), "\\xc3");          // cut
  EXPECT_EQ(escapeText("\xc3("), "\\xc3(");        // not continued
  EXPECT_EQ(escapeText("\xc0\xaf"), "\\xc0\\xaf"); // too long a form
  EXPECT_EQ(escapeText("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
  EXPECT_EQ(escapeText("\xed\xa0\x80"), "\\xed\\xa0\\x80");          // half of a pair
  EXPECT_EQ(escapeText("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); // beyond Unicode
}

TEST(Text, EscapedTextIsNotChangedAgain) {
  std::string all;
  for (int c = 0; c < 256; ++c)
    all += static_cast<char>(c);
  std::string once = escapeText(all);
  EXPECT_TRUE(isPrintable(once));
  EXPECT_EQ(escapeText(once), once);
}

TEST(Text, LongNamesAreCutBetweenCharacters) {
  std::string name(199, 'a');
  EXPECT_EQ(quoteName(name + "b"), '"' + name + "b\"");
  EXPECT_EQ(quoteName(name + "\xc3\xa9"), '"' + name + "...\"");
  EXPECT_EQ(quoteName("a\n"), "\"a\\n\"");
}

TEST(Text, FileNamesHaveNoFolders) {
  EXPECT_EQ(fileName("head/y 1"), "head_y_1");
  EXPECT_EQ(fileName("../x"), "_.._x");
  EXPECT_EQ(fileName(""), "_");
  EXPECT_EQ(fileName("\xc3\xa9\xff\xe2\x80\xae"), "\xc3\xa9__");
}

/// Bytes that are their own place.
static std::string counting(size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

TEST(Npy, WhatIsWrittenIsRead) {
  for (int32_t dtype = DCHAG_BOOL; dtype <= DCHAG_U64; ++dtype)
    for (std::vector<int64_t> shape : {std::vector<int64_t>{}, {5}, {2, 3}, {3, 0, 2}}) {
      std::string file;
      ASSERT_FALSE(makeNpyHeader(dtype, shape, file));
      EXPECT_EQ(file.size() % 64, 0u);
      std::string data = counting(countOf(shape) * sizeOf(dtype));
      file += data;
      ArrayView view;
      Error error = parseNpy(file.data(), file.size(), view);
      ASSERT_FALSE(error) << nameOf(dtype) << ": " << error.message();
      EXPECT_EQ(view.dtype, dtype);
      EXPECT_EQ(view.shape, shape);
      EXPECT_EQ(std::string(view.data, data.size()), data);
    }
}

TEST(Npy, UnknownTypesAreNotWritten) {
  std::string file;
  EXPECT_TRUE(static_cast<bool>(makeNpyHeader(99, {2}, file)));
  EXPECT_TRUE(static_cast<bool>(makeNpyHeader(-1, {2}, file)));
}
