#!/bin/sh
# A stand-in for a Lua VM with its benchmark program: for tests of what the real one must not do.
# Its strategies say what happens: fine, crash, hang, liar (names another malloc than it has),
# stop (interrupts the runner in the round that the file stop_round beside it names, then hangs).
# hangup closes the runner's terminal, full writes much.
# With a file stop_listing beside it, it interrupts the runner that asks for its strategies.
# Its cases: `one` and `two` share a process, `bad` too but crashes it; `solo` runs alone.
set -eu
folder=$(dirname "$0")
shift # the path of main.lua

list_strategies() {
    printf 'strategy\tprofile\tneeds\n'
    for name in userdata:malloc nop fine crash hang liar stop hangup full; do
        printf '%s\tsmoke\t-\n' "$name"
    done
}

list_cases() {
    printf 'workload\tparams\tmode\tprofile\n'
    printf 'one\tsize=1\tshared\tsmoke\ntwo\tsize=1\tshared\tsmoke\n'
    case $strategy in
    crash) printf 'bad\tsize=1\tshared\tsmoke\n' ;;
    esac
    printf 'solo\tsize=1\talone\tsmoke\n'
}

benchmark() {
    workload=${1%%/*}
    printf '%s{"name":"x","label":"lua54/%s/strategy=%s/%s","run_type":"iteration",' \
        "$separator" "$workload" "$strategy" "${1#*/}"
    printf '"threads":1,"time_unit":"ns","cpu_time":10,"real_time":11,"operations":5,'
    printf '"vm_hwm":4096,"minor_faults":10}'
    separator=,
}

strategy=
out=
cases=
for argument; do
    case $argument in
    --list-strategies)
        [ -e "$folder/stop_listing" ] && kill -INT "$PPID" && exec sleep 2
        list_strategies && exit
        ;;
    --strategy=*) strategy=${argument#*=} ;;
    --case=*) cases="$cases ${argument#*=}" ;;
    --benchmark_out=*) out=${argument#*=} ;;
    esac
done
case " $* " in
*" --list "*) list_cases && exit ;;
esac

malloc=/lib/libc.so.6
case $strategy in
hang) exec sleep 600 ;;
liar) malloc=/lib/libother.so ;;
hangup) kill -HUP "$PPID" ;;
full) head -c 100000 /dev/zero >"$out" ;;
stop)
    case ${out##*/} in
    r"$(cat "$folder/stop_round")"-*) kill -INT "$PPID" && exec sleep 600 ;;
    esac
    ;;
esac
case $cases in
*bad*) kill -SEGV $$ ;;
esac
separator=
{
    printf '{"context":{"heaplab_caller":"lua54","heaplab_strategy":"%s",' "$strategy"
    printf '"heaplab_malloc_path":"%s"},"benchmarks":[' "$malloc"
    for case in $cases; do
        benchmark "$case"
    done
    printf ']}\n'
} >"$out"
