"""Writes many small models of real Keras, halfway through their training, with what Keras computes with them.

Usage: python more.py ENGINE FOLDER, ENGINE being keras or tf_keras. Beside each model's files stands NAME.json:
{files, input: [arrays], target: [arrays], predictions: [arrays], weights: [arrays], logs: of evaluate, losses: of three
more steps}. Losses are null where a step draws random numbers."""
import json
import logging
import os
import sys
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import numpy as np

logging.getLogger("absl").setLevel("ERROR")
engine, folder = sys.argv[1:3]
IS3 = engine == "keras"
if IS3:
    import keras as k
else:
    import tf_keras as k
L, O, S, R = k.layers, k.optimizers, k.optimizers.schedules, k.regularizers
CASES = {}
ROWS = 12


def case(name, only=None, random=False):
    def add(make):
        if only in (None, engine):
            CASES[name] = (make, random)
        return make
    return add


def sequential(*layers, width=5):
    return k.Sequential([L.Input((width,)), *layers])


def compiled(model, optimizer="adam", loss="mse", **more):
    model.compile(optimizer=optimizer, loss=loss, **more)
    return model


def plain(optimizer, loss="mse", **more):
    return compiled(sequential(L.Dense(7, activation="tanh"), L.Dense(2)), optimizer, loss, **more)


OPTIMIZERS = {
    "sgd": lambda: O.SGD(0.05),
    "nesterov": lambda: O.SGD(0.05, momentum=0.8, nesterov=True),
    "rmsprop": lambda: O.RMSprop(0.01, momentum=0.5, centered=True),
    "amsgrad": lambda: O.Adam(0.02, amsgrad=True, epsilon=1e-5),
    "adamw": lambda: O.AdamW(0.02, weight_decay=0.05),
    "adamax": lambda: O.Adamax(0.02),
    "adagrad": lambda: O.Adagrad(0.05),
    "adadelta": lambda: O.Adadelta(0.5),
    "ftrl": lambda: O.Ftrl(0.05, l1_regularization_strength=0.001, beta=0.1),
    "lion": lambda: O.Lion(0.01),
    "clipnorm": lambda: O.Adam(0.02, clipnorm=0.1),
    "ema": lambda: O.SGD(0.1, momentum=0.4, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=2),
    "exponential": lambda: O.Adam(S.ExponentialDecay(0.1, 2, 0.5, staircase=True)),
    "polynomial": lambda: O.SGD(S.PolynomialDecay(0.1, 5, 0.01, power=2.0, cycle=True)),
    "piecewise": lambda: O.SGD(S.PiecewiseConstantDecay([2, 4], [0.1, 0.05, 0.01]), momentum=0.5),
    "cosine": lambda: O.Adam(S.CosineDecay(0.01, 10, warmup_target=0.1, warmup_steps=4)),
}
if IS3:
    # tf_keras multiplies Nadam's product once for each weight, and averages nothing.
    OPTIMIZERS["nadam"] = lambda: O.Nadam(0.02)
    OPTIMIZERS["adafactor"] = lambda: O.Adafactor(0.05)
    OPTIMIZERS["accumulation"] = lambda: O.Adam(0.02, gradient_accumulation_steps=2)
else:
    OPTIMIZERS["legacy_sgd"] = lambda: O.legacy.SGD(0.05, momentum=0.5, decay=0.01)
    OPTIMIZERS["legacy_amsgrad"] = lambda: O.legacy.Adam(0.02, amsgrad=True)
for name, make in OPTIMIZERS.items():
    case(name)(lambda make=make: plain(make()))


@case("losses_and_metrics")
def _():
    x = L.Input((5,))
    outputs = [L.Dense(3, name=name, activation=act)(x) for name, act in [("a", None), ("b", None), ("c", "softmax"), ("d", "sigmoid")]]
    losses = {"a": "huber", "b": k.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
              "c": "sparse_categorical_crossentropy", "d": k.losses.MeanSquaredError(reduction="sum")}
    metrics = {"c": ["accuracy", k.metrics.SparseTopKCategoricalAccuracy(k=2, name="top2")], "a": "mae"}
    weights = {"a": 0.5, "b": 2.0, "c": 1.0, "d": 0.25}
    return compiled(k.Model(x, outputs), O.Adam(0.01), losses, metrics=metrics, loss_weights=weights)


@case("binary_metrics")
def _():
    M = k.metrics
    metrics = ["accuracy", M.AUC(name="auc"), M.Precision(), M.Recall(thresholds=0.4), M.TruePositives(), "mse"]
    net = sequential(L.Dense(6, activation="relu"), L.Dense(1, activation="sigmoid"))
    return compiled(net, "adam", "binary_crossentropy", metrics=metrics, weighted_metrics=["accuracy"])


@case("two_ends")
def _():
    a, b = L.Input((4,), name="in_a"), L.Input((3,), name="in_b")
    h = L.Concatenate()([L.Dense(6, activation="relu")(a), L.Dense(6, activation="elu")(b)])
    model = k.Model([a, b], [L.Dense(2, name="o1")(h), L.Dense(1, name="o2")(L.Dense(4, activation="selu")(h))])
    return compiled(model, "adam", ["mse", "mae"], loss_weights=[1.0, 0.3])


@case("named_ends", only="keras")
def _():
    a, b = L.Input((4,), name="zeta"), L.Input((3,), name="alpha")
    h = L.Concatenate()([a, b])
    model = k.Model({"zeta": a, "alpha": b}, {"main": L.Dense(2, name="main")(h), "aux": L.Dense(1, activation="sigmoid", name="aux")(h)})
    return compiled(model, "adam", {"main": "mse", "aux": "binary_crossentropy"}, metrics={"aux": ["accuracy"]})


@case("nested")
def _():
    inner = sequential(L.Dense(5, activation="relu"), L.BatchNormalization(), L.Dense(4), width=6)
    j = L.Input((6,))
    side = k.Model(j, L.Dense(4, activation="tanh")(L.LayerNormalization()(j)))
    i = L.Input((5,))
    x = L.Dense(6)(i)
    return compiled(k.Model(i, L.Dense(2)(L.Add()([inner(x), side(x), side(L.ReLU()(x))]))))


@case("shared")
def _():
    layer, part = L.Dense(5, activation="tanh"), sequential(L.Dense(3), L.Dense(2), width=4)
    a, b = L.Input((4,)), L.Input((4,))
    return compiled(k.Model([a, b], L.Dense(2)(L.Concatenate()([layer(a), layer(b), L.Subtract()([part(a), part(b)])]))))


@case("activations")
def _():
    names = "relu elu selu gelu sigmoid tanh softplus softsign swish hard_sigmoid exponential softmax".split()
    x = L.Input((5,))
    return compiled(k.Model(x, L.Dense(2)(L.Concatenate()([L.Dense(3, activation=name)(x) for name in names]))))


@case("activation_layers")
def _():
    layers = [L.LeakyReLU(0.1), L.PReLU(), L.ELU(0.7), L.ReLU(max_value=2.0, negative_slope=0.1), L.Softmax()]
    inner = [L.Dense(6, activation=L.PReLU())] if IS3 else []
    return compiled(sequential(*[each for layer in layers for each in (L.Dense(5), layer)], *inner, L.Dense(2)))


@case("images")
def _():
    image = k.Sequential([L.Input((8, 8, 2)), L.Conv2D(4, 3, activation="relu"), L.BatchNormalization(), L.MaxPooling2D(),
                          L.Conv2D(3, (2, 3), strides=(2, 1), padding="same", use_bias=False, kernel_regularizer=R.L2(0.01)),
                          L.PReLU(shared_axes=[1, 2]), L.GlobalAveragePooling2D(), L.Dense(2)])
    return compiled(image)


@case("normalizing")
def _():
    layer = L.Normalization()
    layer.adapt(np.random.default_rng(1).normal(2, 3, (20, 5)).astype("float32"))
    return compiled(sequential(layer, L.LayerNormalization(epsilon=1e-5, center=False), L.UnitNormalization(),
                               L.BatchNormalization(momentum=0.7, scale=False), L.Rescaling(2.0, 0.5), L.Dense(2)))


@case("rules")
def _():
    C = k.constraints
    return compiled(sequential(
        L.Dense(6, kernel_regularizer="l2", bias_regularizer=R.L1(0.02), kernel_constraint=C.MaxNorm(1.0)),
        L.Dense(6, kernel_regularizer=R.L1L2(0.01, 0.02), kernel_constraint=C.UnitNorm(axis=1), activity_regularizer=R.L2(0.01)),
        L.Dense(6, kernel_constraint=C.MinMaxNorm(0.2, 0.9, rate=0.5), bias_constraint="non_neg"), L.Dense(2)))


@case("frozen")
def _():
    base = sequential(L.Dense(4, activation="relu"), L.BatchNormalization())
    base.trainable = False
    return compiled(sequential(base, L.Dense(3, use_bias=False), L.Dense(2)), O.SGD(0.1, momentum=0.9))


@case("names")
def _():
    return compiled(sequential(L.Dense(4, name="dense_9", activation="relu"), L.Dense(3, name="constructor"),
                               *[L.Dense(3, name=f"dense_{i}") for i in range(5)], L.Dense(2, name="a.b-c")))


@case("random_layers", random=True)
def _():
    return compiled(sequential(L.Dense(8), L.Dropout(0.3, seed=7), L.GaussianDropout(0.2), L.GaussianNoise(0.1), L.Dense(2)))


@case("augmentation", random=True)
def _():
    return compiled(k.Sequential([L.Input((8, 8, 1)), L.RandomFlip("horizontal", seed=2), L.RandomRotation(0.1),
                                  L.RandomZoom(0.1), L.RandomTranslation(0.1, 0.1), L.Flatten(), L.Dense(2)]))


@case("no_input_layer")
def _():
    model = k.Sequential([L.Dense(4, activation="relu"), L.Dense(2)])
    model.build((None, 5))
    return compiled(model)


def encode(array):
    array = np.asarray(array)
    kind = "f32" if array.dtype.kind == "f" else "i32"
    return {"shape": list(array.shape), "dtype": kind, "data": [v.item() for v in array.ravel()]}


def targets(model, rng):
    """One per output: classes for a sparse loss, one hot rows for a softmax or none, else what a sigmoid could give."""
    losses = model.loss if isinstance(model.loss, (dict, list)) else None
    for i, output in enumerate(model.outputs):
        loss = losses[model.output_names[i]] if isinstance(losses, dict) else losses[i] if losses else model.loss
        width = output.shape[-1]
        if loss == "sparse_categorical_crossentropy":
            yield rng.integers(0, width, ROWS).astype("int32")
        elif isinstance(loss, k.losses.CategoricalCrossentropy):
            yield np.eye(width, dtype="float32")[rng.integers(0, width, ROWS)]
        else:
            yield rng.integers(0, 2, (ROWS, width)).astype("float32")


def one(model, end, values):
    """Values as the model takes them at an end: by name, in the order of the names, as a list, or alone."""
    names = getattr(model, f"_{end}_struct", None)
    if isinstance(names, dict):
        return dict(zip(sorted(names), values))
    return values if len(values) > 1 else values[0]


def write(name, make, random):
    k.backend.clear_session()
    k.utils.set_random_seed(zlib.crc32(name.encode()) % 2**31)
    model = make()
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    x = [rng.normal(size=(ROWS, *each.shape[1:])).astype("float32") for each in model.inputs]
    y = list(targets(model, rng))
    given = [one(model, end, values) for end, values in (("inputs", x), ("outputs", y))]
    step = lambda: float(model.train_on_batch(*given, return_dict=True)["loss"])
    for _ in range(3):
        step()
    # Keras 3 forgets the optimizer once it has written an .h5 file: that comes last.
    files = {"keras": f"{name}.keras", "weights_h5": f"{name}.weights.h5", "h5": f"{name}.h5"}
    # tf_keras leaves the state of its legacy optimizers out of .keras files, Keras 3 cannot save Adafactor in .h5.
    for prefix, kind in [("legacy", "keras"), ("adafactor", "h5")]:
        if name.startswith(prefix):
            del files[kind]
    for kind, file in files.items():
        path = os.path.join(folder, file)
        model.save_weights(path) if kind == "weights_h5" else model.save(path)
    predictions = model.predict(given[0], verbose=0)
    if isinstance(predictions, dict):
        predictions = [predictions[key] for key in model.output_names]
    predictions = predictions if isinstance(predictions, list) else [predictions]
    logs = model.evaluate(*given, batch_size=ROWS, verbose=0, return_dict=True)
    weights = [w.numpy() for w in model.weights if "seed_generator" not in getattr(w, "path", w.name)]
    losses = []
    for _ in range(0 if random else 3):
        model.reset_metrics()
        losses.append(step())
    fixture = {"files": files, "input": [encode(v) for v in x], "target": [encode(v) for v in y],
               "predictions": [encode(v) for v in predictions], "weights": [encode(w) for w in weights],
               "logs": {key: float(v) for key, v in logs.items()}, "losses": losses or None}
    with open(os.path.join(folder, f"{name}.json"), "w") as f:
        json.dump(fixture, f)


for name, (make, random) in CASES.items():
    write(name, make, random)
