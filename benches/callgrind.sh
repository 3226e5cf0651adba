#!/usr/bin/env bash
# Instructions per delta of one way to read a stream, as benches/ours.py names them. Of the 5,512-delta invoice: feed (the
# default), live, read, kept, changes, watched, summary, unwatched, floor, loop, partials-live, partials-kept,
# partials-body. Of one long text: text-fed, text-read.
#
#   benches/callgrind.sh [WAY]
#
# Counts are the same from run to run on any machine, busy or not, where seconds are not. The cost of starting
# Python is taken out by the difference of two runs. The profile of the longer one is left in
# target/callgrind/WAY.out for `callgrind_annotate`; build with `maturin develop --profile profiling` to see
# function names in it. It runs in .venv-bench, or in the environment whose PYTHON you name.
set -euo pipefail
cd "$(dirname "$0")/.."

way=${1:-feed}
python=${PYTHON:-.venv-bench/bin/python}
few=5
many=25
out=target/callgrind
mkdir -p "$out"

if ! command -v valgrind > /dev/null; then
    echo "callgrind.sh: there is no valgrind: install your system's package of it" >&2
    exit 1
fi
if ! deltas=$("$python" -m benches.ours "$way" 1 | awk '/deltas/ { print $1 }'); then
    echo "callgrind.sh: $python cannot run it, see above. \`scripts/bench --collect-only -q\` makes .venv-bench" >&2
    exit 1
fi

# Prints the instructions that so many repetitions take, start of Python included.
count() {
    PYTHONHASHSEED=0 valgrind --tool=callgrind --callgrind-out-file="$out/$way.out" \
        "$python" -m benches.ours "$way" "$1" 2>&1 | awk '/Collected/ { print $NF }'
}

base=$(count "$few")
full=$(count "$many")
echo "$way: $(((full - base) / (many - few) / deltas)) instructions per delta"
