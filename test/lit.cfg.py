import os
import shutil

import lit.formats
from lit.llvm import llvm_config

config.name = "dchag"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".test"]
config.excludes = ["CMakeLists.txt", "Inputs", "unit"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.dchag_binary_dir, "test")
# A test that hangs is a failure, not a wait.
lit_config.maxIndividualTestTime = 300

llvm_config.with_environment("PATH", os.path.join(config.dchag_binary_dir, "bin"), append_path=True)
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.with_environment("FILECHECK_OPTS", "--enable-var-scope")
llvm_config.use_default_substitutions()
# LLVM's shared libraries are not built with the sanitizers: their allocators do not unpoison
# what ours poison. Undefined behaviour must fail a test, not only be printed.
if config.dchag_sanitized:
    config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0"
    config.environment["UBSAN_OPTIONS"] = "halt_on_error=1:print_stacktrace=1"
# scripts/test --all runs the tests with `REQUIRES: all` too.
if lit_config.params.get("all"):
    config.available_features.add("all")
# The adapter is built where MPI's development files are.
if shutil.which("mpirun") and os.path.exists(
    os.path.join(config.dchag_binary_dir, "lib", "dchag", "libdchag_comm_mpi.so")
):
    config.available_features.add("mpi")
if os.path.exists(os.path.join(config.dchag_binary_dir, "lib", "dchag", "libdchag_comm_gloo.so")):
    config.available_features.add("tcp")
config.substitutions.append(("%source", config.dchag_source_dir))
config.substitutions.append(("%build", config.dchag_binary_dir))
llvm_config.add_tool_substitutions(["dchag-opt", "dchag-reduce", "mlir-opt"],
                                   [os.path.join(config.dchag_binary_dir, "bin"), config.llvm_tools_dir])
