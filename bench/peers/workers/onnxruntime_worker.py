"""ONNX Runtime, with its CPU provider."""

import os

import common
import onnxruntime


def load(config):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = config["threads"]
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(
        os.path.join(config["folder"], "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    x = common.read_npy(os.path.join(config["folder"], "x.npy"))
    if config["dtype"] == "bf16":
        import ml_dtypes

        x = onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(x.astype(ml_dtypes.bfloat16).view("u2"), 16)
        return common.Loaded(
            lambda: session.run_with_ort_values(None, {"x": x})[0],
            lambda y: y.numpy().view(ml_dtypes.bfloat16),
        )
    return common.Loaded(lambda: session.run(None, {"x": x})[0], lambda y: y)


common.serve(load)
