//===- StuckModel.c - a program of which one rank does not go on -----------*- C -*-===//
//
// Rank 1 of 3 computes for a minute before it comes to the collective.
//
//===----------------------------------------------------------------------===//

#include "dchag_rt.h"

#include <unistd.h>

static const dchag_axis axes[] = {{"tp", 3}};
static const int32_t tp[] = {0};
static const dchag_comm_group groups[] = {{1, tp}};
static const char *const sites[] = {"all_reduce #0 over \"tp\" (from \"z\" in stuck.onnx)"};

static void step(dchag_context *context, void **table, void *arena) {
  float sum = 1;
  (void)table;
  (void)arena;
  if (dchag_rt_axis_index(context, 0) == 1)
    sleep(60);
  dchag_rt_all_reduce(context, 0, 0, 0, DCHAG_F32, DCHAG_SUM, 1, &sum, &sum);
}

static const dchag_entry_point entries[] = {{"step", DCHAG_EACH_STEP, 0, 0, 0, 0, step}};

const dchag_program dchag_model = {DCHAG_RT_MAGIC,
                                   DCHAG_RT_ABI_VERSION,
                                   sizeof(dchag_program),
                                   "stuck",
                                   "",
                                   1,
                                   axes,
                                   1,
                                   groups,
                                   0,
                                   0,
                                   0,
                                   0,
                                   1,
                                   entries,
                                   1,
                                   sites};
