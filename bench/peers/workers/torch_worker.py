"""PyTorch: eager or compiled, as written or folded by hand, on one rank or on several by gloo."""

import json
import os
import subprocess
import sys
import time

import common
import cases
import models
import torch

os.environ.setdefault("TORCHINDUCTOR_FREEZING", "1")
TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


def make_model(config, rank):
    from safetensors.torch import load_file

    case = common.case_of(config)
    model = models.load(case, load_file(os.path.join(config["folder"], "parameters.safetensors")))
    if config["folded"]:
        import folded

        model = folded.fold(case, model)
    if config["ranks"] > 1:
        import ranks

        model = ranks.shard(case, model, rank, config["ranks"])
    model = model.to(TYPES[config["dtype"]])
    if config["compiled"]:
        model = torch.compile(model, fullgraph=True, dynamic=False)
    return model


def start_ranks(config, rank):
    """Starts the other ranks from the first, and connects all of them."""
    import torch.distributed as dist

    others = []
    if rank == 0:
        meeting = os.path.join(config["folder"], f"rendezvous-{os.getpid()}-{time.monotonic_ns()}")
        config["meeting"] = meeting
        for other in range(1, config["ranks"]):
            others.append(
                subprocess.Popen(
                    [sys.executable, __file__, json.dumps({**config, "rank": other})], stdin=subprocess.PIPE, text=True
                )
            )
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    dist.init_process_group(
        "gloo", init_method=f"file://{config['meeting']}", rank=rank, world_size=config["ranks"]
    )
    return others, dist.barrier


def load(config, rank=0):
    torch.set_num_threads(config["threads"] // config["ranks"])
    others, meet = start_ranks(config, rank) if config["ranks"] > 1 else ([], lambda: None)
    model = make_model(config, rank)
    x = torch.from_numpy(common.read_npy(os.path.join(config["folder"], "x.npy"))).to(TYPES[config["dtype"]])

    def begin(count):
        for other in others:
            other.stdin.write(f"{count}\n")
            other.stdin.flush()

    def step():
        with torch.inference_mode() if not config["compiled"] else torch.no_grad():
            return model(x)

    return common.Loaded(step, lambda y: y.float().numpy(), [other.pid for other in others], begin, meet)


def follow(config):
    """A rank after the first: runs as many steps as that one tells."""
    common.end_with_parent()
    os.dup2(2, 1)
    loaded = load(config, config["rank"])
    for line in sys.stdin:
        loaded.run(int(line))


if "rank" in json.loads(sys.argv[1]):
    follow(json.loads(sys.argv[1]))
else:
    common.serve(load)
