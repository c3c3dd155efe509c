"""Exports the models of examples/models and test/models from PyTorch.

    pip install torch onnx onnxscript numpy
    python examples/models/export.py [NAME...]

Large models are written without weights: see examples/weights.py. Small ones, for tests, hold
theirs, and inputs and the output in float64 arithmetic stand beside them.
"""

import os
import sys
import warnings
from dataclasses import dataclass, replace

import numpy as np
import onnx
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))
import weights
from climax import ClimaX, Config, ViT

DEMO = Config()
SMALL = Config(
    variables=7, height=8, width=12, dim=12, depth=2, heads=3, mlp_ratio=2, outputs=5, head_layers=1
)
VIT = Config(variables=3, height=8, width=12, patch=4, dim=15, depth=2, heads=3, mlp_ratio=2)


@dataclass
class Export:
    """One .onnx file."""

    config: Config
    exporter: str  # dynamo or torchscript
    opset: int
    batch: bool = False  # dynamic batch dimension
    fixed: bool = False  # the dynamic batch dimension made 1 afterwards
    external: bool = False  # weights in a safetensors file
    vit: bool = False
    rms: bool = False
    data: str = ""  # stem of the input and output files in test/models

    def model(self) -> nn.Module:
        if self.vit:
            return ViT(self.config, 5, nn.RMSNorm if self.rms else nn.LayerNorm)
        return ClimaX(self.config)

    def inputs(self, batch: int) -> dict[str, torch.Tensor]:
        c = self.config
        shape = [batch, c.variables, c.height, c.width]
        values = {"x": torch.tensor(weights.spread("x", int(np.prod(shape)))).reshape(shape)}
        if not self.vit:
            values["lead_times"] = torch.tensor(0.72 + 0.24 * np.arange(batch))
        return {name: value.float() for name, value in values.items()}

    @property
    def output(self) -> str:
        return "logits" if self.vit else "forecast"


dchag = replace(DEMO, groups=(20, 20, 20, 20))
grouped = replace(SMALL, variables=6, depth=1, groups=(3, 3))
uneven = replace(SMALL, depth=1, groups=(4, 2, 1))
conv = replace(SMALL, grouped_conv=True)

EXPORTS = {
    "climax": Export(DEMO, "dynamo", 20, batch=True, fixed=True, external=True),
    "climax-torchscript": Export(DEMO, "torchscript", 17, external=True),
    "dchag": Export(dchag, "dynamo", 18, batch=True, external=True),
    "dchag-torchscript": Export(dchag, "torchscript", 17, external=True),
    "flat-dynamo18-batch": Export(SMALL, "dynamo", 18, batch=True, data="flat"),
    "flat-dynamo20-batch": Export(SMALL, "dynamo", 20, batch=True, data="flat"),
    "flat-dynamo23-batch": Export(SMALL, "dynamo", 23, batch=True, data="flat"),
    "flat-dynamo20": Export(SMALL, "dynamo", 20, data="flat"),
    "flat-torchscript13": Export(
        replace(SMALL, fused_attention=False), "torchscript", 13, data="flat"
    ),
    "flat-torchscript17": Export(SMALL, "torchscript", 17, data="flat"),
    "grouped-dynamo20-batch": Export(grouped, "dynamo", 20, batch=True, data="grouped"),
    "grouped-torchscript17": Export(grouped, "torchscript", 17, data="grouped"),
    "uneven-dynamo20-batch": Export(uneven, "dynamo", 20, batch=True, data="uneven"),
    "uneven-torchscript17": Export(uneven, "torchscript", 17, data="uneven"),
    "conv-dynamo20-batch": Export(conv, "dynamo", 20, batch=True, data="conv"),
    "conv-torchscript17": Export(conv, "torchscript", 17, data="conv"),
    "vit-dynamo20": Export(VIT, "dynamo", 20, vit=True, data="vit"),
    "vit-dynamo23-batch": Export(VIT, "dynamo", 23, batch=True, vit=True, data="vit"),
    "vit-torchscript17": Export(VIT, "torchscript", 17, vit=True, data="vit"),
    "vitrms-dynamo23": Export(VIT, "dynamo", 23, vit=True, rms=True, data="vitrms"),
}


def export(e: Export, model: nn.Module, path: str) -> None:
    """Writes what PyTorch's exporter makes of `model`, weights included."""
    inputs = e.inputs(2 if e.batch else 1)
    names = {"input_names": list(inputs), "output_names": [e.output]}
    arguments = tuple(inputs.values())
    if e.exporter == "torchscript":
        torch.onnx.export(
            model, arguments, path, dynamo=False, opset_version=e.opset,
            do_constant_folding=False, **names,
        )  # fmt: skip
        return
    program = torch.onnx.export(
        model, arguments, dynamo=True, opset_version=e.opset, verbose=False,
        dynamic_shapes={name: {0: "batch"} for name in inputs} if e.batch else None, **names,
    )  # fmt: skip
    program.save(path)


def find_parameter(value: np.ndarray, parameters: dict[str, np.ndarray]):
    """Name and transform of the parameter that an initializer was made from, or None."""
    for name, p in parameters.items():
        if p.size == value.size:
            if np.array_equal(p.reshape(-1), value.reshape(-1)):
                return name, "same"
            if p.ndim == 2 and np.array_equal(p.T.reshape(-1), value.reshape(-1)):
                return name, "transposed"
        elif (
            p.size > 1
            and value.size % p.size == 0
            and (value.reshape(-1, p.size) == p.reshape(-1)).all()
        ):
            return name, "repeated"
    return None


def strip(model: onnx.ModelProto) -> None:
    """Drops what depends on the exporting machine or is long; the module paths stay.

    dynamo writes the path twice more, as lists, and the stack trace with its file names.
    """
    for node in model.graph.node:
        props = [p for p in node.metadata_props if p.key == "namespace"]
        del node.metadata_props[:]
        node.metadata_props.extend(props)
        node.doc_string = ""
    for holder in [*model.graph.value_info, *model.graph.input, *model.graph.output,
                   *model.graph.initializer]:  # fmt: skip
        del holder.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]


def fix_batch(model: onnx.ModelProto) -> None:
    """Makes the batch 1. For a static batch dynamo itself would write the query out for every
    position, a constant from which nobody can tell that it is one query."""
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_value = 1
    del model.graph.value_info[:]


def describe_parameters(model: onnx.ModelProto, parameters: dict[str, np.ndarray]) -> list:
    """Notes in each initializer that is made from a parameter which one it is."""
    described, found = [], set()
    for i in model.graph.initializer:
        value = onnx.numpy_helper.to_array(i)
        if i.data_type != onnx.TensorProto.FLOAT or value.size == 0:
            continue
        source = find_parameter(value, parameters)
        if source is None:
            if value.size > 4:
                raise ValueError(f"{i.name} {list(i.dims)} is no copy of a parameter")
            continue
        name, transform = source
        i.doc_string = weights.describe(name, transform, list(parameters[name].shape))
        described.append(i)
        found.add(name)
    if missing := set(parameters) - found:
        raise ValueError(f"parameters that the export lost: {sorted(missing)}")
    return described


def make_external(initializers: list, location: str) -> None:
    """Replaces data by places in a safetensors file that examples/weights.py writes."""
    _, offsets = weights.header({i.name: list(i.dims) for i in initializers})
    for i in initializers:
        length = weights.value_of(i).nbytes
        i.ClearField("raw_data")
        i.ClearField("float_data")
        i.data_location = onnx.TensorProto.EXTERNAL
        del i.external_data[:]
        for key, value in (
            ("location", location), ("offset", offsets[i.name]), ("length", length)
        ):  # fmt: skip
            i.external_data.add(key=key, value=str(value))


def write_data(e: Export, model: nn.Module, folder: str) -> None:
    """Writes inputs and the output, computed in float64, of a small model."""
    inputs = e.inputs(1)
    with torch.no_grad():
        output = model.double()(*(v.double() for v in inputs.values())).float()
    for name, value in {**inputs, e.output: output}.items():
        np.save(os.path.join(folder, f"{e.data}.{name}.npy"), value.numpy())


def main() -> None:
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or EXPORTS:
        e = EXPORTS[name]
        folder = HERE if e.external else os.path.join(TOP, "test", "models")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f"{name}.onnx")
        model = e.model().eval()
        for key, p in model.named_parameters():
            p.data = torch.from_numpy(weights.parameter(key, list(p.shape)))
        export(e, model, path)
        proto = onnx.load(path)
        parameters = {key: p.detach().numpy() for key, p in model.named_parameters()}
        described = describe_parameters(proto, parameters)
        if e.external:
            make_external(described, f"{name}.safetensors")
        else:
            for i in described:
                i.doc_string = ""
            write_data(e, model, folder)
        if e.fixed:
            fix_batch(proto)
        strip(proto)
        proto.producer_name = "pytorch"
        proto.graph.name = name
        onnx.save(proto, path)
        print(f"{os.path.relpath(path, TOP)}: {os.path.getsize(path) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
