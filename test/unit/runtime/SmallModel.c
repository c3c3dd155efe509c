//===- SmallModel.c - a program as the compiler would write it -------------*- C -*-===//
//
// y[b, c, o] = sum_i x[b, c, i] w[o, i] + s[c], z[b] = sum over c and o of y, with 7 channels
// c over the two ranks of axis "tp": 4 and 3 of them, so that the last part is padded.
// `prepare` adds the two halves of s.
//
//===----------------------------------------------------------------------===//

#include "dchag_rt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { B = 2, C = 7, LOCAL = 4, I = 3, O = 5 };

static const dchag_axis axes[] = {{"tp", 2}};
static const int32_t tp[] = {0};
static const dchag_comm_group groups[] = {{1, tp}};

static const int64_t weightShape[] = {O, I}, halvesShape[] = {2, C};
static const dchag_file_param params[] = {{"w", DCHAG_F32, 2, weightShape},
                                          {"halves", DCHAG_F64, 2, halvesShape}};

// w is stored transposed: buffer [I, O] reads element o * I + i.
static const int64_t weightBox[] = {0, 0, I, O, 1, I};
static const dchag_read weightReads[] = {{0, 0, weightBox}};
static const int64_t halfBox[] = {0, C, 1};
static const dchag_read firstReads[] = {{1, 0, halfBox}}, secondReads[] = {{1, C, halfBox}};

static const dchag_dim xDims[] = {{B, B, 0, {0}}, {C, LOCAL, 1, {0}}, {I, I, 0, {0}}};
static const dchag_dim yDims[] = {{B, B, 0, {0}}, {C, LOCAL, 1, {0}}, {O, O, 0, {0}}};
static const dchag_dim zDims[] = {{B, B, 0, {0}}};
static const dchag_dim weightDims[] = {{I, I, 0, {0}}, {O, O, 0, {0}}};
static const dchag_dim shiftDims[] = {{C, LOCAL, 1, {0}}};

enum { X, Y, Z, W, FIRST, SECOND, SHIFT, NUM_BUFFERS };
static const dchag_buffer buffers[NUM_BUFFERS] = {
    {"x", "input", DCHAG_FILLED_BY_CALLER, DCHAG_LIVES_FOR_RUN, 0, 0, DCHAG_F32, 3, xDims, 0, 0},
    {"head/y", "output", DCHAG_FILLED_BY_PROGRAM, DCHAG_LIVES_FOR_RUN, 0, 0, DCHAG_F32, 3, yDims, 0,
     0},
    {"z", "output", DCHAG_FILLED_BY_PROGRAM, DCHAG_LIVES_FOR_RUN, 0, 0, DCHAG_F32, 1, zDims, 0, 0},
    {"w.t", "param", DCHAG_FILLED_BY_FILE, DCHAG_LIVES_FOR_PROGRAM, 0, 0, DCHAG_F32, 2, weightDims,
     1, weightReads},
    {"first", "loaded", DCHAG_FILLED_BY_FILE, DCHAG_LIVES_FOR_LOAD, 0, 0, DCHAG_F32, 1, shiftDims,
     1, firstReads},
    {"second", "loaded", DCHAG_FILLED_BY_FILE, DCHAG_LIVES_FOR_LOAD, 0, 0, DCHAG_F32, 1, shiftDims,
     1, secondReads},
    {"shift", "compiled", DCHAG_FILLED_BY_PROGRAM, DCHAG_LIVES_FOR_PROGRAM, 0, 0, DCHAG_F32, 1,
     shiftDims, 0, 0}};

static const char *const sites[] = {"all_reduce #0 over \"tp\" (from \"z\" in small.onnx)"};

static void prepare(dchag_context *context, void **table, void *arena) {
  (void)context;
  (void)arena;
  const float *first = table[FIRST], *second = table[SECOND];
  float *shift = table[SHIFT];
  for (int c = 0; c < LOCAL; ++c)
    shift[c] = first[c] + second[c];
}

static const dchag_matmul product = {DCHAG_F32,
                                     DCHAG_F32,
                                     DCHAG_F32,
                                     DCHAG_F32,
                                     1,
                                     1,
                                     DCHAG_ACT_NONE,
                                     0,
                                     1.0,
                                     {B},
                                     LOCAL,
                                     O,
                                     I,
                                     {LOCAL * I, I, 1},
                                     {0, O, 1},
                                     {LOCAL * O, O, 1},
                                     {0, 1, 0}};

/// Prints the mapped OpenMP runtimes when DCHAG_TEST_MAPS is set: there must be one.
static void printOpenMP(void) {
  FILE *maps = getenv("DCHAG_TEST_MAPS") ? fopen("/proc/self/maps", "r") : 0;
  char line[4096], last[4096] = "";
  int count = 0;
  while (maps && fgets(line, sizeof line, maps)) {
    char *path = strchr(line, '/');
    if (path && (strstr(path, "libomp.") || strstr(path, "libgomp") || strstr(path, "libiomp")) &&
        strcmp(path, last) != 0) {
      strcpy(last, path);
      ++count;
    }
  }
  if (maps) {
    printf("openmp_runtimes=%d %s", count, last);
    fclose(maps);
  }
}

static void step(dchag_context *context, void **table, void *arena) {
  float *sums = arena;
  const float *y = table[Y];
  dchag_rt_matmul(context, 0, &product, table[X], table[W], table[SHIFT], table[Y]);
  int64_t here = C - dchag_rt_axis_index(context, 0) * LOCAL;
  if (here > LOCAL)
    here = LOCAL;
  for (int b = 0; b < B; ++b) {
    sums[b] = 0;
    for (int i = 0; i < here * O; ++i)
      sums[b] += y[b * LOCAL * O + i];
  }
  dchag_rt_all_reduce(context, 0, 0, 0, DCHAG_F32, DCHAG_SUM, B, sums, table[Z]);
  printOpenMP();
}

static const int32_t ofPrepare[] = {FIRST, SECOND, SHIFT}, ofStep[] = {X, Y, Z, W, SHIFT};
static const dchag_entry_point entries[] = {{"prepare", DCHAG_AT_LOAD, 3, ofPrepare, 0, 0, prepare},
                                            {"step", DCHAG_EACH_STEP, 5, ofStep, 64, 0, step}};

const dchag_program dchag_model = {DCHAG_RT_MAGIC,
                                   DCHAG_RT_ABI_VERSION,
                                   sizeof(dchag_program),
                                   "small",
                                   "",
                                   1,
                                   axes,
                                   1,
                                   groups,
                                   NUM_BUFFERS,
                                   buffers,
                                   2,
                                   params,
                                   2,
                                   entries,
                                   1,
                                   sites};
