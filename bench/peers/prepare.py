"""Writes what the contenders of a case need: parameters, ONNX model, input, and the output in float64 arithmetic.

    prepare.py CASE DTYPE FOLDER [--tiny]
"""

import argparse
import os
import sys
import warnings

import cases
import models
import numpy as np
import onnx
import torch
from safetensors.torch import save_file

OPSET = 20


def fix_batch(path: str, batch: int) -> None:
    """Makes the open batch a number. For a batch that it knows the exporter would write the query out for every position, a
    constant from which nobody can tell that it is one query."""
    proto = onnx.load(path, load_external_data=False)
    for value in [*proto.graph.input, *proto.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_value = batch
    del proto.graph.value_info[:]
    onnx.save(proto, path)


def export(case: cases.Case, model: torch.nn.Module, x: torch.Tensor, path: str) -> None:
    # A batch of 1 would be taken for a number that never changes.
    example = torch.cat([x, x])[:2]
    program = torch.onnx.export(
        model, (example,), dynamo=True, opset_version=OPSET, verbose=False, input_names=["x"], output_names=["y"],
        dynamic_shapes={"x": {0: torch.export.Dim("batch")}},
    )  # fmt: skip
    program.save(path, external_data=True)
    fix_batch(path, case.batch)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("dtype")
    parser.add_argument("folder")
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    case = cases.by_name(arguments.case)
    if arguments.tiny:
        case = cases.tiny(case)

    def path(name: str) -> str:
        return os.path.join(arguments.folder, name)

    model, x = models.build(case), models.make_input(case)
    if not os.path.exists(path("reference.npy")):
        save_file(model.state_dict(), path("parameters.safetensors"))
        np.save(path("x.npy"), x.numpy())
        export(case, model, x, path("model-f32.onnx"))
        with torch.inference_mode():
            np.save(path("reference.npy"), model.double()(x.double()).float().numpy())
        model = models.build(case)
    name = path("model.onnx")
    if arguments.dtype == "bf16":
        export(case, model.bfloat16(), x.bfloat16(), name)
        # npy has no bf16: two bytes of no type.
        np.save(path("x-program.npy"), x.bfloat16().view(torch.int16).numpy().view("V2"))
    else:
        for link, target in ((name, "model-f32.onnx"), (path("x-program.npy"), "x.npy")):
            if os.path.lexists(link):
                os.remove(link)
            os.symlink(target, link)


if __name__ == "__main__":
    sys.exit(main())
