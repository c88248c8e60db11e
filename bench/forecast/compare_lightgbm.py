"""Compares the forecasts of `npm run bench -- forecast` with those of LightGBM on the same examples, step by step on the same days.

    pip install lightgbm
    FORECAST_BENCH_QUICK=1 FORECAST_BENCH_EXAMPLES=target/examples npm run bench -- forecast
    python bench/forecast/compare_lightgbm.py target/examples
"""

import json
import sys
from pathlib import Path

import lightgbm
import numpy as np

common = {
    "num_leaves": 15,
    "max_bin": 64,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "verbose": -1,
    "seed": 1,
}
# Rounds, and what is told to LightGBM: by use and whether it is about days ahead.
settings = {
    ("occupied", False): (200, {"learning_rate": 0.1, "min_data_in_leaf": 40, "feature_fraction": 0.6, "bagging_fraction": 0.8, "lambda_l2": 5}),
    ("occupied", True): (150, {"learning_rate": 0.05, "min_data_in_leaf": 40, "feature_fraction": 0.6, "bagging_fraction": 0.8, "lambda_l2": 5}),
    ("mean_power_w", False): (200, {"learning_rate": 0.1, "min_data_in_leaf": 40, "feature_fraction": 0.6, "bagging_fraction": 0.8, "lambda_l2": 5}),
    ("mean_power_w", True): (150, {"learning_rate": 0.05, "min_data_in_leaf": 40, "feature_fraction": 0.6, "bagging_fraction": 0.8, "lambda_l2": 5}),
}


def forecasts(about, inputs, column):
    """Of each example that was predicted: by a model that has learnt from what had ended when its step began. NaN elsewhere."""
    rounds, params = settings[about["use"], about["horizon"] == "day"]
    objective = "binary" if about["use"] == "occupied" else "l2"
    predicted = np.full(about["rows"], np.nan)
    for start in range(about["from"], about["to"], about["step"]):
        end = min(start + about["step"], about["to"])
        learnt = (column["ended"] <= start) & (column["learnt"] == 1)
        asked = (column["made"] >= start) & (column["made"] < end)
        if not learnt.any() or not asked.any():
            continue
        data = lightgbm.Dataset(inputs[learnt], column["label"][learnt], params={"max_bin": common["max_bin"]})
        model = lightgbm.train({**common, **params, "objective": objective}, data, num_boost_round=rounds)
        predicted[asked] = model.predict(inputs[asked])
    return predicted


def relative(predicted, measured, room):
    """RMSE over the mean, averaged over rooms."""
    return np.mean([np.sqrt(np.mean((predicted[room == one] - measured[room == one]) ** 2)) / measured[room == one].mean() for one in np.unique(room)])


print(f"{'':24}{'windows':>9}{'ours':>9}{'LightGBM':>10}{'ratio':>8}")
for path in sorted(Path(sys.argv[1]).glob("*.json")):
    about = json.loads(path.read_text())
    table = np.fromfile(path.with_suffix(".f64")).reshape(len(about["columns"]), about["rows"])
    column = dict(zip(about["columns"], table))
    inputs = np.ascontiguousarray(table[: len(about["inputs"])].T)
    theirs = forecasts(about, inputs, column)
    there = ~np.isnan(theirs)
    days = np.ceil(column["ahead"] / 96) if about["horizon"] == "day" else np.zeros(about["rows"])
    for day in np.unique(days[there]):
        rows = there & (days == day)
        measured, room = column["label"][rows], column["room"][rows]
        if about["use"] == "occupied":
            name, of = "Brier", lambda predicted: np.mean((predicted - measured) ** 2)
        else:
            name, of = "RMSE / mean", lambda predicted: relative(np.maximum(predicted, 0), measured, room)
        ours, others = of(column["forecast"][rows]), of(theirs[rows])
        part = f"day {day:.0f}" if day else about["horizon"]
        print(f"{part + ', ' + name:24}{rows.sum():9}{ours:9.4f}{others:10.4f}{ours / others:8.3f}")
