"""Plots of results: times with the bound, and memory over the number of channels."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

COLORS = {
    "ours": "#c8102e", "torch-eager": "#9e9e9e", "torch-compile": "#ee7733", "onnxruntime": "#0077bb", "openvino": "#009988",
    "jax": "#aa3377", "iree": "#ccbb44", "torch-folded": "#555555", "torch-folded-compile": "#000000",
}  # fmt: skip
OTHERS = ("#66ccee", "#228833", "#4477aa", "#bbcc33")


def color_of(name: str, names: list[str]) -> str:
    if name in COLORS:
        return COLORS[name]
    return OTHERS[[other for other in names if other not in COLORS].index(name) % len(OTHERS)]


def contenders_of(results: list[dict]) -> list[str]:
    return list(dict.fromkeys(row["contender"] for result in results for row in result["rows"]))


def draw_times(axis, results: list[dict], names: list[str]) -> None:
    """A row of points for each case: medians from the 10th to the 90th percentile, and the bound as a line."""
    for place, result in enumerate(results):
        y = len(results) - 1 - place
        for index, row in enumerate(result["rows"]):
            if row["median_ms"] is None or row["state"] == "failed":
                continue
            at = y + 0.36 - 0.72 * index / max(1, len(result["rows"]) - 1)
            color, median = color_of(row["contender"], names), row["median_ms"]
            spread = [[median - row["p10_ms"]], [row["p90_ms"] - median]]
            marker = "x" if row["state"] == "wrong" else "D" if row["contender"].startswith("ours") else "o"
            axis.errorbar([median], [at], xerr=spread, fmt=marker, color=color, markersize=5, linewidth=1)
        if result["bound_ms"]:
            axis.plot([result["bound_ms"]] * 2, [y - 0.42, y + 0.42], color="black", linewidth=2)
        if place:
            axis.axhline(y + 0.5, color="#dddddd", linewidth=0.8)
    axis.set_yticks(range(len(results)), [result["case"] for result in reversed(results)])
    axis.set_ylim(-0.5, len(results) - 0.5)
    axis.set_xscale("log")
    axis.set_xlabel("ms a step")
    axis.set_title(f"{results[0]['dtype']}, ranks: {results[0]['ranks']}")
    axis.grid(axis="x", color="#eeeeee")


def plot_times(results: list[dict], path: str) -> None:
    groups: dict[tuple, list[dict]] = {}
    for result in results:
        groups.setdefault((result["dtype"], result["ranks"]), []).append(result)
    names = contenders_of(results)
    tallest = max(len(group) for group in groups.values())
    figure, axes = plt.subplots(
        1, len(groups), figsize=(8 * len(groups), 1.6 + 0.9 * tallest), squeeze=False, layout="constrained"
    )
    for axis, group in zip(axes[0], groups.values()):
        draw_times(axis, group, names)
    handles = [plt.Line2D([], [], color=color_of(n, names), marker="D" if n.startswith("ours") else "o", linestyle="") for n in names]
    handles.append(plt.Line2D([], [], color="black", linewidth=2))
    figure.legend(handles, [*names, "bound"], loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def peak_of(row: dict) -> float | None:
    peak = row.get("step_peak_MiB")
    return row.get("load_peak_MiB") if peak is None else peak


def plot_memory(results: list[dict], path: str) -> None:
    """`results` are by number of channels; a contender that fails has no point there."""
    names = contenders_of(results)
    figure, axis = plt.subplots(figsize=(9.5, 5.5), layout="constrained")
    for name in names:
        points = [
            (result["channels"], peak_of(row)) for result in results for row in result["rows"]
            if row["contender"] == name and row["state"] != "failed" and peak_of(row)
        ]  # fmt: skip
        if points:
            axis.plot(*zip(*points), marker="D" if name.startswith("ours") else "o", color=color_of(name, names), label=name)
        scratch = [
            (result["channels"], row["scratch_MiB"]) for result in results for row in result["rows"]
            if row["contender"] == name and row.get("scratch_MiB")
        ]  # fmt: skip
        if scratch:
            axis.plot(*zip(*scratch), linestyle="--", color=color_of(name, names), label=f"{name}, scratch of a step")
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.set_xlabel("channels")
    axis.set_ylabel("peak resident memory of a step, MiB")
    axis.grid(color="#eeeeee")
    figure.legend(loc="outside right upper", frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)
