#!/bin/sh
# Runs a command beside an MPS control daemon of its own, and stops the daemon afterwards.
#   ./mps.sh build/microbenchmarks --only corun-mps --output corun-mps.jsonl
set -eu
work=$(mktemp -d)
export CUDA_MPS_PIPE_DIRECTORY="$work/pipe" CUDA_MPS_LOG_DIRECTORY="$work/log"
mkdir "$CUDA_MPS_PIPE_DIRECTORY" "$CUDA_MPS_LOG_DIRECTORY"
nvidia-cuda-mps-control -d
trap 'echo quit | nvidia-cuda-mps-control; rm -rf "$work"' EXIT
"$@"
