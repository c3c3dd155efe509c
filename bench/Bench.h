//===- Bench.h - what the programs of this folder share --------------------*- C++ -*-===//
#ifndef DCHAG_BENCH_BENCH_H
#define DCHAG_BENCH_BENCH_H

#include "dchag/Distribute/Strategy.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::dchag::bench {

/// A context with all dialects, on one thread; all passes are registered too.
std::unique_ptr<MLIRContext> makeContext();

/// Runs a textual pipeline; false after an error, which is a diagnostic.
bool runPasses(ModuleOp module, StringRef pipeline);

/// Makes the program of each rank of `mesh` ("tp=4"); false after an error, which is a diagnostic.
bool distribute(ModuleOp module, StringRef mesh, StringRef strategy,
                std::optional<DistributeMode> mode);

/// Numbers drawn from a seed, the same on all machines (SplitMix64). Those of neighbouring seeds
/// have nothing in common.
class Random {
public:
  explicit Random(uint64_t seed);
  uint64_t next();
  /// From 0 to count - 1.
  int64_t below(int64_t count) { return static_cast<int64_t>(next() % count); }
  /// From low to high.
  int64_t from(int64_t low, int64_t high) { return low + below(high - low + 1); }
  /// True once in `count` times.
  bool oneIn(int64_t count) { return below(count) == 0; }
  template <typename T>
  const T &pick(ArrayRef<T> list) {
    return list[below(list.size())];
  }

private:
  uint64_t state;
};

/// Elements that a rank sends in one collective of the `shard` dialect by bandwidth-optimal
/// algorithms: n - 1 parts of a gather, an nth of n - 1 parts of an exchange or a scattered sum,
/// twice that of a whole sum. 0 for other ops.
double getElementsSent(Operation *op, MeshAttr mesh);
/// The same in bytes, and over all ops in `root`.
double getBytesSent(Operation *root, MeshAttr mesh);

/// Collectives of the `shard` dialect in `root`, without slices.
unsigned countCollectives(Operation *root);

/// A grid such as "2x4" as a mesh with axes "a", "b", ...
MeshAttr makeMesh(MLIRContext *context, ArrayRef<int64_t> sizes);
std::string formatGrid(ArrayRef<int64_t> sizes);

/// "tensor<2x3xf32>"
std::string formatTensor(ArrayRef<int64_t> shape, StringRef element = "f32");
/// "1, 2, 3"
std::string formatNumbers(ArrayRef<int64_t> numbers);

} // namespace mlir::dchag::bench

#endif // DCHAG_BENCH_BENCH_H
