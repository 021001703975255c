"""A model file loaded by real Keras, on the same terms as start/loadFile.ts.

Usage: KERAS_BACKEND=jax python keras_load.py FILE [--serve]. Once: prints the process's largest memory in bytes before and
after as JSON. With --serve: reads how often per line, answers "ms TOTAL".
"""
import json, os, resource, sys, time
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
file = sys.argv[1]
def peak():
    # The kernel's own count, where it has one, leaves out the parent of the process.
    if not os.path.exists("/proc/self/status"): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with open("/proc/self/status") as status: return next(int(l.split()[1]) for l in status if l.startswith("VmHWM")) * 1024
if "--serve" in sys.argv:
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line)): keras.models.load_model(file)
        print("ms", (time.perf_counter() - start) * 1000, flush=True)
else:
    before = peak()
    keras.models.load_model(file)
    print(json.dumps({"before": before, "after": peak()}))
