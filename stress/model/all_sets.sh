#!/bin/sh
# all_sets.sh MODEL ENGINE [OPS [SEED]]: the model on each set of heap options, one after the other.
#
# 10,000,000 operations each by default, with a line of progress each second; the seed, and after a
# failure the command that repeats it, are printed. Stops at the first failure.
set -eu
model=$1
engine=$2
ops=${3:-10000000}
seed=${4:-$(date +%s)}
for set in random growable fixed no_serialize fixed_no_serialize zero; do
    echo "$set:"
    "$model" --engine "$engine" --heaps "$set" --seed "$seed" --ops "$ops" --progress
done
