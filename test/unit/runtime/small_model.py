#!/usr/bin/env python3
"""Runs the executable made of SmallModel.c: results, files, errors.

usage: small_model.py EXECUTABLE FOLDER [MPIRUN]

Every failure is one line on stderr, a non-zero exit, and no output under its final name.
Needs nothing but Python's standard library.
"""
import io
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import zipfile

exe, work = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
mpirun = sys.argv[3] if len(sys.argv) > 3 else None
B, C, I, O = 2, 7, 3, 5
environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                   OMPI_MCA_rmaps_base_oversubscribe="1", DCHAG_TEST_MAPS="1")
problems = []


def check(condition, what):
    if not condition:
        problems.append(what)
        print("FAILED:", what)


def npy(values, shape, code="<f4", fortran=False, version=1):
    letter = {"f4": "f", "f8": "d", "i8": "q"}[code[1:]]
    header = repr({"descr": code, "fortran_order": fortran, "shape": tuple(shape)}).encode()
    length = struct.pack("<H" if version == 1 else "<I", len(header) + 1)
    data = struct.pack(code[0] + str(len(values)) + letter, *values)
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + b"\n" + data


def read_npy(path):
    data = open(path, "rb").read()
    end = 10 + struct.unpack("<H", data[8:10])[0]
    assert end % 64 == 0
    header = eval(data[10:end])
    return header["shape"], struct.unpack("<%df" % ((len(data) - end) // 4), data[end:])


def safetensors(tensors):
    header, blob = {}, b""
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(blob), len(blob) + len(data)]}
        blob += data
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + blob


def write(name, data):
    with open(os.path.join(work, name), "wb") as file:
        file.write(data)
    return os.path.join(work, name)


def run(arguments, ranks=None):
    command, variables = [exe] + arguments, environment
    if ranks:
        command = [mpirun, "-n", str(ranks)] + command
        # As scripts/mpi-env has it: Open MPI leaks.
        variables = dict(environment, ASAN_OPTIONS=environment.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
    else:
        command += ["--comm", "threads"]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60,
                          errors="replace")


def integers(count, seed):
    generator = random.Random(seed)
    return [generator.randint(-4, 4) for _ in range(count)]


weight, halves = integers(O * I, 1), integers(2 * C, 2)
tensors = {"halves": ("F64", [2, C], struct.pack("<%dd" % (2 * C), *halves)),
           "unused": ("F8_E4M3", [3], b"abc"),
           "w": ("F32", [O, I], struct.pack("<%df" % (O * I), *weight))}


def expected(x, samples):
    y = []
    for b in range(samples):
        for c in range(C):
            for o in range(O):
                row = x[(b * C + c) * I:(b * C + c + 1) * I]
                y.append(sum(v * weight[o * I + i] for i, v in enumerate(row)) + halves[c] + halves[C + c])
    return y, [sum(y[b * C * O:(b + 1) * C * O]) for b in range(samples)]


def check_run(name, x, samples, arguments, ranks=None):
    out = os.path.join(work, "out-" + name)
    result = run(arguments + ["--output", out], ranks)
    check(result.returncode == 0, "%s: exit %d: %s" % (name, result.returncode, result.stderr))
    if result.returncode:
        return result
    y, z = expected(x, samples)
    shape, found = read_npy(out + "/head_y.npy")
    check(shape == (samples, C, O) and list(found) == y, name + ": wrong y")
    shape, found = read_npy(out + "/z.npy")
    check(shape == (samples,) and list(found) == z, name + ": wrong z")
    check(sorted(os.listdir(out)) == ["head_y.npy", "z.npy"], name + ": other files are left")
    check(result.stdout.strip().split("\n")[-1].startswith("step_ms="), name + ": no last line")
    check("openmp_runtimes=1 " in result.stdout and "openmp_runtimes=2" not in result.stdout,
          name + ": not one OpenMP runtime: " + result.stdout)
    return result


def check_error(name, arguments, wanted, ranks=None):
    out = os.path.join(work, "err-" + name)
    result = run(arguments + ["--output", out], ranks)
    lines = [line for line in result.stderr.split("\n") if line.startswith("small: ")]
    check(result.returncode != 0, name + ": succeeded")
    check(len(lines) == 1 and lines[0].startswith("small: rank "), name + ": not one line: " + result.stderr)
    check(lines and wanted in lines[0], "%s: no %r in %r" % (name, wanted, result.stderr))
    left = os.listdir(out) if os.path.isdir(out) else []
    check(not left, name + ": left " + str(left))


def fuzz(name, data, arguments_of, rounds):
    """Whatever a file holds, the program ends by itself, with one line if not well."""
    generator = random.Random(3)
    for turn in range(rounds):
        damaged = bytearray(data)
        if turn % 2:
            del damaged[generator.randrange(len(damaged)):]
        else:
            for _ in range(generator.randint(1, 4)):
                damaged[generator.randrange(min(len(damaged), 400))] ^= 1 << generator.randrange(8)
        result = run(arguments_of(write(name, bytes(damaged))))
        check(result.returncode in (0, 1), "%s turn %d: exit %d" % (name, turn, result.returncode))
        if result.returncode == 1:
            check(result.stderr.count("\n") == 1, "%s turn %d: %r" % (name, turn, result.stderr))


shutil.rmtree(work, ignore_errors=True)
os.makedirs(work)
w = write("w.safetensors", safetensors(tensors))
x = integers(B * C * I, 4)
good = write("x.npy", npy(x, [B, C, I]))
base = ["--weights", w, "--input", "x=" + good]
long = integers(5 * C * I, 5)
long_file = write("long.npy", npy(long, [5, C, I]))
column_major = [x[(b * C + c) * I + i] for i in range(I) for c in range(C) for b in range(B)]
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
    file.writestr("x.npy", npy(x, [B, C, I]))
stored = io.BytesIO()
with zipfile.ZipFile(stored, "w") as file:
    with file.open("x.npy", "w", force_zip64=True) as member:
        member.write(npy(x, [B, C, I]))

check_run("plain", x, B, base)
check_run("repeat", x, B, base + ["--repeat", "3"])
check_run("long", long, 5, ["--weights", w, "--input", "x=" + long_file])
check_run("fortran", x, B, ["--weights", w, "--input", "x=" + write("f.npy", npy(column_major, [B, C, I], fortran=True, version=2))])
check_run("deflated", x, B, ["--weights", w, "--input", write("d.npz", archive.getvalue())])
check_run("stored", x, B, ["--weights", w, "--input", "x=" + write("s.npz", stored.getvalue())])

for state in "computed", "cached":
    result = check_run("cache", x, B, base + ["--cache", os.path.join(work, "cache")])
    check(result.stdout.endswith(" prepare=%s\n" % state) and not result.stderr, "cache: not " + state)

check_error("no-weights", ["--input", "x=" + good], "no weights given")
check_error("no-file", ["--weights", "/nowhere", "--input", "x=" + good], "cannot be opened")
check_error("missing-tensor", ["--weights", write("m.safetensors", safetensors({"w": tensors["w"]})), "--input", "x=" + good], '"halves" is missing')
check_error("wrong-shape", ["--weights", write("s.safetensors", safetensors(dict(tensors, w=("F32", [I, O], tensors["w"][2])))), "--input", "x=" + good], '"w" is 3x5 f32, wanted 5x3 f32')
check_error("wrong-type", ["--weights", write("t.safetensors", safetensors(dict(tensors, w=("I32", [O, I], tensors["w"][2])))), "--input", "x=" + good], "wanted 5x3 f32")
check_error("cut-weights", ["--weights", write("c.safetensors", safetensors(tensors)[:-1]), "--input", "x=" + good], "is truncated")
check_error("twice-weights", base + ["--weights", w], "given twice")
check_error("again-weights", base + ["--weights", write("a.safetensors", safetensors({"w": tensors["w"]}))], "too: give each tensor once")
overlap = safetensors(tensors).replace(b'"data_offsets": [112, 115]', b'"data_offsets": [111, 114]')
check_error("overlap", ["--weights", write("o.safetensors", overlap), "--input", "x=" + good], "overlap")
check_error("no-input", ["--weights", w], 'missing input "x" (2x7x3 f32)')
check_error("unknown-input", base + ["--input", "q=" + good], "no such input")
check_error("twice-input", base + ["--input", "x=" + good], "give it once")
check_error("input-shape", ["--weights", w, "--input", "x=" + write("b.npy", npy(x, [B, I, C]))], "has shape 2x3x7, wanted 2x7x3")
check_error("short-batch", ["--weights", w, "--input", "x=" + write("1.npy", npy(x[:C * I], [1, C, I]))], "has shape 1x7x3, wanted 2x7x3")
check_error("input-type", ["--weights", w, "--input", "x=" + write("8.npy", npy(x, [B, C, I], "<f8"))], "is f64, wanted f32")
check_error("big-endian", ["--weights", w, "--input", "x=" + write("e.npy", npy(x, [B, C, I], ">f4"))], "big-endian")
check_error("cut-input", ["--weights", w, "--input", "x=" + write("u.npy", npy(x, [B, C, I])[:-1])], "is truncated")
check_error("no-option", base + ["--what"], "--what")
check_error("bad-repeat", base + ["--repeat", "0"], "repeat")
for folder in (good + "/out", "/proc/out"):
    result = run(base + ["--output", folder])
    check(result.returncode == 1 and "cannot be made" in result.stderr and result.stderr.count("\n") == 1, "folder " + folder + result.stderr)
result = subprocess.run([exe] + base, env=environment, capture_output=True, text=True)
check(result.returncode == 1 and "started on 1 rank, built for tp=2 (2 ranks): start it with mpirun -n 2" in result.stderr, "one rank: " + result.stderr)
result = subprocess.run([exe, "--describe"], env=environment, capture_output=True, text=True)
check(json.loads(result.stdout)["mesh"] == [{"name": "tp", "size": 2}], "describe")

fuzz("fuzz.npy", npy(x, [B, C, I]), lambda f: ["--weights", w, "--input", "x=" + f], 60)
fuzz("fuzz.safetensors", safetensors(tensors), lambda f: ["--weights", f, "--input", "x=" + good], 80)
fuzz("fuzz.npz", archive.getvalue(), lambda f: ["--weights", w, "--input", f], 60)

if mpirun:
    check_run("mpi", x, B, base, 2)
    check_run("mpi-long", long, 5, ["--weights", w, "--input", "x=" + long_file], 2)
    check_error("mpi-three", base, "started on 3 ranks, built for tp=2 (2 ranks)", 3)
    check_error("mpi-missing", ["--weights", w], 'missing input "x"', 2)
    check_error("mpi-option", base + ["--what"], "--what", 2)
print("%d problems" % len(problems))
sys.exit(1 if problems else 0)
