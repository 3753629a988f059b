"""The forecasts of all series as a pandas frame, from each format of the API, timed.

    python frames.py BASE_URL RUNS

Prints, as JSON, format -> bytes, seconds to the frame, seconds of the request. Fails where the
frames differ in a row or by more than JSON's rounding to six digits.
"""

import io
import json
import statistics
import sys
import time
import urllib.request

import numpy as np
import pandas as pd
import pyarrow as pa

BASE, RUNS = sys.argv[1], int(sys.argv[2])


def get(path):
    with urllib.request.urlopen(BASE + path) as response:
        return response.read()


def frame_of_forecasts(forecasts):
    """Columns at once, which is the fastest way that pandas has."""
    lengths = [f["horizon"] for f in forecasts]
    columns = {
        "unique_id": np.repeat([f["seriesId"] for f in forecasts], lengths),
        "ds": pd.to_datetime([t for f in forecasts for t in f["timestamps"]], format="ISO8601"),
    }
    for q in forecasts[0]["quantiles"]:
        columns[f"q{q}"] = np.concatenate([f["quantiles"][q] for f in forecasts])
    columns["mean"] = np.concatenate([f["mean"] for f in forecasts])
    return pd.DataFrame(columns)


def ndjson(body):
    return frame_of_forecasts([json.loads(line) for line in body.splitlines()])


def pages():
    """All pages; the bodies joined with the frame that they make."""
    bodies, cursor = [], ""
    while cursor is not None:
        bodies.append(get(f"/v1/forecasts?format=json&limit=1000{cursor and '&cursor=' + cursor}"))
        cursor = json.loads(bodies[-1])["nextCursor"]
    return b"".join(bodies), bodies


FORMATS = {
    "json": (
        pages,
        lambda bodies: frame_of_forecasts(
            [f for body in bodies for f in json.loads(body)["forecasts"]]
        ),
    ),
    "ndjson": (None, ndjson),
    "csv": (None, lambda body: pd.read_csv(io.BytesIO(body), parse_dates=["ds", "cutoff"])),
    "arrow": (None, lambda body: pa.ipc.open_stream(body).read_all().to_pandas()),
    "parquet": (None, lambda body: pd.read_parquet(io.BytesIO(body))),
}


def run(name):
    fetch, parse = FORMATS[name]
    began = time.perf_counter()
    if fetch:
        body, parts = fetch()
    else:
        body = parts = get(f"/v1/forecasts?format={name}")
    fetched = time.perf_counter()
    frame = parse(parts)
    return len(body), time.perf_counter() - began, fetched - began, frame


frames = {name: run(name)[3] for name in FORMATS}  # also warms caches
ours = frames["json"]
for name, frame in frames.items():
    assert list(frame["unique_id"]) == list(ours["unique_id"]), name
    assert (frame["ds"] == ours["ds"]).all(), name
    for column in ours.columns[2:]:
        np.testing.assert_allclose(frame[column], ours[column], rtol=1e-5, err_msg=name)

taken = {name: [] for name in FORMATS}
for _ in range(RUNS):
    for name in FORMATS:
        taken[name].append(run(name)[:3])
figures = {
    name: {
        "bytes": runs[0][0],
        "seconds": statistics.median(r[1] for r in runs),
        "requestSeconds": statistics.median(r[2] for r in runs),
    }
    for name, runs in taken.items()
}
print(json.dumps(figures))
