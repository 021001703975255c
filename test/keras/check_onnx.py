"""Runs ONNX files written here in onnxruntime. Usage: python check_onnx.py JOBS.json RESULTS.json; a job is
{file, inputs: [{shape, data}]}, a result {file, output} or {file, error}."""
import json
import sys

import numpy as np
import onnx
import onnxruntime

results = []
for job in json.load(open(sys.argv[1])):
    try:
        onnx.checker.check_model(onnx.load(job["file"]), full_check=True)
        session = onnxruntime.InferenceSession(job["file"], providers=["CPUExecutionProvider"])
        feeds = {i.name: np.array(v["data"], "float32").reshape(v["shape"]) for i, v in zip(session.get_inputs(), job["inputs"])}
        output = session.run(None, feeds)[0]
        results.append({"file": job["file"], "shape": list(output.shape), "output": output.ravel().tolist()})
    except Exception as error:
        results.append({"file": job["file"], "error": f"{type(error).__name__}: {error}"})
json.dump(results, open(sys.argv[2], "w"))
