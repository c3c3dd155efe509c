"""OpenVINO, with its CPU device, for the time of one step. bf16 is its hint for the type of the inference."""

import os

import common
import openvino


def load(config):
    core = openvino.Core()
    bf16 = config["dtype"] == "bf16"
    if bf16 and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise RuntimeError("OpenVINO has no bf16 on this CPU")
    # The f32 model in both cases: the hint converts it.
    model = core.compile_model(
        os.path.join(config["folder"], "model-f32.onnx" if bf16 else "model.onnx"),
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": config["threads"],
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
        },
    )
    request = model.create_infer_request()
    x = common.read_npy(os.path.join(config["folder"], "x.npy"))
    return common.Loaded(lambda: request.infer([x], share_inputs=True, share_outputs=True)[0], lambda y: y)


common.serve(load)
