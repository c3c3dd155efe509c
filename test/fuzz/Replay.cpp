//===- Replay.cpp - runs a fuzz target on given files ----------------------*- C++ -*-===//
//
// The main of fuzz targets in builds without libFuzzer, where seeds and inputs that once failed
// are run as a test:   fuzz-npy FILE-OR-FOLDER...
//
//===----------------------------------------------------------------------===//

#include "Fuzz.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace fs = std::filesystem;

/// In memory of just this size, so that the address sanitizer sees a byte too many.
static void runFile(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  bytes.shrink_to_fit();
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
}

int main(int argc, char **argv) {
  std::vector<fs::path> paths;
  for (int i = 1; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) {
      paths.push_back(argv[i]);
      continue;
    }
    for (const auto &entry : fs::directory_iterator(argv[i]))
      if (entry.is_regular_file())
        paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path &path : paths) {
    // The last line names the file if it crashes.
    std::printf("%s\n", path.c_str());
    std::fflush(stdout);
    runFile(path);
  }
  std::printf("%zu inputs\n", paths.size());
  return paths.empty();
}
