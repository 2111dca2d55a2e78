"""Draws curves of growth as SVG, the same file for the same curves: `draw_curves.py FOLDER`, pictures as JSON on stdin."""
import json
import os
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "performance", "svg.fonttype": "none", "font.size": 9})
import matplotlib.pyplot as plt  # noqa: E402


def draw(picture, folder):
    units = sorted({curve["unit"] for curve in picture["curves"]})
    figure, axes = plt.subplots(1, len(units), figsize=(4.2 * len(units), 3.2), squeeze=False)
    for axis, unit in zip(axes[0], units):
        curves = [curve for curve in picture["curves"] if curve["unit"] == unit]
        for curve in curves:
            points = curve["points"]
            label = curve["label"].split(": ", 1)[-1] if len(units) == 1 else curve["label"]
            axis.plot([p["n"] for p in points], [p["cost"] for p in points], marker="o", markersize=3, label=label)
        counted = {curve["of"] for curve in curves}
        axis.set_xlabel(counted.pop() if len(counted) == 1 else picture["title"].lower())
        axis.set_ylabel(unit)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.grid(True, which="major", linewidth=0.3)
        axis.legend(fontsize=6)
    figure.tight_layout()
    figure.savefig(os.path.join(folder, picture["file"]), metadata={"Date": None})
    plt.close(figure)


for one in json.load(sys.stdin):
    draw(one, sys.argv[1])
