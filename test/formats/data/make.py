"""Writes the oracle files of this folder: arrays.json (npy, npz, safetensors by their own libraries, base64) and
sample.h5 (h5py). Run: python make.py FOLDER  (numpy, safetensors, ml_dtypes, h5py)."""
import base64
import io
import json
import os
import sys

import h5py
import ml_dtypes
import numpy as np
from safetensors.numpy import save

out = sys.argv[1]
text = lambda raw: base64.b64encode(raw).decode()


def npy(array, version=None):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=version)
    return stream.getvalue()


def flat(array):
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        return [str(v) for v in array.ravel()]
    return [str(v) if not np.isfinite(v) else v for v in array.astype("f8").ravel().tolist()]


rng = np.random.default_rng(0)
cases = []
for code in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]:
    for order in "CF":
        values = rng.integers(-100, 100, (2, 3, 4)) if code[0] == "i" else rng.integers(0, 2 if code == "b1" else 200, (2, 3, 4))
        array = np.asarray(values if code[0] in "iub" else rng.standard_normal((2, 3, 4)), dtype=code, order=order)
        cases.append({"name": f"{code}_{order}", "file": text(npy(array)), "shape": list(array.shape), "values": flat(array)})
extra = {
    "scalar": np.float32(2.5).reshape(()),
    "empty": np.zeros((0, 3), "f4"),
    "vector": np.array([1.5, -0.0, np.inf, -np.inf, np.nan], "f4"),
    "big_endian": np.arange(6, dtype=">f4").reshape(2, 3),
    "int64_edge": np.array([-(2**63), 2**63 - 1], "i8"),
    "half_edge": np.array([0, -0.0, 6e-8, 6.1e-5, 65504, -1, np.inf, 1 / 3], "f2"),
}
for name, array in extra.items():
    cases.append({"name": name, "file": text(npy(array)), "shape": list(array.shape), "values": flat(array)})
for version in [(2, 0), (3, 0)]:
    array = np.arange(5, dtype="f4")
    cases.append({"name": f"version{version[0]}", "file": text(npy(array, version)), "shape": [5], "values": flat(array)})
objects = text(npy(np.array([{"a": 1}, None], dtype=object)))
packed, plain = io.BytesIO(), io.BytesIO()
np.savez_compressed(packed, kernel=np.arange(12, dtype="f4").reshape(3, 4), bias=np.ones(3, "f8"))
np.savez(plain, kernel=np.arange(12, dtype="f4").reshape(3, 4), bias=np.ones(3, "f8"))
tensors = {"a": np.arange(6, dtype="f4").reshape(2, 3), "b": np.array([1, -2], "i8"), "c": np.array([True, False]),
           "h": np.array([0.5, 1 / 3], "f2"), "bf": np.array([0.5, 1 / 3, 3e38], ml_dtypes.bfloat16), "s": np.array(3.0)}
document = {
    "npy": cases, "objects": objects, "npz_packed": text(packed.getvalue()), "npz_plain": text(plain.getvalue()),
    "safetensors": {"file": text(save(tensors, {"who": "numpy"})), "arrays": {k: {"shape": list(v.shape), "values": flat(v)} for k, v in tensors.items()}},
}
with open(os.path.join(out, "arrays.json"), "w") as f:
    json.dump(document, f, separators=(",", ":"), allow_nan=False)

with h5py.File(os.path.join(out, "sample.h5"), "w") as f:
    f.attrs["text"] = "vlen utf-8: \u00e9\u6f22"
    f.attrs["bytes"] = np.bytes_(b"fixed")
    f.attrs["names"] = np.array([b"dense", b"dense_1"])
    f.attrs["vlen_names"] = ["a", "", "ccc"]
    f.attrs["none"] = []
    f.attrs["number"] = np.int64(-5)
    f.attrs["floats"] = np.array([0.5, 1.5], "f4")
    f.attrs["nothing"] = h5py.Empty("f4")
    f["f4"] = np.arange(6, dtype="f4").reshape(2, 3)
    f["big_endian"] = np.arange(6, dtype=">f8").reshape(3, 2)
    f["f2"] = np.array([0.5, -1 / 3], "f2")
    f["i8"] = np.array([-(2**63), 2**63 - 1], "i8")
    f["u2"] = np.array([0, 65535], "u2")
    f["bool"] = np.array([True, False, True])
    f["scalar"] = np.float32(2.5)
    f["empty"] = np.zeros((0, 3), "f4")
    f["strings"] = np.array([b"abc", b"de"])
    f.create_dataset("vlen_strings", data=["x", "\u00e9"], dtype=h5py.string_dtype())
    f["bf16"] = np.array([0.5, 1 / 3], ml_dtypes.bfloat16).view("V2")
    f["bf16"].attrs["dtype"] = "bfloat16"
    f.create_dataset("packed", data=np.arange(1000, dtype="f4").reshape(50, 20), chunks=(7, 20), compression="gzip", shuffle=True, fletcher32=True)
    f.create_dataset("deep/er/x", data=np.arange(3, dtype="i4"))
    f["soft"] = h5py.SoftLink("/f4")
    f["outside"] = h5py.ExternalLink("elsewhere.h5", "/x")
    f["__proto__"] = np.ones(1, "f4")

def laughs(f):
    # Forty groups, each under two names in the one before: 2**40 paths.
    group = f.create_group("a")
    for _ in range(40):
        group["b"] = group.create_group("a")
        group = group["a"]

for name, make in {
    "laughs.h5": laughs,
    "huge_contiguous.h5": lambda f: f.create_dataset("x", shape=(10**6, 10**5), dtype="f4"),
    "huge_chunked.h5": lambda f: f.create_dataset("x", shape=(10**6, 10**5), dtype="f4", chunks=(1000, 1000), compression="gzip"),
    "huge_chunk.h5": lambda f: f.create_dataset("x", shape=(4,), maxshape=(None,), dtype="f4", chunks=(10**9,), compression="gzip"),
    "bomb.h5": lambda f: f.create_dataset("x", data=np.zeros(10**8, "u1"), chunks=(10**7,), compression="gzip", compression_opts=9),
    "cycle.h5": lambda f: f.create_group("a").__setitem__("again", f["/"]),
    "compound.h5": lambda f: f.create_dataset("x", data=np.zeros(2, [("a", "f4"), ("b", "i4")])),
    "lzf.h5": lambda f: f.create_dataset("x", data=np.zeros(100, "f4"), compression="lzf"),
}.items():
    with h5py.File(os.path.join(out, name), "w") as f:
        make(f)
layout = h5py.VirtualLayout(shape=(10,), dtype="f4")
layout[:] = h5py.VirtualSource("elsewhere.h5", "x", shape=(10,))
with h5py.File(os.path.join(out, "virtual.h5"), "w", libver="latest") as f:
    f.create_virtual_dataset("x", layout)
with h5py.File(os.path.join(out, "external.h5"), "w") as f:
    f.create_dataset("x", shape=(10,), dtype="f4", external=[("/etc/passwd", 0, 40)])
with h5py.File(os.path.join(out, "split_names.h5"), "w") as f:
    names = np.array([b"layer_%04d_%s" % (i, b"x" * 90) for i in range(1500)])
    for i, part in enumerate(np.array_split(names, 3)):
        f.attrs[f"layer_names{i}"] = part
