# shellcheck shell=sh
# Shared by scripts/bench and scripts/nightly: runs `heaplab` commands and prints each before.

measure_tool=$(dirname -- "$0")/heaplab

# measure_out ARG...: `heaplab run --out DIR` measures into DIR; what comes after has to look there.
measure_out() {
    previous=
    for arg do
        case $previous,$arg in
        --out,*) HEAPLAB_RESULTS=$arg ;;
        *,--out=*) HEAPLAB_RESULTS=${arg#*=} ;;
        esac
        previous=$arg
    done
    HEAPLAB_RESULTS=${HEAPLAB_RESULTS:-$setup_root/results}
    export HEAPLAB_RESULTS
}

# measure_say WORD...: prints a command so that a shell can take it back.
measure_say() {
    printf '$'
    for word do
        case $word in
        *[!A-Za-z0-9_./:=+@%,-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
}

measure_step() {
    measure_say "$@"
    "$@"
}

measure_build() {
    measure_say cmake --preset release
    measure_say cmake --build --preset release
    setup_build release
}

measure_latest() {
    readlink "$HEAPLAB_RESULTS/runs/latest" || true
}

# measure_run ARG...: measures. A crashed case makes the run fail at its end, but what the others
# gave is there to be reported; without a new complete run (interrupted, refused, or one that only
# lists) the script ends here.
measure_run() {
    before=$(measure_latest)
    measure_status=0
    measure_step "$measure_tool" run "$@" || measure_status=$?
    [ "$measure_status" -ne 130 ] && [ "$(measure_latest)" != "$before" ] || exit "$measure_status"
}
