#!/usr/bin/env bash
# Instructions per delta of one way through the 5,512-delta invoice, as benches/ours.py names them: feed (the default),
# live, read, kept, changes, watched, unwatched, floor, loop ...
#
#   benches/callgrind.sh [WAY]
#
# Counts are the same from run to run on any machine, busy or not, where seconds are not. The cost of starting
# Python is taken out by the difference of two runs. The profile of the longer one is left in
# target/callgrind/WAY.out for `callgrind_annotate`; build with `maturin develop --profile profiling` to see
# function names in it.
set -euo pipefail
cd "$(dirname "$0")/.."

way=${1:-feed}
python=${PYTHON:-python}
deltas=5512
few=5
many=25
out=target/callgrind
mkdir -p "$out"

# Prints the instructions that so many repetitions take, start of Python included.
count() {
    PYTHONHASHSEED=0 valgrind --tool=callgrind --callgrind-out-file="$out/$way.out" \
        "$python" -m benches.ours "$way" "$1" 2>&1 | awk '/Collected/ { print $NF }'
}

base=$(count "$few")
full=$(count "$many")
echo "$way: $(((full - base) / (many - few) / deltas)) instructions per delta"
