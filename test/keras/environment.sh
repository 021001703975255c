#!/usr/bin/env bash
# Makes the Python environment of `npm run test:keras` and of the bench's peers in .venv, unless it is there or
# SELVEDGE_KERAS_PYTHON names another.
set -euo pipefail
[ -n "${SELVEDGE_KERAS_PYTHON:-}" ] && exit 0
cd "$(dirname "$0")/../.."
packages=(keras==3.15.1 jax==0.10.2 tensorflow==2.21.0 tf_keras==2.21.0 h5py numpy onnx onnxruntime tensorboard)
stamp=.venv/selvedge-packages
install() { .venv/bin/pip install --quiet --disable-pip-version-check "$@"; }
if ! [ -x .venv/bin/python ] || [ "$(cat "$stamp" 2>/dev/null)" != "${packages[*]}" ]; then
  python3 -m venv .venv
  install "${packages[@]}"
  echo "${packages[*]}" > "$stamp"
fi
# torch, for the bench alone: if it can be had, the build without a graphics card.
if [ "${1:-}" = "--torch" ] && ! .venv/bin/python -c "import torch" 2>/dev/null; then
  install torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu || install torch==2.13.0
fi
