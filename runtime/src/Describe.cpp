//===- Describe.cpp - what a program says about itself ----------*- C++ -*-===//

#include "Options.h"
#include "Text.h"

#include <nlohmann/json.hpp>

using namespace dchag::rt;
using Json = nlohmann::ordered_json;

std::string dchag::rt::meshText(const dchag_program &program) {
  std::string text;
  for (int32_t a = 0; a < program.num_axes; ++a)
    text += format("%s%s=%lld", a ? "," : "", program.axes[a].name,
                   static_cast<long long>(program.axes[a].size));
  return text.empty() ? "one rank" : text;
}

int64_t dchag::rt::meshSize(const dchag_program &program) {
  int64_t size = 1;
  for (int32_t a = 0; a < program.num_axes; ++a)
    size *= program.axes[a].size;
  return size;
}

static std::vector<int64_t> globalShape(const dchag_buffer &buffer) {
  std::vector<int64_t> shape;
  for (int32_t d = 0; d < buffer.rank; ++d)
    shape.push_back(buffer.dims[d].global);
  return shape;
}

static std::string listBuffers(const dchag_program &program, const std::vector<int32_t> &numbers,
                               const char *title) {
  std::string text;
  for (int32_t b : numbers) {
    const dchag_buffer &buffer = program.buffers[b];
    text += escapeText(format("  %s: %s %s", buffer.name, shapeText(globalShape(buffer)).c_str(),
                              nameOf(buffer.dtype))) +
            "\n";
  }
  return text.empty() ? text : title + text;
}

/// The entry points that can be asked for beside the step.
static std::string listEntries(const dchag_program &program) {
  std::string text;
  for (int32_t e = 0; e < program.num_entries; ++e)
    if (program.entries[e].time == DCHAG_ON_REQUEST)
      text += "  " + escapeText(program.entries[e].name) + "\n";
  return text.empty() ? text : "Other entry points (--entry):\n" + text;
}

std::string dchag::rt::modelText(const dchag_program &program, const dchag_entry_point &entry) {
  PlannedMemory memory = planMemory(program, entry, 1);
  std::string text = listBuffers(program, inputsOf(program, entry), "Inputs:\n");
  text += listBuffers(program, outputsOf(program, entry), "Outputs:\n");
  text += listEntries(program);
  text += format("Weights: %d tensors\nMesh: %s (%lld %s)\n", program.num_file_params,
                 escapeText(meshText(program)).c_str(), static_cast<long long>(meshSize(program)),
                 meshSize(program) == 1 ? "rank" : "ranks");
  text += format("Memory of a rank: %.1f MiB (buffers %.1f MiB, scratch of a step %.1f MiB)\n",
                 memory.peak() / 1048576.0, memory.kept / 1048576.0, memory.arena / 1048576.0);
  if (entry.thread_bytes)
    text += format("Each further thread of a rank: %.2f MiB\n", entry.thread_bytes / 1048576.0);
  if (program.cpu_features && *program.cpu_features)
    text += format("CPU features: %s\n", program.cpu_features);
  return text;
}

static Json describeBuffer(const dchag_program &program, const dchag_buffer &buffer) {
  Json entry;
  entry["name"] = buffer.name;
  entry["role"] = buffer.role;
  entry["dtype"] = nameOf(buffer.dtype);
  entry["shape"] = globalShape(buffer);
  Json local = Json::array(), axes = Json::array();
  for (int32_t d = 0; d < buffer.rank; ++d) {
    local.push_back(buffer.dims[d].local);
    Json names = Json::array();
    for (int32_t a = 0; a < buffer.dims[d].num_axes; ++a)
      names.push_back(program.axes[buffer.dims[d].axes[a]].name);
    axes.push_back(names);
  }
  entry["local_shape"] = local;
  entry["axes"] = axes;
  return entry;
}

std::string dchag::rt::describeProgram(const dchag_program &program) {
  Json result;
  result["name"] = program.name;
  result["abi_version"] = program.abi_version;
  result["cpu_features"] = program.cpu_features ? program.cpu_features : "";
  result["mesh"] = Json::array();
  for (int32_t a = 0; a < program.num_axes; ++a)
    result["mesh"].push_back({{"name", program.axes[a].name}, {"size", program.axes[a].size}});
  result["buffers"] = Json::array();
  for (int32_t b = 0; b < program.num_buffers; ++b)
    result["buffers"].push_back(describeBuffer(program, program.buffers[b]));
  result["weights"] = Json::array();
  for (int32_t p = 0; p < program.num_file_params; ++p) {
    const dchag_file_param &param = program.file_params[p];
    result["weights"].push_back(
        {{"name", param.name},
         {"dtype", nameOf(param.dtype)},
         {"shape", std::vector<int64_t>(param.shape, param.shape + param.rank)}});
  }
  result["collectives"] = Json::array();
  for (int32_t s = 0; s < program.num_sites; ++s)
    result["collectives"].push_back(program.sites[s]);
  static const char *const times[] = {"load", "step", "request"};
  result["entries"] = Json::array();
  for (int32_t e = 0; e < program.num_entries; ++e) {
    const dchag_entry_point &entry = program.entries[e];
    result["entries"].push_back({{"name", entry.name},
                                 {"time", times[entry.time]},
                                 {"arena_bytes", entry.arena_bytes},
                                 {"thread_bytes", entry.thread_bytes}});
    if (entry.time == DCHAG_EACH_STEP)
      result["planned_peak_bytes"] = planMemory(program, entry, 0).peak();
  }
  // Names that a terminal should not get are spelled out as JSON does it, which spells out all
  // that is not ASCII then.
  std::string line = result.dump(-1, ' ', false, Json::error_handler_t::replace);
  return result.dump(2, ' ', !isPrintable(line), Json::error_handler_t::replace);
}
