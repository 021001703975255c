"""One row of the step suite in real Keras: milliseconds per training step inside fit.

Usage: KERAS_BACKEND=jax python keras_step.py ROW BATCH. Reads a number of steps per line, answers "ms TOTAL".
"""
import os, sys, time
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np, keras
row, batch = sys.argv[1], int(sys.argv[2])
L = keras.layers
he, lecun = dict(kernel_initializer="he_normal"), dict(kernel_initializer="lecun_normal")
def net(*layers): return keras.Sequential([keras.Input((28, 28)), L.Flatten(), *layers])
def mlp(): return net(L.Dense(300, activation="relu", **he), L.Dense(100, activation="relu", **he), L.Dense(10, activation="softmax"))
rows = {
    "sgd": lambda: (mlp(), keras.optimizers.SGD(1e-3)),
    "adam": lambda: (mlp(), keras.optimizers.Adam()),
    "batch_norm": lambda: (net(L.BatchNormalization(), L.Dense(300, activation="relu"), L.BatchNormalization(),
        L.Dense(100, activation="relu"), L.BatchNormalization(), L.Dense(10, activation="softmax")), keras.optimizers.SGD(1e-3)),
    "dropout_nadam": lambda: (net(L.Dropout(.2), L.Dense(300, activation="elu", **he), L.Dropout(.2),
        L.Dense(100, activation="elu", **he), L.Dropout(.2), L.Dense(10, activation="softmax")), keras.optimizers.Nadam()),
    "selu_100": lambda: (net(L.Dense(300, activation="selu", **lecun), *[L.Dense(100, activation="selu", **lecun) for _ in range(99)],
        L.Dense(10, activation="softmax")), keras.optimizers.SGD(1e-3)),
}
model, optimizer = rows[row]()
model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
rng = np.random.default_rng(0)
x, y = rng.random((batch * 64, 28, 28), dtype=np.float32), rng.integers(0, 10, batch * 64)
model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
for line in sys.stdin:
    steps = int(line)
    epochs, rest = divmod(steps, 64)
    start = time.perf_counter()
    if epochs: model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)
    elapsed = time.perf_counter() - start
    if rest:
        start = time.perf_counter()
        model.fit(x[:rest * batch], y[:rest * batch], batch_size=batch, epochs=1, verbose=0)
        elapsed += time.perf_counter() - start
    print("ms", elapsed * 1000, flush=True)
