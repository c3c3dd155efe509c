"""The cases of the benchmark, and the least that they cost: operations and bytes counted from sizes.

Letters are those of docs/math.md: B batch, C channels, N positions, P pixels of a patch, D token width, h heads, Q queries.
Nothing but the standard library is used here, so that a test needs no packages.
"""

import fnmatch
import math
from dataclasses import dataclass, replace

ELEMENT_BYTES = {"f32": 4, "bf16": 2}


@dataclass(frozen=True)
class Case:
    """A model with its sizes.

    `kind` is what is run: "front" is tokenization and aggregation, "whole" a front end, transformer blocks and a head that
    predicts the image, "vit" a classifier without aggregation. `shared` fronts have one tokenizer for all channels.
    """

    name: str
    kind: str
    channels: int
    height: int
    width: int
    patch: int
    dim: int
    heads: int
    batch: int = 1
    shared: bool = False
    variables: int = 0  # of a level and time step, where channels are levels
    steps: int = 0  # time steps of a level
    queries: int = 1
    depth: int = 0
    mlp_ratio: int = 4
    head_layers: int = 2
    classes: int = 0

    @property
    def levels(self) -> bool:
        return self.variables > 0

    @property
    def grid(self) -> tuple[int, int]:
        return self.height // self.patch, self.width // self.patch

    @property
    def positions(self) -> int:
        return self.grid[0] * self.grid[1]

    @property
    def pixels(self) -> int:
        """Numbers of a channel at a position."""
        return self.patch**2 * (self.variables * self.steps if self.levels else 1)

    @property
    def input_shape(self) -> tuple[int, ...]:
        inner = (self.steps, self.variables, self.channels) if self.levels else (self.channels,)
        return (self.batch, *inner, self.height, self.width)

    @property
    def output_shape(self) -> tuple[int, ...]:
        if self.kind == "vit":
            return (self.batch, self.classes)
        if self.kind == "whole":
            return (self.batch, self.channels, self.height, self.width)
        if self.levels:
            return (self.batch, self.queries, self.positions, self.dim)
        return (self.batch, self.positions, self.dim)

    @property
    def aggregates(self) -> bool:
        return self.kind != "vit"


def era5(name: str, kind: str, dim: int) -> Case:
    """80 variables on a grid of 5.625 degrees, as in ClimaX (arXiv 2301.10343)."""
    whole = kind == "whole"
    return Case(name, kind, 80, 32, 64, 2, dim, 16, batch=1 if whole else 4, depth=8 if whole else 0)


def hyper(channels: int, shared: bool) -> Case:
    """Hyperspectral images."""
    name = f"front-hyper{channels}-{'shared' if shared else 'own'}"
    return Case(name, "front", channels, 128, 128, 16, 768, 12, shared=shared)


def memory_case(channels: int) -> Case:
    """A front end of any number of channels, for the plot of memory."""
    return Case(f"memory-{channels}", "front", channels, 128, 128, 8, 512, 8)


CASES = [
    era5("front-era5-d512", "front", 512),
    era5("front-era5-d1024", "front", 1024),
    hyper(128, False),
    hyper(256, False),
    hyper(500, False),
    hyper(500, True),
    # The front end of Aurora (arXiv 2405.13063): 13 pressure levels, each 5 variables at 2 times, patches of 4 x 4.
    Case("front-aurora-levels", "front", 13, 128, 256, 4, 512, 16, shared=True, variables=5, steps=2, queries=3),
    era5("whole-era5-d512", "whole", 512),
    era5("whole-era5-d1024", "whole", 1024),
    Case("vit-b-rgb", "vit", 3, 224, 224, 16, 768, 12, depth=12, classes=1000),
]
MEMORY_CHANNELS = (16, 32, 64, 128, 256, 512, 1024)


def by_name(name: str) -> Case:
    """A case by its name, also one of the plot of memory."""
    if name.startswith("memory-") and name.removeprefix("memory-").isdigit():
        return memory_case(int(name.removeprefix("memory-")))
    return next(case for case in CASES if case.name == name)


def select(patterns: list[str]) -> list[Case]:
    """The cases that match one of the patterns, in the order of the list."""
    return [case for case in CASES if any(fnmatch.fnmatch(case.name, pattern) for pattern in patterns)]


def tiny(case: Case) -> Case:
    """The same model with sizes for a test of the benchmark itself."""
    patch = min(case.patch, 4)
    return replace(
        case, channels=case.channels if case.kind == "vit" else 6, height=4 * patch, width=6 * patch, patch=patch, dim=48,
        heads=4, depth=min(case.depth, 2), classes=min(case.classes, 10),
    )  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """Multiply-adds of a step, and numbers that it must read or write at least once."""

    madds: int
    numbers: int

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.madds + other.madds, self.numbers + other.numbers)


def front_forms(c: Case) -> dict[str, Cost]:
    """The front end in every form that is known. What depends on parameters alone is computed before the step.

    C (P + 1) numbers of a position are its pixels and a 1 for the addend of each channel. `written`: tokens, keys, values and
    products with the query. `folded`: scores from pixels, values of each channel from pixels. `pooled`, with one tokenizer
    for all channels: pixels are summed over the channels before the product.
    """
    n, ch, p, d = c.batch * c.positions, c.channels, c.pixels, c.dim
    rows, q = c.heads * c.queries, c.queries  # rows: scores of a channel
    embedding = p * d + d if c.shared else ch * (p * d + d)
    channel = ch * d if c.shared else 0
    forms = {
        "written": Cost(
            n * (ch * p * d + 2 * ch * d * d + 2 * q * ch * d + q * d * d), embedding + channel + 4 * d * d + 4 * d + q * d
        ),
        "folded": Cost(
            n * (ch * rows * (p + 1) + ch * p * d + q * ch * d + q * d * d),
            (rows + d) * (p if c.shared else ch * p) + ch * rows + ch * d + d * d + d,
        ),
    }
    if c.shared:
        forms["pooled"] = Cost(
            n * (ch * rows * (p + 1) + ch * rows * p + q * p * d + q * ch * d + q * d * d),
            rows * p + ch * rows + p * d + ch * d + d * d + d,
        )
    return forms


def front_cost(c: Case) -> Cost:
    """The form with the fewest multiply-adds."""
    return min(front_forms(c).values(), key=lambda cost: cost.madds)


def blocks_cost(c: Case, positions: int) -> Cost:
    """Transformer blocks: four projections, two products over the positions, an MLP."""
    d, hidden = c.dim, c.mlp_ratio * c.dim
    madds = positions * (4 * d * d + 2 * positions * d + 2 * d * hidden)
    weights = 4 * d * d + 4 * d + 2 * d * hidden + d + hidden + 4 * d
    return Cost(c.depth * c.batch * madds, c.depth * weights)


def case_cost(c: Case) -> Cost:
    """The whole step, its input and its output."""
    total = Cost(0, math.prod(c.input_shape) + math.prod(c.output_shape))
    n, d = c.positions, c.dim
    if c.aggregates:
        total += front_cost(c)
    if c.kind == "whole":
        out = c.channels * c.patch**2
        total += blocks_cost(c, n) + Cost(0, n * d + 2 * d)
        total += Cost(c.batch * n * (c.head_layers * d * d + d * out), c.head_layers * (d * d + d) + d * out + out)
    if c.kind == "vit":
        patch = c.channels * c.patch**2 * d
        total += Cost(c.batch * n * patch, patch + d) + blocks_cost(c, n + 1)
        total += Cost(c.batch * d * c.classes, (n + 2) * d + 2 * d + d * c.classes + c.classes)
    return total


def cost_ms(cost: Cost, dtype: str, flops: float, bandwidth: float) -> float:
    """Milliseconds below which no step can be at these operations and bytes a second."""
    return 1e3 * max(2 * cost.madds / flops, cost.numbers * ELEMENT_BYTES[dtype] / bandwidth)
