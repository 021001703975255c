#!/usr/bin/env bash
# Makes the Python environment of `npm run test:keras` and of the bench's peers in .venv, unless it is there or
# SELVEDGE_KERAS_PYTHON names another.
set -euo pipefail
[ -n "${SELVEDGE_KERAS_PYTHON:-}" ] && exit 0
cd "$(dirname "$0")/../.."
packages=(keras==3.15.1 jax tensorflow==2.21.0 tf_keras==2.21.0 h5py numpy onnx onnxruntime tensorboard)
stamp=.venv/selvedge-packages
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "${packages[*]}" ]; then exit 0; fi
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check "${packages[@]}"
# torch, for the bench alone, where its processor build can be had.
if [ "${1:-}" = "--torch" ]; then .venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0; fi
echo "${packages[*]}" > "$stamp"
