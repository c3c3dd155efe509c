"""What the native tests find equal and different, and the files that they read and write."""

import math
import pathlib
import struct
import tempfile
import unittest

import cases
import run
from compare import compare_outputs, compare_tensors
from tensors import TYPES, Tensor, read_npy, read_proto, write_npy


def f32(*values):
    return Tensor("f32", (len(values),), list(values))


class Compare(unittest.TestCase):
    def test_bound_is_of_the_least_exact_type(self):
        self.assertIsNone(compare_tensors(f32(1.000009, 0), f32(1, 0), []))
        self.assertIn("error 2e-05", compare_tensors(f32(1.00002, 0), f32(1, 0), []))
        self.assertIsNone(compare_tensors(f32(1.00002, 0), f32(1, 0), ["f32", "i64", "f16"]))
        self.assertIn("wanted at most 0.01", compare_tensors(f32(1.02), f32(1), ["bf16"]))

    def test_narrow_programs_may_lose_three_times_as_much_as_those_that_are_written(self):
        self.assertIsNone(compare_tensors(f32(1.059), f32(1), ["bf16"], f32(1.02)))
        self.assertIn("at most 0.06", compare_tensors(f32(1.07), f32(1), ["bf16"], f32(1.02)))
        self.assertIn("at most 0.01", compare_tensors(f32(1.02), f32(1), ["bf16"], f32(1)))
        self.assertIn("at most 1e-05", compare_tensors(f32(1.02), f32(1), ["f32"], f32(1.02)))

    def test_anything_is_too_much_of_nothing(self):
        self.assertIsNone(compare_tensors(f32(0, 0), f32(0, 0), []))
        self.assertIn("error inf", compare_tensors(f32(0, 1e-30), f32(0, 0), []))

    def test_what_is_not_finite_is_at_the_same_places(self):
        nan, inf = math.nan, math.inf
        self.assertIsNone(compare_tensors(f32(nan, inf, 1), f32(nan, inf, 1), []))
        for found in (f32(1, inf, 1), f32(nan, -inf, 1), f32(nan, inf, nan), f32(nan, nan, 1)):
            self.assertIn("element", compare_tensors(found, f32(nan, inf, 1), []))

    def test_integers_shapes_and_types_are_equal(self):
        two = Tensor("i32", (2,), [1, 2])
        self.assertIsNone(compare_tensors(two, two, ["bf16"]))
        self.assertIn("number 1: 3, wanted 2", compare_tensors(Tensor("i32", (2,), [1, 3]), two, []))
        self.assertIn("(2, 1)", compare_tensors(Tensor("i32", (2, 1), [1, 2]), two, []))
        self.assertIn("i64", compare_tensors(Tensor("i64", (2,), [1, 2]), two, []))

    def test_all_outputs_must_be_there(self):
        with tempfile.TemporaryDirectory() as scratch:
            found, wanted = pathlib.Path(scratch, "found"), pathlib.Path(scratch, "wanted")
            self.assertTrue(compare_outputs(found, wanted, 0, []))
            for folder in (found, wanted):
                folder.mkdir()
            write_npy(wanted / "y.npy", f32(1))
            self.assertTrue(compare_outputs(found, wanted, 1, []))
            write_npy(found / "y.npy", f32(1))
            self.assertEqual(compare_outputs(found, wanted, 1, []), [])
            self.assertTrue(compare_outputs(found, wanted, 2, []))


class Files(unittest.TestCase):
    def test_npy(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch, "x.npy")
            for kind in TYPES:
                tensor = Tensor(kind, (2, 1), [True, False] if kind == "bool" else [3, 1])
                write_npy(path, tensor)
                self.assertEqual(read_npy(path), tensor)
            # 1 + 2^-8 lies between two numbers of bf16, of which the even one is 1.
            write_npy(path, Tensor("bf16", (3,), [1 + 2**-8, 1 + 3 * 2**-8, -math.inf]))
            self.assertEqual(read_npy(path).values, [1, 1 + 2**-6, -math.inf])

    def test_fields_of_protos(self):
        minus_one = b"\xff" * 9 + b"\x01"
        for code, field, wanted in (
                (7, b"\x3a\x0b" + minus_one + b"\x05", ("i64", [-1, 5])),
                (3, b"\x2a\x0b" + minus_one + b"\x05", ("i8", [-1, 5])),
                (12, b"\x5a\x06\xff\xff\xff\xff\x0f\x05", ("u32", [2**32 - 1, 5])),
                # The bits of 1 and -infinity.
                (16, b"\x2a\x05\x80\x7f\x80\xff\x03", ("bf16", [1, -math.inf])),
                (9, b"\x2a\x02\x01\x00", ("bool", [True, False])),
                (1, b"\x22\x08" + struct.pack("<2f", 0.5, -2), ("f32", [0.5, -2])),
                (1, b"\x4a\x08" + struct.pack("<2f", 0.5, -2), ("f32", [0.5, -2]))):
            with tempfile.TemporaryDirectory() as scratch:
                path = pathlib.Path(scratch, "x.pb")
                path.write_bytes(b"\x08\x02\x10" + bytes([code]) + field)
                self.assertEqual(read_proto(path), Tensor(wanted[0], (2,), wanted[1]))


class Runs(unittest.TestCase):
    def test_sample_is_evenly_spaced(self):
        self.assertEqual(run.choose(list(range(10)), 4), [0, 2, 5, 7])
        self.assertEqual(run.choose([1, 2], 4), [1, 2])

    def test_nothing_compared_is_a_failure(self):
        report = run.Report(False)
        self.assertEqual(report.finish(["nodes"], 0), 1)
        report.add("nodes", cases.Result("a", "refused", "a reason"))
        self.assertEqual(report.finish(["nodes"], 0), 1)
        report.add("nodes", cases.Result("a", "compared", "", 1))
        self.assertEqual(report.finish(["nodes"], 0), 0)
        self.assertEqual(report.finish(["nodes", "random"], 0), 1)
        report.add("nodes", cases.Result("a", "failed", "a difference"))
        self.assertEqual(report.finish(["nodes"], 0), 1)

    def test_longest_dimension_of_numbers_is_split(self):
        tensors = {"n": Tensor("i64", (9,), [0] * 9), "x": Tensor("f32", (2, 3), [0] * 6)}
        self.assertEqual(cases.split_input(tensors), ["--mesh=dp=2", "--shard=x=[_,dp]"])
        del tensors["x"]
        self.assertEqual(cases.split_input(tensors), ["--mesh=dp=2", "--shard=n=[dp]"])


if __name__ == "__main__":
    unittest.main()
