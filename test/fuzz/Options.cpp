//===- Options.cpp - options of the sanitizers in fuzz targets -------------*- C++ -*-===//

/// LLVM's shared libraries are not built with the address sanitizer: what their allocators give
/// back, containers inlined into ours poison (docs/architecture.md).
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0:allocator_may_return_null=1";
}
extern "C" const char *__ubsan_default_options() { return "halt_on_error=1:print_stacktrace=1"; }
