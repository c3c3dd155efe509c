#!/usr/bin/env python3
"""Writes newer.zip: node tests of ONNX's backend suite that Debian's libonnx-testdata lacks.

Models, inputs and expected outputs are made by the onnx package of PyPI (pip install onnx) and
its reference implementations. Kept are tests of one node whose element types numpy has.
"""

import pathlib
import warnings
import zipfile

import numpy as np
import onnx
from onnx.backend.test.case.node import collect_testcases

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).resolve().parent
DEBIAN = pathlib.Path("/usr/share/libonnx-testdata/data/node")
OPERATORS = """Add Attention AveragePool BatchNormalization BitwiseAnd BitwiseOr BitwiseXor Cast CastLike Clip ConvTranspose
Div Einsum Equal GatherElements GatherND Gelu Greater GreaterOrEqual GroupNormalization Identity
InstanceNormalization IsInf IsNaN Less LessOrEqual MatMul MaxPool Mod Mul Pad RMSNormalization Range
ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMin ReduceProd ReduceSum ReduceSumSquare
Resize ScatterElements ScatterND Shape SpaceToDepth Split Sub Swish""".split()
PLAIN = {onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16, onnx.TensorProto.BOOL,
         onnx.TensorProto.BFLOAT16, onnx.TensorProto.INT8, onnx.TensorProto.INT16, onnx.TensorProto.INT32, onnx.TensorProto.INT64,
         onnx.TensorProto.UINT8, onnx.TensorProto.UINT16, onnx.TensorProto.UINT32, onnx.TensorProto.UINT64}


def is_wanted(case):
    graph = case.model.graph
    if len(graph.node) != 1 or graph.node[0].op_type not in OPERATORS or (DEBIAN / case.name).exists():
        return False
    # One of the many variants of an output that is refused is enough.
    if "qk_matmul" in case.name and case.name != "test_attention_4d_with_qk_matmul":
        return False
    # A file of a few kilobytes a test.
    if sum(np.asarray(value).nbytes for values in case.data_sets[0] for value in values) > 12000:
        return False
    types = [value.type.tensor_type.elem_type for value in list(graph.input) + list(graph.output)]
    return set(types) <= PLAIN


def to_proto(array, name):
    if isinstance(array, onnx.TensorProto):
        array.name = name
        return array
    return onnx.numpy_helper.from_array(np.asarray(array), name)


def main():
    count = 0
    with zipfile.ZipFile(HERE / "newer.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        def write(name, data):
            # A fixed date: the same tests make the same file.
            info = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)

        for case in sorted(collect_testcases(None), key=lambda case: case.name):
            if not is_wanted(case):
                continue
            count += 1
            graph = case.model.graph
            write(f"{case.name}/model.onnx", case.model.SerializeToString())
            inputs, outputs = case.data_sets[0]
            for kind, values, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
                for index, (value, info) in enumerate(zip(values, infos)):
                    write(f"{case.name}/test_data_set_0/{kind}_{index}.pb",
                          to_proto(value, info.name).SerializeToString())
    print(f"{count} tests")


if __name__ == "__main__":
    main()
