//===- RuntimeTest.cpp - collectives, products, copies ----------*- C++ -*-===//
//
// Collectives run on 1 to 4 ranks as threads; with the argument --mpi the same checks run on
// the ranks that mpirun started. Values are small integers, so that sums are exact.
//
//===----------------------------------------------------------------------===//

#include "../../../runtime/src/Context.h"
#include "../../../runtime/src/Matmul.h"
#include "../../../runtime/src/StridedCopy.h"
#include "../../../runtime/src/Types.h"

#include <cmath>
#include <cstdio>
#include <functional>
#include <random>
#include <thread>

using namespace dchag::rt;

static int failures = 0;

#define EXPECT(CONDITION, ...)                                                                     \
  do {                                                                                             \
    if (!(CONDITION)) {                                                                            \
      __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);                                          \
      std::fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #CONDITION);                         \
      std::fprintf(stderr, __VA_ARGS__);                                                           \
      std::fputc('\n', stderr);                                                                    \
    }                                                                                              \
  } while (false)

//===----------------------------------------------------------------------===//
// Collectives
//===----------------------------------------------------------------------===//

/// The value that rank r has at index i of a source.
static int value(int64_t r, int64_t i) { return static_cast<int>((r * 7 + i * 3) % 11) - 5; }

template <typename T>
static std::vector<T> make(int64_t rank, int64_t count) {
  std::vector<T> data(count);
  for (int64_t i = 0; i < count; ++i)
    if constexpr (std::is_same_v<T, BF16> || std::is_same_v<T, F16>)
      data[i] = convert<T>(static_cast<float>(value(rank, i)));
    else
      data[i] = static_cast<T>(value(rank, i));
  return data;
}

template <typename T>
static double asDouble(T x) {
  if constexpr (std::is_same_v<T, BF16> || std::is_same_v<T, F16>)
    return convert<double>(x);
  else
    return static_cast<double>(x);
}

static int reduced(int32_t reduction, int64_t ranks, int64_t i) {
  int result = value(0, i);
  for (int64_t r = 1; r < ranks; ++r)
    result = reduction == DCHAG_SUM   ? result + value(r, i)
             : reduction == DCHAG_MAX ? std::max(result, value(r, i))
                                      : std::min(result, value(r, i));
  return result;
}

template <typename T>
static void checkReductions(dchag_context &context, int32_t dtype) {
  int64_t ranks = context.world.ops->size(context.world.comm);
  int64_t rank = context.world.ops->rank(context.world.comm);
  for (int32_t reduction : {DCHAG_SUM, DCHAG_MAX, DCHAG_MIN}) {
    std::vector<T> data = make<T>(rank, 5);
    dchag_rt_all_reduce(&context, 0, 0, 0, dtype, reduction, 5, data.data(), data.data());
    for (int64_t i = 0; i < 5; ++i)
      EXPECT(asDouble(data[i]) == reduced(reduction, ranks, i), "all_reduce %d of %s", reduction,
             nameOf(dtype));
    const int64_t count = 6;
    std::vector<T> src = make<T>(rank, ranks * count), dst(count);
    dchag_rt_reduce_scatter(&context, 0, 0, 0, dtype, reduction, count, src.data(), dst.data());
    for (int64_t i = 0; i < count; ++i)
      EXPECT(asDouble(dst[i]) == reduced(reduction, ranks, rank * count + i),
             "reduce_scatter %d of %s", reduction, nameOf(dtype));
  }
}

static void checkMoves(dchag_context &context) {
  int64_t ranks = context.world.ops->size(context.world.comm);
  int64_t rank = context.world.ops->rank(context.world.comm);
  const int64_t count = 5;
  std::vector<float> src = make<float>(rank, count), dst(ranks * count);
  dchag_rt_all_gather(&context, 0, 0, 0, DCHAG_F32, count, src.data(), dst.data());
  for (int64_t r = 0; r < ranks; ++r)
    for (int64_t i = 0; i < count; ++i)
      EXPECT(dst[r * count + i] == value(r, i), "all_gather");
  src = make<float>(rank, ranks * count);
  dchag_rt_all_to_all(&context, 0, 0, 0, DCHAG_F32, ranks * count, src.data(), dst.data());
  for (int64_t r = 0; r < ranks; ++r)
    for (int64_t i = 0; i < count; ++i)
      EXPECT(dst[r * count + i] == value(r, rank * count + i), "all_to_all");
  dchag_rt_copy(&context, 0, sizeof(float) * count, src.data(), dst.data());
  EXPECT(std::equal(src.begin(), src.begin() + count, dst.begin()), "copy");
}

/// Collectives that are under way at the same time, with a blocking one between; the reduction
/// is large enough to take two rounds where there are some.
static void checkStarted(dchag_context &context) {
  int64_t ranks = context.world.ops->size(context.world.comm);
  int64_t rank = context.world.ops->rank(context.world.comm);
  const int64_t few = 6, count = 9001;
  for (int round = 0; round < 2; ++round) {
    auto parts = make<float>(rank, few);
    std::vector<float> all(ranks * few);
    void *gathered =
        dchag_rt_start_all_gather(&context, 0, 0, 0, DCHAG_F32, few, parts.data(), all.data());
    for (int32_t dtype : {DCHAG_F32, DCHAG_BF16}) {
      std::vector<float> sum(count);
      std::vector<BF16> half(count);
      for (int64_t i = 0; i < count; ++i)
        half[i] = toBF16(sum[i] = static_cast<float>(i % 5 + rank));
      void *data = dtype == DCHAG_F32 ? static_cast<void *>(sum.data()) : half.data();
      void *summed =
          dchag_rt_start_all_reduce(&context, 0, 0, 0, dtype, DCHAG_SUM, count, data, data);
      auto wide = make<float>(rank, ranks * few);
      std::vector<float> part(few);
      void *scattered = dchag_rt_start_reduce_scatter(&context, 0, 0, 0, DCHAG_F32, DCHAG_MAX, few,
                                                      wide.data(), part.data());
      float largest = static_cast<float>(rank);
      dchag_rt_all_reduce(&context, 0, 0, 0, DCHAG_F32, DCHAG_MAX, 1, &largest, &largest);
      EXPECT(largest == ranks - 1, "a blocking collective among others");
      context.progress();
      dchag_rt_wait(&context, scattered);
      dchag_rt_wait(&context, summed);
      for (int64_t i = 0; i < count; ++i) {
        float wanted = static_cast<float>(ranks * (i % 5) + ranks * (ranks - 1) / 2);
        EXPECT((dtype == DCHAG_F32 ? sum[i] : toFloat(half[i])) == wanted, "started all_reduce");
      }
      for (int64_t i = 0; i < few; ++i) {
        float wanted = value(0, rank * few + i);
        for (int64_t r = 1; r < ranks; ++r)
          wanted = std::max<float>(wanted, value(r, rank * few + i));
        EXPECT(part[i] == wanted, "started reduce_scatter");
      }
    }
    dchag_rt_wait(&context, gathered);
    for (int64_t r = 0; r < ranks; ++r)
      for (int64_t i = 0; i < few; ++i)
        EXPECT(all[r * few + i] == value(r, i), "started all_gather");
    auto sent = make<float>(rank, ranks * few);
    std::vector<float> received(ranks * few);
    void *exchanged = dchag_rt_start_all_to_all(&context, 0, 0, 0, DCHAG_F32, ranks * few,
                                                sent.data(), received.data());
    dchag_rt_wait(&context, exchanged);
    for (int64_t r = 0; r < ranks; ++r)
      for (int64_t i = 0; i < few; ++i)
        EXPECT(received[r * few + i] == value(r, rank * few + i), "started all_to_all");
  }
  EXPECT(context.pending.empty(), "a request was not given back");
}

static void checkCollectives(Comm world) {
  dchag_axis axis = {"tp", world.ops->size(world.comm)};
  int32_t axes[] = {0};
  dchag_comm_group group = {1, axes};
  const char *sites[] = {"site"};
  dchag_program program = {};
  program.num_axes = program.num_groups = program.num_sites = 1;
  program.axes = &axis;
  program.groups = &group;
  program.sites = sites;
  dchag_context context;
  Error error = context.open(program, world);
  EXPECT(!error, "%s", error.message().c_str());
  checkReductions<float>(context, DCHAG_F32);
  checkReductions<double>(context, DCHAG_F64);
  checkReductions<int32_t>(context, DCHAG_I32);
  checkReductions<int64_t>(context, DCHAG_I64);
  checkReductions<F16>(context, DCHAG_F16);
  checkReductions<BF16>(context, DCHAG_BF16);
  checkMoves(context);
  checkStarted(context);
  EXPECT(!context.poisoned && !context.error, "%s", context.error.message().c_str());
}

static void onThreads(int ranks, const std::function<void(Comm)> &body, double timeout = 0) {
  std::vector<std::thread> threads;
  std::vector<Comm> comms = openThreads(ranks, timeout);
  for (const Comm &comm : comms)
    threads.emplace_back(body, comm);
  for (std::thread &thread : threads)
    thread.join();
  for (const Comm &comm : comms)
    comm.ops->close(comm.comm);
}

/// Groups of a 2x3 mesh: along one axis, along both, and both in the other order.
static void checkMesh(Comm world) {
  dchag_axis axes[] = {{"dp", 2}, {"tp", 3}};
  int32_t dp[] = {0}, tp[] = {1}, both[] = {0, 1}, turned[] = {1, 0};
  dchag_comm_group groups[] = {{1, dp}, {1, tp}, {2, both}, {2, turned}};
  dchag_program program = {};
  program.num_axes = 2;
  program.axes = axes;
  program.num_groups = 4;
  program.groups = groups;
  dchag_context context;
  Error error = context.open(program, world);
  EXPECT(!error, "%s", error.message().c_str());
  int32_t rank = world.ops->rank(world.comm), all[6];
  int32_t d = rank / 3, t = rank % 3;
  EXPECT(dchag_rt_axis_index(&context, 0) == d && dchag_rt_axis_index(&context, 1) == t, "place");
  const std::vector<int32_t> wanted[] = {
      {t, 3 + t}, {3 * d, 3 * d + 1, 3 * d + 2}, {0, 1, 2, 3, 4, 5}, {0, 3, 1, 4, 2, 5}};
  for (int32_t g = 0; g < 4; ++g) {
    dchag_rt_all_gather(&context, 0, 0, g, DCHAG_I32, 1, &rank, all);
    for (size_t i = 0; i < wanted[g].size(); ++i)
      EXPECT(all[i] == wanted[g][i], "group %d", g);
  }
}

/// Ranks of a part are ordered by their keys, here the other way round.
static void checkSplit(Comm world) {
  int ranks = world.ops->size(world.comm), rank = world.ops->rank(world.comm);
  Comm turned = {world.ops, world.ops->split(world.comm, 0, ranks - rank)};
  EXPECT(turned.ops->rank(turned.comm) == ranks - 1 - rank, "a key is not heeded");
  std::vector<int32_t> all(ranks);
  EXPECT(turned.ops->all_gather(turned.comm, nullptr, &rank, all.data(), sizeof(int32_t)) == 0,
         "fails");
  for (int r = 0; r < ranks; ++r)
    EXPECT(all[r] == ranks - 1 - r, "part of rank %d", all[r]);
}

/// Neither a rank that stops nor ranks that disagree keep the others waiting.
static void checkPoison() {
  onThreads(3, [](Comm comm) {
    int code = 1;
    if (comm.ops->rank(comm.comm) == 1)
      comm.ops->abort(comm.comm, 1);
    else
      code = comm.ops->barrier(comm.comm);
    EXPECT(code != 0, "a rank was left waiting");
  });
  // A rank that does not come in time is named.
  onThreads(
      3,
      [](Comm comm) {
        if (comm.ops->rank(comm.comm) == 1)
          std::this_thread::sleep_for(std::chrono::seconds(1));
        EXPECT(comm.ops->barrier(comm.comm) != 0, "a rank that did not arrive was waited for");
        EXPECT(std::string(comm.ops->last_error(comm.comm)) == "rank 1 did not arrive within 0.2 s",
               "%s", comm.ops->last_error(comm.comm));
      },
      0.2);
  onThreads(2, [](Comm comm) {
    float data[2] = {1, 2};
    int code = comm.ops->rank(comm.comm)
                   ? comm.ops->barrier(comm.comm)
                   : comm.ops->all_reduce(comm.comm, nullptr, data, data, 2, DCHAG_F32, DCHAG_SUM);
    EXPECT(code != 0, "different collectives went through");
    EXPECT(std::string(comm.ops->last_error(comm.comm)).find("disagree") != std::string::npos, "%s",
           comm.ops->last_error(comm.comm));
  });
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

static double loadAs(int32_t dtype, const std::vector<char> &data, int64_t index) {
  double result = 0;
  dispatchFloat(dtype, [&](auto *tag) {
    std::remove_pointer_t<decltype(tag)> element;
    std::memcpy(&element, data.data() + index * sizeof(element), sizeof(element));
    result = convert<double>(element);
  });
  return result;
}

static std::vector<char> fillRandom(int32_t dtype, int64_t count, std::mt19937 &random) {
  std::vector<char> data(count * sizeOf(dtype));
  dispatchFloat(dtype, [&](auto *tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    for (int64_t i = 0; i < count; ++i) {
      T element = convert<T>(std::uniform_int_distribution<int>(-3, 3)(random) * 0.5);
      std::memcpy(data.data() + i * sizeof(T), &element, sizeof(T));
    }
  });
  return data;
}

static double activated(int32_t kind, double x) {
  switch (kind) {
  case DCHAG_ACT_GELU_ERF:
    return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
  case DCHAG_ACT_GELU_TANH:
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  default:
    return x;
  }
}

/// Random strides: the dimensions in a random order, with gaps; batch dimensions may repeat.
static int64_t randomStrides(const std::vector<int64_t> &sizes, int32_t numRepeatable,
                             std::mt19937 &random, int64_t *strides) {
  std::vector<int32_t> order(sizes.size());
  for (size_t d = 0; d < order.size(); ++d)
    order[d] = static_cast<int32_t>(d);
  if (random() % 2)
    std::shuffle(order.begin(), order.end(), random);
  int64_t stride = random() % 5 == 0 ? 2 : 1;
  for (size_t i = order.size(); i-- > 0;) {
    int32_t d = order[i];
    if (d < numRepeatable && random() % 3 == 0) {
      strides[d] = 0;
      continue;
    }
    strides[d] = stride;
    stride *= std::max<int64_t>(sizes[d], 1);
    if (random() % 4 == 0)
      stride += random() % 3;
  }
  return stride;
}

static void checkProduct(std::mt19937 &random, int turn) {
  static const int32_t types[] = {DCHAG_F32, DCHAG_F32, DCHAG_BF16, DCHAG_F16, DCHAG_F64};
  auto pick = [&](int n) { return static_cast<int64_t>(random() % n); };
  dchag_matmul op = {};
  op.a_dtype = op.b_dtype = op.c_dtype = op.bias_dtype = types[pick(5)];
  if (pick(5) == 0)
    op.c_dtype = DCHAG_F32;
  if (pick(5) == 0)
    op.a_dtype = DCHAG_F32;
  op.num_batch = static_cast<int32_t>(pick(4));
  op.m = pick(8) ? 1 + pick(9) : pick(2);
  op.n = 1 + pick(9);
  op.k = pick(10) ? 1 + pick(12) : 0;
  op.alpha = pick(2) ? 1 : 0.25;
  op.has_bias = pick(2);
  op.accumulate = pick(3) == 0;
  op.activation = static_cast<int32_t>(pick(3));
  std::vector<int64_t> batch;
  for (int32_t d = 0; d < op.num_batch; ++d)
    batch.push_back(op.batch[d] = 1 + pick(3));
  auto with = [&](int64_t rows, int64_t columns) {
    std::vector<int64_t> sizes = batch;
    sizes.push_back(rows);
    sizes.push_back(columns);
    return sizes;
  };
  auto a = fillRandom(
      op.a_dtype, randomStrides(with(op.m, op.k), op.num_batch, random, op.a_strides) + 8, random);
  auto b = fillRandom(
      op.b_dtype, randomStrides(with(op.k, op.n), op.num_batch, random, op.b_strides) + 8, random);
  auto c =
      fillRandom(op.c_dtype, randomStrides(with(op.m, op.n), 0, random, op.c_strides) + 8, random);
  int32_t repeatable = op.num_batch + static_cast<int32_t>(pick(3));
  auto bias =
      fillRandom(op.bias_dtype,
                 randomStrides(with(op.m, op.n), repeatable, random, op.bias_strides) + 8, random);
  std::vector<char> before = c;
  dchag_program program = {};
  dchag_context context;
  context.program = &program;
  for (int run = 0; run < 2; ++run) { // the second time by the plan that the device has kept
    c = before;
    dchag_rt_matmul(&context, 0, &op, a.data(), b.data(), bias.data(), c.data());
  }
  EXPECT(!context.error, "turn %d: %s", turn, context.error.message().c_str());
  double bound = op.c_dtype == DCHAG_BF16 ? 0.01 : op.c_dtype == DCHAG_F16 ? 0.002 : 1e-5;
  int64_t matrices = 1;
  for (int64_t size : batch)
    matrices *= size;
  for (int64_t index = 0; index < matrices * op.m * op.n; ++index) {
    int64_t j = index % op.n, i = index / op.n % op.m, rest = index / op.n / op.m;
    int64_t at[4] = {i * op.a_strides[op.num_batch], j * op.b_strides[op.num_batch + 1],
                     i * op.c_strides[op.num_batch] + j * op.c_strides[op.num_batch + 1],
                     i * op.bias_strides[op.num_batch] + j * op.bias_strides[op.num_batch + 1]};
    for (int32_t d = op.num_batch - 1; d >= 0; --d) {
      const int64_t *strides[] = {op.a_strides, op.b_strides, op.c_strides, op.bias_strides};
      for (int s = 0; s < 4; ++s)
        at[s] += rest % op.batch[d] * strides[s][d];
      rest /= op.batch[d];
    }
    double sum = 0;
    for (int64_t l = 0; l < op.k; ++l)
      sum += loadAs(op.a_dtype, a, at[0] + l * op.a_strides[op.num_batch + 1]) *
             loadAs(op.b_dtype, b, at[1] + l * op.b_strides[op.num_batch]);
    sum *= op.alpha;
    if (op.accumulate)
      sum += loadAs(op.c_dtype, before, at[2]);
    if (op.has_bias)
      sum += loadAs(op.bias_dtype, bias, at[3]);
    double wanted = activated(op.activation, sum), found = loadAs(op.c_dtype, c, at[2]);
    EXPECT(std::fabs(wanted - found) <= bound * (1 + std::fabs(wanted)),
           "turn %d: %lldx%lldx%lld %s, alpha %g, bias %d, accumulate %d, act %d: %g, wanted %g",
           turn, static_cast<long long>(op.m), static_cast<long long>(op.k),
           static_cast<long long>(op.n), nameOf(op.c_dtype), op.alpha, op.has_bias, op.accumulate,
           op.activation, found, wanted);
    std::memset(c.data() + at[2] * sizeOf(op.c_dtype), 0, sizeOf(op.c_dtype));
    std::memset(before.data() + at[2] * sizeOf(op.c_dtype), 0, sizeOf(op.c_dtype));
  }
  EXPECT(c == before, "turn %d: wrote between the elements of the result", turn);
}

/// Attention's and a linear layer's products must not end in oneDNN's reference kernels: they
/// become few dimensions with a dense one each, and no operand is copied.
static void checkPlans() {
  dchag_matmul linear = {DCHAG_F32,
                         DCHAG_F32,
                         DCHAG_F32,
                         DCHAG_F32,
                         2,
                         1,
                         DCHAG_ACT_GELU_ERF,
                         0,
                         1.0,
                         {2, 3},
                         5,
                         7,
                         4,
                         {60, 20, 4, 1},
                         {0, 0, 7, 1},
                         {105, 35, 7, 1},
                         {0, 0, 0, 1}};
  MatmulPlan plan;
  Error error = makePlan(linear, plan);
  EXPECT(!error, "%s", error.message().c_str());
  EXPECT(plan.product.numBatch == 0 && plan.product.m == 30, "batch is not folded into rows");
  EXPECT(!plan.a.copied && !plan.b.copied && !plan.c.copied, "an operand is copied");
  EXPECT(plan.biasInside && plan.activationInside, "the epilogue is outside");
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

static void checkCopies() {
  // The sign of integers is no conversion; other changes of their type are none that copies make.
  EXPECT(canConvert(DCHAG_U8, DCHAG_I8) && canConvert(DCHAG_I64, DCHAG_U64), "signs");
  EXPECT(!canConvert(DCHAG_U8, DCHAG_I16) && !canConvert(DCHAG_U8, DCHAG_BOOL), "widths");
  EXPECT(!canConvert(DCHAG_U32, DCHAG_F32), "integers are no floats");
  const uint16_t integers[] = {0, 65535, 40000};
  int16_t copied[3];
  CopyShape line;
  line.add(3, 1, 1);
  stridedCopy(line, DCHAG_I16, copied, DCHAG_U16, integers);
  EXPECT(std::memcmp(copied, integers, sizeof(copied)) == 0, "bits of integers are kept");
  EXPECT(toFloat(toBF16(1.0f + 1.0f / 256)) == 1.0f, "ties go to even");
  // Rounding to f32 first would make a tie of it, which goes down.
  EXPECT(toFloat(toBF16(1.0 + 1.0 / 256 + 1e-12)) == 1.0f + 1.0f / 128, "rounds twice");
  EXPECT(std::isnan(toFloat(toBF16(NAN))), "loses a NaN");
  std::vector<float> src(70 * 90);
  for (size_t i = 0; i < src.size(); ++i)
    src[i] = static_cast<float>(i);
  std::vector<double> dst(src.size());
  CopyShape shape;
  shape.add(90, 70, 1);
  shape.add(70, 1, 90);
  stridedCopy(shape, DCHAG_F64, dst.data(), DCHAG_F32, src.data());
  for (int64_t i = 0; i < 90; ++i)
    for (int64_t j = 0; j < 70; ++j)
      EXPECT(dst[i * 70 + j] == src[j * 90 + i], "transposing copy");
}

int main(int argc, char **argv) {
  // --adapter NAME: one of the processes that a launcher started.
  if (argc > 2 && std::string(argv[1]) == "--adapter") {
    Comm world;
    std::string name = argv[2];
    dchag_comm_options options = {
        DCHAG_RT_ABI_VERSION, sizeof(dchag_comm_options), 10, "parts", 1, nullptr, nullptr};
    Error error = openAdapter(name, options, world);
    if (error) {
      std::fprintf(stderr, "%s\n", error.message().c_str());
      return 1;
    }
    checkCollectives(world);
    if (world.ops->size(world.comm) == 6)
      checkMesh(world);
    checkSplit(world);
    world.ops->close(world.comm);
    return failures != 0;
  }
  for (int ranks = 1; ranks <= 4; ++ranks)
    onThreads(ranks, checkCollectives);
  onThreads(3, checkSplit);
  onThreads(6, checkMesh);
  checkPoison();
  checkCopies();
  checkPlans();
  std::mt19937 random(7);
  for (int turn = 0; turn < 400; ++turn)
    checkProduct(random, turn);
  std::printf("%d failures\n", failures);
  return failures != 0;
}
