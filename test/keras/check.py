"""Loads files that were written here into real Keras and reports what it computes with them.

Usage: python check.py JOBS.json RESULTS.json. A job is {file, engine: "keras" | "tf_keras", kind: "model" | "weights",
twin (a file of Keras's own that gives the model for "weights"), input: [arrays], batches: [{x: [arrays], y}]}; y is an
array, or a list of them for several outputs; arrays are {shape, data}. Inputs and outputs by name stand in the order of
their names. A result is {file, predictions, weights, losses} or {file, error}."""
import json
import os
import sys
import traceback

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import numpy as np


def array(value):
    kind = "int32" if value.get("dtype") in ("i32", "i64") else "float32"
    return np.array([float(v) if isinstance(v, str) else v for v in value["data"]], dtype=kind).reshape(value["shape"])


def pick(values, names=None):
    arrays = [array(v) for v in (values if isinstance(values, list) else [values])]
    if names:
        return dict(zip(sorted(names), arrays))
    return arrays if len(arrays) > 1 else arrays[0]


def parts(outputs):
    if isinstance(outputs, dict):
        return [outputs[name] for name in sorted(outputs)]
    return outputs if isinstance(outputs, list) else [outputs]


def run(job):
    if job["engine"] == "tf_keras":
        import tf_keras as keras
    else:
        import keras
    keras.backend.clear_session()
    if job["kind"] == "weights":
        # tf_keras wants the states of metrics, too, unless the model is not compiled.
        model = keras.models.load_model(job["twin"], compile=job["engine"] == "keras")
        for w in model.weights:
            w.assign(np.zeros(w.shape, "float32"))
        if job["engine"] == "keras":
            model.optimizer.build(model.trainable_variables)
        model.load_weights(job["file"])
    else:
        model = keras.models.load_model(job["file"])
    names = [s if isinstance(s, dict) else None for s in (getattr(model, f"_{end}_struct", None) for end in ("inputs", "outputs"))]
    predictions = parts(model.predict(pick(job["input"], names[0]), verbose=0))
    weights = [np.asarray(w).ravel().tolist() for w in model.get_weights()]
    losses = []
    for batch in job.get("batches") or []:
        result = model.train_on_batch(pick(batch["x"], names[0]), pick(batch["y"], names[1]))
        losses.append(float(np.ravel(result)[0]))
    return {"file": job["file"], "predictions": np.concatenate([np.ravel(p) for p in predictions]).tolist(), "weights": weights, "losses": losses}


with open(sys.argv[1]) as f:
    jobs = json.load(f)
results = []
for job in jobs:
    try:
        results.append(run(job))
    except Exception as error:
        results.append({"file": job["file"], "error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()[-1500:]})
with open(sys.argv[2], "w") as f:
    json.dump(results, f)
