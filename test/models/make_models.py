"""Writes the models of architectures.py and backbones.py as both exporters of PyTorch do, with inputs and outputs.

    pip install torch onnx onnxscript numpy
    python test/models/make_models.py [STEM...]

The other models of this folder are written by examples/models/export.py.
"""

import os
import sys
import warnings

import numpy as np
import onnx
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import architectures as a
import backbones as b
import weights
from export import strip

BATCH = 2
BOTH = ("dynamo20-batch", "torchscript17")
MODELS = {
    "mae": (lambda: b.MAE("gather"), ("dynamo18-batch", "dynamo23-batch", "torchscript14")),
    "maescatter": (lambda: b.MAE("scatter"), BOTH),
    "maeindex": (lambda: b.MAE("index"), BOTH),
    "shared": (lambda: a.Shared(), BOTH),
    "tokennorm": (lambda: a.Shared(token_norm=True), BOTH),
    "qknorm": (lambda: a.Shared(qk_norm=True), BOTH),
    "stormer": (a.Stormer, BOTH),
    "aurora": (a.Aurora, ("dynamo20-batch", "dynamo23-batch", "torchscript17")),
    "decoder": (a.AuroraDecoder, BOTH),
    "regional": (a.Regional, BOTH),
    "panopticon": (lambda: a.Panopticon("fill"), ("dynamo20-batch", "torchscript14")),
    "panopticonsdpa": (
        lambda: a.Panopticon("sdpa"),
        ("dynamo20-batch", "dynamo23-batch", "torchscript17"),
    ),
    "prithvi": (a.Prithvi, BOTH),
    "modalities": (a.Modalities, BOTH),
    "resampled": (a.Resampled, BOTH),
    "swin": (b.Swin, ("dynamo20-batch", "torchscript13", "torchscript17")),
    "stem": (b.Stem, BOTH),
    "upconv": (b.Upconv, BOTH),
}


def export(model, form, path):
    exporter, opset = form.removesuffix("-batch")[:-2], int(form.removesuffix("-batch")[-2:])
    inputs = model.inputs(BATCH)
    names = {"input_names": list(inputs), "output_names": [model.output]}
    if exporter == "torchscript":
        torch.onnx.export(model, tuple(inputs.values()), path, dynamo=False, opset_version=opset,
                          do_constant_folding=False, **names)  # fmt: skip
        return
    batch, fixed = torch.export.Dim("batch"), getattr(model, "static_inputs", ())
    program = torch.onnx.export(
        model, tuple(inputs.values()), dynamo=True, opset_version=opset, verbose=False,
        dynamic_shapes=tuple({} if name in fixed else {0: batch} for name in inputs), **names,
    )  # fmt: skip
    program.save(path)


def main():
    warnings.simplefilter("ignore")
    for stem in sys.argv[1:] or MODELS:
        build, forms = MODELS[stem]
        model = build().eval()
        for key, p in model.named_parameters():
            p.data = torch.from_numpy(weights.parameter(key, list(p.shape)))
        for form in forms:
            path = os.path.join(HERE, f"{stem}-{form}.onnx")
            export(model, form, path)
            proto = onnx.load(path)
            strip(proto)
            proto.producer_name = "pytorch"
            proto.graph.name = f"{stem}-{form}"
            onnx.save(proto, path)
            operators = sorted({node.op_type for node in proto.graph.node})
            print(f"{stem}-{form}: {os.path.getsize(path) / 1000:.0f} kB, {' '.join(operators)}")
        inputs = model.inputs(BATCH)
        exact = [v.double() if v.is_floating_point() else v for v in inputs.values()]
        with torch.no_grad():
            output = model.double()(*exact).float()
        for name, value in {**inputs, model.output: output}.items():
            np.save(os.path.join(HERE, f"{stem}.{name}.npy"), value.numpy())


if __name__ == "__main__":
    main()
