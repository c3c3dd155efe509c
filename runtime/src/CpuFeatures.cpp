//===- CpuFeatures.cpp - whether a program can run here ---------*- C++ -*-===//

#include "Options.h"

#include <string_view>

using namespace dchag::rt;

#if defined(__x86_64__) || defined(__i386__)
/// Whether this CPU has a feature with LLVM's name. Features without instructions (tuning), and
/// those without a test here, count as present.
static bool hasFeature(std::string_view name) {
  __builtin_cpu_init();
#define DCHAG_FEATURE(LLVM, BUILTIN)                                                               \
  if (name == LLVM)                                                                                \
    return __builtin_cpu_supports(BUILTIN);
  DCHAG_FEATURE("popcnt", "popcnt")
  DCHAG_FEATURE("sse3", "sse3")
  DCHAG_FEATURE("ssse3", "ssse3")
  DCHAG_FEATURE("sse4.1", "sse4.1")
  DCHAG_FEATURE("sse4.2", "sse4.2")
  DCHAG_FEATURE("sse4a", "sse4a")
  DCHAG_FEATURE("avx", "avx")
  DCHAG_FEATURE("avx2", "avx2")
  DCHAG_FEATURE("fma", "fma")
  DCHAG_FEATURE("f16c", "f16c")
  DCHAG_FEATURE("bmi", "bmi")
  DCHAG_FEATURE("bmi2", "bmi2")
  DCHAG_FEATURE("lzcnt", "lzcnt")
  DCHAG_FEATURE("movbe", "movbe")
  DCHAG_FEATURE("adx", "adx")
  DCHAG_FEATURE("aes", "aes")
  DCHAG_FEATURE("pclmul", "pclmul")
  DCHAG_FEATURE("vaes", "vaes")
  DCHAG_FEATURE("vpclmulqdq", "vpclmulqdq")
  DCHAG_FEATURE("gfni", "gfni")
  DCHAG_FEATURE("avxvnni", "avxvnni")
  DCHAG_FEATURE("avx512f", "avx512f")
  DCHAG_FEATURE("avx512cd", "avx512cd")
  DCHAG_FEATURE("avx512dq", "avx512dq")
  DCHAG_FEATURE("avx512bw", "avx512bw")
  DCHAG_FEATURE("avx512vl", "avx512vl")
  DCHAG_FEATURE("avx512ifma", "avx512ifma")
  DCHAG_FEATURE("avx512vbmi", "avx512vbmi")
  DCHAG_FEATURE("avx512vbmi2", "avx512vbmi2")
  DCHAG_FEATURE("avx512vnni", "avx512vnni")
  DCHAG_FEATURE("avx512bitalg", "avx512bitalg")
  DCHAG_FEATURE("avx512vpopcntdq", "avx512vpopcntdq")
  DCHAG_FEATURE("avx512bf16", "avx512bf16")
  DCHAG_FEATURE("avx512fp16", "avx512fp16")
  DCHAG_FEATURE("amx-tile", "amx-tile")
  DCHAG_FEATURE("amx-int8", "amx-int8")
  DCHAG_FEATURE("amx-bf16", "amx-bf16")
#undef DCHAG_FEATURE
  return true;
}
#else
static bool hasFeature(std::string_view) { return true; }
#endif

Error dchag::rt::checkProgram(const dchag_program &program) {
  if (program.magic != DCHAG_RT_MAGIC)
    return failure("is linked with a model of a version of the runtime that is not known, this is "
                   "version %d: compile it again",
                   DCHAG_RT_ABI_VERSION);
  if (program.abi_version != DCHAG_RT_ABI_VERSION || program.size != sizeof(dchag_program))
    return failure("the model was compiled for version %u of the runtime (%u bytes) and linked "
                   "with version %d (%zu bytes): compile it again",
                   program.abi_version, program.size, DCHAG_RT_ABI_VERSION, sizeof(dchag_program));
  return Error::success();
}

Error dchag::rt::checkCpu(const dchag_program &program) {
  std::string_view rest = program.cpu_features ? program.cpu_features : "";
  std::string missing;
  while (!rest.empty()) {
    size_t comma = rest.find(',');
    std::string_view name = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    bool unwanted = !name.empty() && name[0] == '-';
    if (!name.empty() && name[0] == '+')
      name.remove_prefix(1);
    if (!unwanted && !hasFeature(name))
      missing += (missing.empty() ? "" : ",") + std::string(name);
  }
  if (!missing.empty())
    return failure("this CPU lacks %s: compile the model for it with dchag-opt --cpu=native on "
                   "this machine",
                   missing.c_str());
  return Error::success();
}
