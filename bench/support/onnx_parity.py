#!/usr/bin/env python3
"""Purpose: what `headway models export --onnx FOLDER` wrote, run in Python and compared.

Needs numpy and onnxruntime. Prints one JSON object: the windows, the largest difference relative to
the forecast or the level of its series, whichever is more, and how many quantiles cross.
"""
import json
import sys

import numpy as np
import onnxruntime

folder = sys.argv[1]
raw = open(f'{folder}/windows.safetensors', 'rb').read()
start = 8 + int.from_bytes(raw[:8], 'little')
TYPES = {'F32': '<f4', 'F64': '<f8', 'I64': '<i8'}
tensors = {}
for name, entry in json.loads(raw[8:start]).items():
    low, high = entry['data_offsets']
    values = np.frombuffer(raw[start + low : start + high], TYPES[entry['dtype']])
    tensors[name] = values.reshape(entry['shape'])

ours = tensors.pop('quantiles')
session = onnxruntime.InferenceSession(f'{folder}/model.onnx')
(theirs,) = session.run(['quantiles'], tensors)
unit = np.maximum(np.abs(ours), tensors['level'][:, None, None])
difference = np.abs(theirs - ours) / unit
print(
    json.dumps(
        {
            'onnxruntime': onnxruntime.__version__,
            'windows': len(ours),
            'largest': float(difference.max()),
            'equal': float((theirs == ours).mean()),
            'crossing': int((np.diff(theirs, axis=1) < 0).sum()),
        }
    )
)
