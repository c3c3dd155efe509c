//===- CacheTest.cpp - files of prepared parameters, and their keys --------===//

#include "../../../runtime/src/Buffers.h"
#include "../../../runtime/src/BuildId.h"
#include "../../../runtime/src/Hash.h"
#include "../../../runtime/src/PreparedFile.h"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

using namespace dchag::rt;

static void writeBytes(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

static std::string readBytes(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

namespace {

/// A folder of its own for each test.
class Folder : public testing::Test {
protected:
  void SetUp() override {
    path = testing::TempDir() + "dchag-cache-XXXXXX";
    ASSERT_NE(mkdtemp(path.data()), nullptr);
  }
  void TearDown() override { std::system(("rm -rf '" + path + "'").c_str()); }
  std::string path;
};

/// A file of two buffers and one without elements.
class PreparedFile : public Folder {
protected:
  void SetUp() override {
    Folder::SetUp();
    key.fill(7);
    ASSERT_FALSE(writePrepared(path, "a", key, spans(first, second), 0));
    good = readBytes(path + "/a");
  }
  static std::vector<Span> spans(std::string &one, std::string &other) {
    return {{one.data(), int64_t(one.size())}, {nullptr, 0}, {other.data(), int64_t(other.size())}};
  }
  PreparedState read(std::string &reason) {
    return readPrepared(path + "/a", key, spans(gotFirst, gotSecond), reason);
  }
  /// The reason why a file with these bytes is ignored.
  std::string reasonOf(const std::string &bytes) {
    writeBytes(path + "/a", bytes);
    std::string reason;
    EXPECT_EQ(read(reason), PreparedState::damaged);
    EXPECT_NE(reason, "");
    return reason;
  }

  std::string first = "abcdefg", second = "0123456789\0xyz";
  std::string gotFirst = std::string(7, ' '), gotSecond = std::string(second.size(), ' ');
  std::string good;
  Digest key;
};

} // namespace

TEST_F(PreparedFile, HoldsWhatWasWritten) {
  std::string reason;
  EXPECT_EQ(read(reason), PreparedState::read);
  EXPECT_EQ(gotFirst, first);
  EXPECT_EQ(gotSecond, second);
  EXPECT_EQ(std::system(("test $(ls -A '" + path + "') = a").c_str()), 0);
}

TEST_F(PreparedFile, IsIgnoredWithAnyBitFlipped) {
  for (size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = good;
      bytes[i] ^= char(1 << bit);
      reasonOf(bytes);
    }
}

TEST_F(PreparedFile, IsIgnoredWithAnyOtherLength) {
  for (size_t bytes = 0; bytes < good.size(); ++bytes)
    EXPECT_NE(reasonOf(good.substr(0, bytes)).find("is truncated: has"), std::string::npos);
  EXPECT_EQ(reasonOf(good + "x"), "has " + std::to_string(good.size() + 1) + " bytes, wanted " +
                                      std::to_string(good.size()));
}

TEST_F(PreparedFile, SaysWhatIsWrong) {
  EXPECT_EQ(reasonOf("X" + good.substr(1)), "is no file of prepared parameters");
  std::string bytes = good;
  bytes[8] = 9;
  EXPECT_EQ(reasonOf(bytes), "is of version 9 with a header of 72 bytes, wanted 1 with 72");
  bytes = good;
  bytes.back() ^= 1;
  EXPECT_EQ(reasonOf(bytes), "its data is damaged");
  key.fill(8);
  EXPECT_EQ(reasonOf(good), "was made for another program, other weights or another rank");
}

TEST_F(PreparedFile, MayBeMissing) {
  std::string reason;
  EXPECT_EQ(readPrepared(path + "/b", key, spans(gotFirst, gotSecond), reason),
            PreparedState::missing);
  EXPECT_EQ(readPrepared(path + "/a/b", key, spans(gotFirst, gotSecond), reason),
            PreparedState::missing);
  EXPECT_EQ(reason, "");
}

TEST_F(PreparedFile, MakesItsFolderButNotThatOfTheFolder) {
  EXPECT_FALSE(writePrepared(path + "/new", "a", key, spans(first, second), 0));
  EXPECT_EQ(readBytes(path + "/new/a"), good);
  Error error = writePrepared(path + "/no/new", "a", key, spans(first, second), 0);
  EXPECT_EQ(error.message(),
            "cannot be made (No such file or directory), so nothing is kept: check the folder, its "
            "permissions and the space on its disk");
}

TEST_F(PreparedFile, IsNotReadFromAPipeOrFolder) {
  std::string reason;
  ASSERT_EQ(mkfifo((path + "/fifo").c_str(), 0666), 0);
  for (const char *name : {"/fifo", ""}) {
    EXPECT_EQ(readPrepared(path + name, key, spans(gotFirst, gotSecond), reason),
              PreparedState::damaged);
    EXPECT_EQ(reason, "is not a regular file");
  }
}

namespace {

/// A 5x7 parameter in a file, and reads of it into a 4x6 buffer whose rows are sharded over two
/// ranks: 2 and 2.
class WeightsHash : public Folder {
protected:
  static constexpr int64_t rows = 5, columns = 7, elements = rows * columns;
  void SetUp() override {
    Folder::SetUp();
    file = path + "/w";
    std::string header = R"({"w":{"dtype":"F32","shape":[5,7],"data_offsets":[0,140]}})";
    std::string length(8, '\0');
    length[0] = static_cast<char>(header.size());
    dataBegin = length.size() + header.size();
    good = length + header + std::string(elements * sizeof(float), '\0');
    program.num_axes = 1;
    program.axes = &axis;
    program.num_file_params = 1;
    program.file_params = &param;
    buffer.name = "b";
    buffer.rank = 2;
    buffer.dtype = DCHAG_F32;
    buffer.dims = dims;
    writeBytes(file, good);
  }

  std::string hash(const dchag_read &read, int64_t rank) {
    Safetensors tensors;
    EXPECT_FALSE(tensors.open(file));
    Hash hash;
    Error error = hashRead(program, buffer, read, partsOf(program, buffer, {rank}),
                           {{&tensors, &tensors.tensors.at("w")}}, hash);
    return error ? error.message() : hexText(hash.digest());
  }

  /// Exactly the elements of the rank's part change the hash.
  void check(int64_t offset, int64_t rowStride, int64_t columnStride, int64_t numRows,
             int64_t numColumns) {
    int64_t box[] = {0, 0, numRows, numColumns, rowStride, columnStride};
    dchag_read read = {0, offset, box};
    for (int64_t rank = 0; rank < 2; ++rank) {
      std::set<int64_t> inside;
      for (int64_t i = rank * 2; i < std::min(rank * 2 + 2, numRows); ++i)
        for (int64_t j = 0; j < numColumns; ++j)
          inside.insert(offset + i * rowStride + j * columnStride);
      std::string before = hash(read, rank);
      for (int64_t element = 0; element < elements; ++element) {
        std::string bytes = good;
        bytes[dataBegin + element * sizeof(float) + element % sizeof(float)] = 1;
        writeBytes(file, bytes);
        EXPECT_EQ(hash(read, rank) != before, inside.count(element) != 0)
            << "element " << element << " of rank " << rank << " with strides " << rowStride
            << " and " << columnStride;
      }
      writeBytes(file, good);
    }
  }

  const dchag_axis axis = {"tp", 2};
  const int64_t shape[2] = {rows, columns};
  const dchag_file_param param = {"w", DCHAG_F32, 2, shape};
  const dchag_dim dims[2] = {{4, 2, 1, {0}}, {6, 6, 0, {}}};
  dchag_buffer buffer = {};
  dchag_program program = {};
  std::string file, good;
  size_t dataBegin = 0;
};

} // namespace

TEST_F(WeightsHash, CoversRows) { check(7, 7, 1, 4, 6); }
TEST_F(WeightsHash, CoversWholeRows) { check(0, 6, 1, 4, 6); }
TEST_F(WeightsHash, CoversColumns) { check(1, 1, 7, 3, 5); }
TEST_F(WeightsHash, CoversReversedRows) { check(34, -7, -1, 4, 6); }
TEST_F(WeightsHash, CoversRepeatedRows) { check(3, 0, 2, 4, 6); }
TEST_F(WeightsHash, CoversOverlappingRows) { check(2, 1, 2, 4, 6); }
TEST_F(WeightsHash, CoversFewerRowsThanTheFirstRankHas) { check(4, 7, 1, 1, 2); }

TEST_F(WeightsHash, RefusesWhatIsOutside) {
  int64_t box[] = {0, 0, 4, 6, 7, 1};
  EXPECT_EQ(hash({0, 15, box}, 1), "weights tensor \"w\": the program reads outside of it into "
                                   "buffer \"b\": compile the model again");
}

TEST(BuildId, IsThatOfTheFile) {
  static const int constant = 0;
  std::string mine = findBuildId(&constant);
  EXPECT_EQ(mine.size(), 20u); // SHA-1
  EXPECT_EQ(findBuildId(reinterpret_cast<const void *>(&findBuildId)), mine);
  int local = 0;
  EXPECT_EQ(findBuildId(&local), "") << "the stack is in no file";
}

TEST(Hash, TellsPiecesApart) {
  Hash one, two, whole, pieces;
  one.add(std::string("ab"));
  one.add(std::string("c"));
  two.add(std::string("a"));
  two.add(std::string("bc"));
  EXPECT_NE(one.digest(), two.digest());
  std::string text(100000, 'x');
  whole.add(text.data(), text.size());
  for (size_t at = 0; at < text.size(); at += 37)
    pieces.add(text.data() + at, std::min<size_t>(37, text.size() - at));
  EXPECT_EQ(whole.digest(), pieces.digest());
  // The XXH3 of nothing, as its specification has it.
  EXPECT_EQ(hexText(Hash().digest()), "99aa06d3014798d86001c324468d497f");
}

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
