#!/usr/bin/env python3
"""Purpose: a gradient boosting of a table that Headway wrote, as a folder that Headway evaluates.

    headway models table FOLDER --out table.safetensors --json > table.json
    python lightgbm_onnx.py FOLDER table.safetensors table.json

FOLDER holds a card.json without a graph yet; its quantiles are learnt one by one on pinball loss,
exported by onnxmltools and merged into one graph with one output a quantile. Writes model.onnx, the
card's trainedUpTo, and expected.safetensors: rows and what LightGBM itself says of them.

Needs lightgbm, onnx, onnxmltools, safetensors. Prints one JSON object.
"""
import json
import sys
import time

import lightgbm
import numpy as np
import onnx
import onnx.compose
from onnxmltools.convert import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from safetensors.numpy import load_file, save_file

MAX_ROWS = 60_000
folder, table, about = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 100
card = json.load(open(f'{folder}/card.json'))
card['trainedUpTo'] = json.load(open(about))['trainedUpTo']
data = load_file(table)
every = max(1, len(data['x']) // MAX_ROWS)
# Copies: safetensors and LightGBM want arrays without gaps.
x, y = data['x'][::every].copy(), data['y'][::every].copy()
sample = x[:: max(1, len(x) // 24_000)].copy()
expected = {'x': sample}
merged = None
began = time.time()
for quantile, output in zip(card['quantiles'], card['outputs']):
    options = dict(
        objective='quantile', alpha=quantile, learning_rate=0.05, num_leaves=31,
        min_data_in_leaf=100, feature_fraction=0.8, num_threads=1, verbose=-1, seed=0,
        deterministic=True,
    )
    model = lightgbm.train(options, lightgbm.Dataset(x, y), rounds)
    expected[output['name']] = model.predict(sample).astype('f4')
    types = [('rows', FloatTensorType([None, x.shape[1]]))]
    graph = convert_lightgbm(model, initial_types=types, target_opset=15, zipmap=False)
    graph = onnx.compose.add_prefix(graph, f'q{quantile}_', rename_inputs=False)
    graph.graph.output[0].name, old = output['name'], graph.graph.output[0].name
    for node in graph.graph.node:
        for i, name in enumerate(node.output):
            if name == old:
                node.output[i] = output['name']
    if merged is None:
        merged = graph
    else:
        # Both read the same rows: appended, because merge_models wants inputs apart.
        merged.graph.node.extend(graph.graph.node)
        merged.graph.initializer.extend(graph.graph.initializer)
        merged.graph.output.extend(graph.graph.output)
onnx.checker.check_model(merged)
onnx.save(merged, f'{folder}/{card["graph"]}')
json.dump(card, open(f'{folder}/card.json', 'w'), indent=2)
save_file(expected, f'{folder}/expected.safetensors')
print(json.dumps({'rows': len(x), 'seconds': round(time.time() - began, 1), 'rounds': rounds}))
