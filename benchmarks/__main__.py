"""``python -m benchmarks``: measures the whole path on this machine and writes JSON, a table and a plot.

Options: ``--only NAME`` (repeatable), ``--scale 0.1`` for a quick look, ``--workers 2``, ``--out FOLDER``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import pygal

from benchmarks.installation import installation
from benchmarks.measures import MEASURES

HERE = Path(__file__).parent


def main() -> None:
    """Run the measures and write what they say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Reskontro on the whole path.")
    parser.add_argument("--only", action="append", choices=sorted(MEASURES), help="only this measure")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full amounts of data")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the results")
    options = parser.parse_args()
    figures: dict[str, dict[str, Any]] = {}
    # The folder of the installation lies on the disk of the checkout: temporary folders are memory on some machines.
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=HERE.parent) as folder, installation(Path(folder), options.workers) as measured:
        for name in options.only or MEASURES:
            started = time.perf_counter()
            figures[name] = MEASURES[name](measured, options.scale)
            print(f"{name} ({time.perf_counter() - started:.0f} s)", flush=True)
            for figure, value in figures[name].items():
                print(f"  {figure:<52}{value:>14,.2f}", flush=True)
    _write(options.out, figures, options)


def _write(folder: Path, figures: dict[str, dict[str, Any]], options: argparse.Namespace) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    about = {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "workers": options.workers,
        "scale": options.scale,
    }
    (folder / "results.json").write_text(json.dumps({"about": about, "figures": figures}, indent=2) + "\n", encoding="utf-8")
    rows = ["| measure | figure | value |", "|---|---|---:|"]
    rows += [f"| {name} | {figure} | {value:,.2f} |" for name, entry in figures.items() for figure, value in entry.items()]
    (folder / "results.md").write_text("\n".join(rows) + "\n", encoding="utf-8")
    chart = pygal.HorizontalBar(title="Items a second, beside the limit of the same run", js=[], show_legend=False, disable_xml_declaration=True)
    rates = [(f"{name}: {figure}", value) for name, entry in figures.items() for figure, value in entry.items() if "/s" in figure]
    chart.x_labels = [name for name, _ in rates]
    chart.add("items/s", [round(value) for _, value in rates])
    chart.render_to_file(str(folder / "rates.svg"))
    print(f"written to {folder}")


if __name__ == "__main__":
    main()
