//===- Context.cpp - runtime state of one rank ------------------*- C++ -*-===//

#include "Context.h"

#include <algorithm>

using namespace dchag::rt;

Error dchag_context::open(const dchag_program &theProgram, const Comm &theWorld) {
  program = &theProgram;
  world = theWorld;
  int64_t rest = world.ops->rank(world.comm);
  coordinates.assign(program->num_axes, 0);
  for (int32_t a = program->num_axes - 1; a >= 0; --a) {
    coordinates[a] = rest % program->axes[a].size;
    rest /= program->axes[a].size;
  }
  for (int32_t g = 0; g < program->num_groups; ++g) {
    const dchag_comm_group &group = program->groups[g];
    int64_t key = 0, size = 1, color = 0;
    for (int32_t i = 0; i < group.num_axes; ++i) {
      int64_t extent = program->axes[group.axes[i]].size;
      key = key * extent + coordinates[group.axes[i]];
      size *= extent;
    }
    for (int32_t a = 0; a < program->num_axes; ++a)
      if (std::find(group.axes, group.axes + group.num_axes, a) == group.axes + group.num_axes)
        color = color * program->axes[a].size + coordinates[a];
    if (size == 1) {
      groups.push_back(openSelf());
      continue;
    }
    dchag_comm *comm = world.ops->split(world.comm, static_cast<int>(color), static_cast<int>(key));
    if (!comm)
      return failure("cannot make the communicators of the mesh: %s",
                     world.ops->last_error(world.comm));
    groups.push_back({world.ops, comm});
  }
  return Error::success();
}

Request *dchag_context::takeRequest() {
  if (spare.empty())
    spare.push_back(std::make_unique<Request>());
  pending.push_back(std::move(spare.back()));
  spare.pop_back();
  return pending.back().get();
}

void dchag_context::giveBack(Request *request) {
  auto place = std::find_if(pending.begin(), pending.end(),
                            [&](const auto &other) { return other.get() == request; });
  spare.push_back(std::move(*place));
  pending.erase(place);
}

void dchag_context::fail(Error failure, bool poisons) {
  if (!error)
    error = std::move(failure);
  poisoned |= poisons;
}

int64_t dchag_rt_axis_index(dchag_context *context, int32_t axis) {
  return context->coordinates[axis];
}
