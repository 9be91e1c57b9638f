#!/bin/sh
# same.sh LIBRARY WITNESS PROGRAMS COMMAND...: does COMMAND do the same when LIBRARY is preloaded?
#
# Runs COMMAND in an empty folder without and with LIBRARY. Both runs must succeed and print the
# same bytes; WITNESS, preloaded too, must have seen LIBRARY serve malloc in each of PROGRAMS (names
# of processes, one word) and in every other process, and their heaps must be sound when they end.
# Exit status 77, which ctest shows as skipped: a program is not installed.
set -eu
library=$1
witness=$2
programs=$3
shift 3
command -v "$1" >/dev/null || { echo "$1: not found; scripts/test installs it" && exit 77; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset LD_PRELOAD MAKEFLAGS
export WINHEAP_WITNESS="$scratch/witness" LC_ALL=C TZ=UTC HOME="$scratch/work"

# fail LINE...: the run's verdict, and what was seen.
fail() {
    printf '%s\n' "$@"
    exit 1
}

# run NAME PRELOAD COMMAND...: what the command prints becomes the file NAME.
run() {
    name=$1
    preload=$2
    shift 2
    rm -rf "$scratch/work"
    mkdir "$scratch/work"
    (cd "$scratch/work" && LD_PRELOAD=$preload && export LD_PRELOAD && exec "$@") \
        >"$scratch/$name" 2>&1 || fail "$name: exit status $?" "$(tail "$scratch/$name")"
}

run plain '' "$@"
[ ! -e "$scratch/witness" ] || fail "a run without the library was witnessed"
run preloaded "$library $witness" "$@"
[ -s "$scratch/plain" ] || fail "nothing was printed, so nothing was compared"
cmp "$scratch/plain" "$scratch/preloaded" ||
    fail "not the same:" "$(diff "$scratch/plain" "$scratch/preloaded" | head -n 20)"

if grep -v '^serves ' "$scratch/witness"; then fail "not served, or damaged: see above"; fi
for program in $programs; do
    grep -q -x "serves $program" "$scratch/witness" || fail "$program was not served:" \
        "$(sort "$scratch/witness" | uniq -c)"
done
sort "$scratch/witness" | uniq -c
