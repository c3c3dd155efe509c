//===- ArenaPlanTest.cpp - properties of plans of memory -------------------*- C++ -*-===//

#include "dchag/Memory/ArenaPlan.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir;
using namespace mlir::dchag;

namespace {

constexpr int64_t kAlignment = 64;

SmallVector<Lifetime> makeLifetimes(unsigned seed) {
  std::mt19937 random(seed);
  auto pick = [&](int64_t from, int64_t to) {
    return std::uniform_int_distribution<int64_t>(from, to)(random);
  };
  SmallVector<Lifetime> lifetimes;
  for (int64_t count = pick(0, 40); count > 0; --count) {
    int64_t first = pick(0, 30);
    lifetimes.push_back({pick(0, 1000), first, first + pick(0, 10)});
  }
  return lifetimes;
}

TEST(ArenaPlan, LiveBuffersNeverShareAByte) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    SmallVector<Lifetime> lifetimes = makeLifetimes(seed);
    int64_t arena = planArena(lifetimes, kAlignment);
    for (const Lifetime &a : lifetimes) {
      EXPECT_EQ(a.offset % kAlignment, 0);
      EXPECT_LE(a.offset + a.bytes, arena);
      for (const Lifetime &b : lifetimes) {
        bool shares = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
        EXPECT_FALSE(&a != &b && a.overlaps(b) && shares && a.bytes && b.bytes) << "seed " << seed;
      }
    }
    EXPECT_GE(arena, getPeakLiveBytes(lifetimes, kAlignment)) << "seed " << seed;
  }
}

TEST(ArenaPlan, ReusesBytesOfDeadBuffers) {
  SmallVector<Lifetime> lifetimes = {{100, 0, 1}, {100, 1, 2}, {100, 2, 3}};
  EXPECT_EQ(planArena(lifetimes, kAlignment), 256);
  EXPECT_EQ(getPeakLiveBytes(lifetimes, kAlignment), 256);
  EXPECT_EQ(lifetimes[0].offset, lifetimes[2].offset);
}

TEST(ArenaPlan, EmptyProgramNeedsNothing) {
  SmallVector<Lifetime> none;
  EXPECT_EQ(planArena(none, kAlignment), 0);
}

} // namespace
