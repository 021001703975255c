#!/bin/sh
# Makes .venv with the Python peers of the benchmark, at the versions that the results of record were measured with.
set -eu
cd "$(dirname "$0")/.."
python3 -m venv .venv
.venv/bin/pip install --upgrade pip
.venv/bin/pip install keras==3.15.1 jax==0.10.2 tensorflow==2.21.0 numpy==2.4.6
.venv/bin/pip install torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu
