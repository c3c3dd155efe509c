"""Lines and files of results. Nothing but the standard library is used here, so that a test needs no packages."""

import json
import os


def number(value: float | None, digits: int = 2) -> str:
    return "none" if value is None else f"{value:.{digits}f}"


def candidates(rows: list[dict]) -> list[dict]:
    """Peers whose output is right: those that may be the best. Neither ours nor what is folded by hand is a peer."""
    return [
        row for row in rows
        if row["state"] == "ok" and row["median_ms"] is not None and not row["contender"].startswith(("ours", "torch-folded"))
    ]  # fmt: skip


def right_ms(rows: list[dict], prefix: str, exact: bool) -> float | None:
    """The least median of the contenders with this name, or whose names begin so."""
    found = [
        row["median_ms"] for row in rows
        if (row["contender"] == prefix if exact else row["contender"].startswith(prefix))
        and row["state"] == "ok" and row["median_ms"] is not None
    ]  # fmt: skip
    return min(found, default=None)


def summary(result: dict) -> str:
    """The closing line of a case. `ratio` is the time of the best peer in units of ours: above 1 ours is faster. `of_bound` is the
    bound as a part of our time."""
    rows = result["rows"]
    ours = right_ms(rows, "ours", True)
    if ours is None and not any(row["contender"] == "ours" for row in rows):
        ours = right_ms(rows, "ours:", False)
    best = min(candidates(rows), key=lambda row: row["median_ms"], default=None)
    best_ms = best and best["median_ms"]
    bound = result["bound_ms"]
    ratio = best_ms / ours if best_ms and ours else None
    return (
        f"case={result['case']} dtype={result['dtype']} ranks={result['ranks']} ours_ms={number(ours)} "
        f"best={best['contender'] if best else 'none'} best_ms={number(best_ms)} ratio={number(ratio)} "
        f"bound_ms={number(bound)} of_bound={number(bound / ours if bound and ours else None)} "
        f"folded_ms={number(right_ms(rows, 'torch-folded', False))}"
    )


def row_line(row: dict) -> str:
    """One contender of a case."""
    name = f"  {row['contender']:<24}"
    if row["state"] == "failed":
        return f"{name} none: {row['why']}"
    peak = row.get("step_peak_MiB")
    # Without a peak of the steps alone, that of the whole run.
    peak = row.get("load_peak_MiB") if peak is None else peak
    error = "none" if row["rel_err"] is None else f"{row['rel_err']:.1e}"
    text = (
        f"{name} median_ms={number(row['median_ms'])} min_ms={number(row.get('min_ms'))} p10_ms={number(row.get('p10_ms'))} "
        f"p90_ms={number(row.get('p90_ms'))} steps={len(row['ms'])} rel_err={error} peak_MiB={number(peak, 0)} "
        f"load_peak_MiB={number(row.get('load_peak_MiB'), 0)} base_MiB={number(row.get('base_MiB'), 0)}"
    )
    if row.get("restarted"):
        text += " (started anew in each round)"
    return text + (f" WRONG: {row['why']}" if row["state"] == "wrong" else "")


def memory_line(channels: int, row: dict) -> str:
    """One contender at one number of channels."""
    text = f"memory channels={channels} contender={row['contender']}"
    if row["state"] == "failed":
        return f"{text} peak_MiB=none: {row['why']}"
    peak = row.get("step_peak_MiB")
    text += f" peak_MiB={number(row.get('load_peak_MiB') if peak is None else peak, 0)}"
    text += f" load_peak_MiB={number(row.get('load_peak_MiB'), 0)} base_MiB={number(row.get('base_MiB'), 0)}"
    if "scratch_MiB" in row:
        text += f" scratch_MiB={number(row['scratch_MiB'], 1)}"
    return text + (f" WRONG: {row['why']}" if row["state"] == "wrong" else "")


def write_json(path: str, content: dict) -> None:
    """The file appears when it is complete."""
    temporary = f"{path}.tmp"
    with open(temporary, "w") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
    os.replace(temporary, path)
