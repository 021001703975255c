import type { Trainer } from "@selvedge/trainer"

/** What the head of the program says about the run. */
interface RunFacts {
  readonly epochs: number
  readonly batchSize: number
  readonly steps: number
  readonly dataset: { readonly length: number }
}

/** The Python program that continues a run, with a head that says which. */
export function handOverProgram(trainer: Trainer, { epochs, batchSize, steps, dataset }: RunFacts): string {
  const { model, optimizer, position } = trainer
  const begun = position.batch > 0 ? `, from batch ${position.batch + 1}` : ""
  return `"""Continues the training of "${pythonText(model.name)}" (${pythonText(optimizer.className)}) where Selvedge left it.

Epochs ${position.epoch + 1} to ${epochs}${begun}; ${dataset.length} examples, ${steps} batches of ${batchSize} per epoch.
${REST}`
}

const pythonText = (text: string) => text.replace(/[^\w .:/-]/g, "_")

const REST = `
    pip install "keras>=3.12" jax
    python continue.py

uses all devices of this host. For several hosts start it on each, all seeing this folder, with Keras's variables set:
KERAS_DISTRIBUTION_JOB_ADDRESSES=host0:1234 (the first host's), KERAS_DISTRIBUTION_NUM_PROCESSES, KERAS_DISTRIBUTION_PROCESS_ID.
Layers or losses of your own: import their module here, registered with keras.saving.register_keras_serializable.
"""
import json
import os
import struct
import zipfile

os.environ["KERAS_BACKEND"] = "jax"
# Full float32 products on GPUs and TPUs, too, so that the run stays the one that was begun. "default" is faster.
os.environ.setdefault("JAX_DEFAULT_MATMUL_PRECISION", "highest")
import jax
import keras
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "manifest.json")) as file:
    RUN = json.load(file)


class WholeOrShared(keras.distribution.DataParallel):
    """DataParallel that takes batches of any size.

    It shares a batch out over the devices and refuses one that they do not divide, such as an epoch's last. Padding
    that batch with rows of weight 0 would be exact for the loss only if the weights were scaled up to the padded size,
    and never for batch statistics and unweighted metrics. So every device computes such a batch whole: the same
    numbers as on one device, at the cost of one device's time for one batch per epoch.
    """

    whole = False

    def get_data_layout(self, data_shape):
        if self.whole:
            return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)
        return super().get_data_layout(data_shape)


def open_shard(path):
    """The arrays of an .npz, mapped and not read: its members are stored, not deflated."""
    arrays = {}
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        for member in archive.infolist():
            file.seek(member.header_offset + 26)
            name, extra = struct.unpack("<HH", file.read(4))
            file.seek(member.header_offset + 30 + name + extra)
            np.lib.format.read_magic(file)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            arrays[member.filename[: -len(".npy")]] = np.memmap(path, dtype, "r", file.tell(), shape)
    return arrays


class Examples:
    """Examples by number."""

    def __init__(self, facts):
        self.length = facts["length"]
        self.shard_size = facts["shardSize"]
        self.shards = [open_shard(os.path.join(HERE, shard)) for shard in facts["shards"]]

    def take(self, indices):
        """x, y and weights of these examples, in this order."""
        shard_of = indices // self.shard_size
        parts = {}
        for name, first in self.shards[0].items():
            part = np.empty((len(indices),) + first.shape[1:], first.dtype)
            for shard in np.unique(shard_of):
                here = shard_of == shard
                part[here] = self.shards[shard][name][indices[here] - shard * self.shard_size]
            parts[name] = part
        x, y, w = ([parts[key] for key in sorted(parts, key=lambda k: int(k[1:])) if key[0] == k] for k in "xyw")
        if len(w) == 1:
            w = w * RUN["outputs"]
        return tuple(part[0] if len(part) == 1 else part for part in (x, y, w) if part)


class Batches:
    """The batches of an epoch: those that Selvedge would have trained on, this host's part of each."""

    def __init__(self, distribution, batch_size, steps, passes):
        self.distribution = distribution
        self.batch_size = batch_size
        self.steps = steps
        self.passes = passes
        self.current = None

    def open_pass(self, number):
        if self.current is None or self.current[0] != number:
            facts = self.passes[str(number)]
            examples = Examples(facts["examples"])
            order = facts["order"]
            order = np.arange(examples.length) if order is None else np.load(os.path.join(HERE, order)).astype("int64")
            self.current = (number, examples, order)
        return self.current[1:]

    def indices(self, epoch, step):
        # With steps per epoch other than those of a pass, epochs go on where the last one stopped.
        per_pass = -(-next(iter(self.passes.values()))["examples"]["length"] // self.batch_size)
        overall = epoch * self.steps + step
        examples, order = self.open_pass(overall // per_pass)
        first = overall % per_pass * self.batch_size
        return examples, order[first : first + self.batch_size]

    def batch(self, epoch, step):
        """The batch and its size on all hosts together; what is done next is laid out for it."""
        examples, indices = self.indices(epoch, step)
        size = len(indices)
        self.distribution.whole = size % self.distribution.num_model_replicas != 0
        if not self.distribution.whole:
            share = size // jax.process_count()
            indices = indices[jax.process_index() * share :][:share]
        return examples.take(indices), size


def run_epoch(model, on_batch, batches, epoch=0, first=0):
    """Trains or tests on an epoch's batches. Gives its loss and metrics, and over how many examples.

    fit and evaluate lay out all batches of an epoch like its first, so each is a call of its own here. Such a call
    would begin its metrics anew; those of an epoch must not.
    """
    reset = type(model).reset_metrics.__get__(model)
    reset()
    model.reset_metrics = lambda: None
    count = 0
    logs = {}
    for step in range(first, batches.steps):
        batch, size = batches.batch(epoch, step)
        logs = on_batch(*batch, return_dict=True)
        count += size
    return {name: float(value) for name, value in logs.items()}, count


def add_epoch(history, epoch, logs):
    history["epoch"].append(epoch)
    for name, value in logs.items():
        history["history"].setdefault(name, []).append(float(value))


def write(name, save):
    """A file appears whole or not at all. All hosts save, because Keras gathers weights from all; one gives the name."""
    stem, ending = os.path.splitext(name)
    partial = os.path.join(HERE, f"{stem}.partial-{jax.process_index()}{ending}")
    save(partial)
    if jax.process_index() == 0:
        os.replace(partial, os.path.join(HERE, name))
    else:
        os.remove(partial)


def write_json(value):
    def save(path):
        with open(path, "w") as file:
            json.dump(value, file)

    return save


def main():
    if "KERAS_DISTRIBUTION_JOB_ADDRESSES" in os.environ:
        keras.distribution.initialize()
    distribution = WholeOrShared()
    keras.distribution.set_distribution(distribution)
    speaks = jax.process_index() == 0
    if speaks:
        print(f"{distribution.num_model_replicas} devices, {jax.process_count()} hosts", flush=True)
    model = keras.saving.load_model(os.path.join(HERE, "model.keras"))
    batches = Batches(distribution, RUN["batchSize"], RUN["steps"], RUN["passes"])
    checked = RUN["validation"]
    validation = None
    if checked is not None:
        steps = -(-checked["examples"]["length"] // checked["batchSize"])
        passes = {"0": {"order": None, "examples": checked["examples"]}}
        validation = Batches(distribution, checked["batchSize"], steps, passes)
    history = RUN["history"]
    begun = RUN["begun"]
    for epoch in range(RUN["epoch"], RUN["epochs"]):
        logs, count = run_epoch(model, model.train_on_batch, batches, epoch, RUN["batch"] if begun else 0)
        if begun:
            # The rest of an epoch that was begun there: with what its first part brought along.
            total = begun["examples"] + count
            logs = {k: (begun["means"].get(k, v) * begun["examples"] + v * count) / total for k, v in logs.items()}
            begun = None
        if validation is not None:
            checks, _ = run_epoch(model, model.test_on_batch, validation)
            logs.update({f"val_{name}": value for name, value in checks.items()})
        add_epoch(history, epoch, logs)
        if speaks:
            print(f"epoch {epoch + 1}/{RUN['epochs']}", *(f"{k} {v:.5f}" for k, v in logs.items()), flush=True)
    # As fit does at its end: averages of the weights take their place.
    model.optimizer.finalize_variable_values(model.trainable_weights)
    write("result.keras", model.save)
    write("history.json", write_json({"epoch": RUN["epochs"], "seed": RUN["seed"], "history": history}))


if __name__ == "__main__":
    main()
`
