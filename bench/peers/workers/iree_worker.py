"""IREE: the ONNX model compiled for this CPU, parameters in a file of their own."""

import os
import subprocess
import sys

import common
import iree.runtime as runtime


def tool(name, *arguments):
    """Runs a command line tool of the package."""
    path = os.path.join(os.path.dirname(sys.executable), name)
    done = subprocess.run([path, *arguments], capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()] or done.stderr.splitlines()
        raise RuntimeError(f"{name} exits with {done.returncode}: {lines[0].strip() if lines else 'no message'}")


def load(config):
    def path(name):
        return os.path.join(config["folder"], name)

    program, parameters = path("iree.vmfb"), path("iree.irpa")
    tool(
        "iree-import-onnx", path("model.onnx"), "-o", path("iree.mlir"), "--externalize-params",
        "--num-elements-threshold=64", "--params-scope=model", f"--save-params-to={parameters}",
    )  # fmt: skip
    tool(
        "iree-compile", path("iree.mlir"), "-o", program, "--iree-hal-target-device=local",
        "--iree-hal-local-target-device-backends=llvm-cpu", "--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3",
        # Some kernels of attention need more than the default of 32 KiB.
        "--iree-llvmcpu-stack-allocation-limit=1048576",
    )  # fmt: skip
    runtime.flags.parse_flags(f"--task_topology_group_count={config['threads']}")
    index = runtime.ParameterIndex()
    if os.path.exists(parameters):
        index.load(parameters)
    device = runtime.get_device("local-task")
    settings = runtime.Config(device=device)
    instance = settings.vm_instance
    modules = runtime.load_vm_modules(
        runtime.create_io_parameters_module(instance, index.create_provider("model")),
        runtime.create_hal_module(instance, device),
        runtime.VmModule.mmap(instance, program),
        config=settings,
    )
    x = common.read_npy(path("x.npy"))
    if config["dtype"] == "bf16":
        import ml_dtypes

        x = x.astype(ml_dtypes.bfloat16)
    x = runtime.asdevicearray(device, x)
    names = [name for name in modules[-1].vm_module.function_names if not name.startswith("__") and "$async" not in name]
    function = modules[-1][names[0]]

    def step():
        y = function(x)
        y.to_host() if not y.is_host_accessible else None
        return y

    return common.Loaded(step, lambda y: y.to_host())


common.serve(load)
