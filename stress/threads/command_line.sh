#!/bin/sh
# command_line.sh THREADS ENGINE LUAJIT: exit codes, messages and JSON of heaplab-stress-threads.
set -eu
threads=$1
engine=$2
luajit=$3
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

fails() { # TEXT ARGUMENT...: exit 1 and one line on stderr that has the text
    text=$1
    shift
    code=0
    "$threads" "$@" >/dev/null 2>"$folder/error" || code=$?
    test "$code" -eq 1
    test "$(wc -l <"$folder/error")" -eq 1
    grep -q -e "$text" "$folder/error"
}

json() { # FILE CONDITION: a Lua expression over the summary, r
    "$luajit" -e "
        local r = require('cjson').decode(io.open('$1'):read('*a'))
        assert(r.schema == 1 and r.harness == 'threads' and r.caller == 'c', 'head')
        assert(r.engine == 'native' and r.engine_id:match('^native '), 'engine')
        assert(r.rate > 0 and r.seconds > 0 and r.peak_live_bytes > 0, 'figures')
        assert($2, [[$2]])"
}

fails 'heaplab-stress-threads: engine not loaded' --engine /nowhere/libwinheap-none.so
fails '--threads 1: expected 2 to 8' --threads 1
fails '--threads 9: expected 2 to 8' --threads 9
fails '--growth x: expected' --growth x
fails 'unrecognized option' --wrong
fails 'argument stray' stray
"$threads" --help | grep -q '^usage: heaplab-stress-threads'

# So many operations, but for what a batch of each seat in each round has too many.
"$threads" --engine "$engine" --seed 7 --ops 50000 --threads 3 --growth 512 \
    --json "$folder/passed" >"$folder/output"
json "$folder/passed" "r.status == 'passed' and #r.failures == 0 and r.seed == 7"
json "$folder/passed" "r.operations >= 49000 and r.operations < 50000 + 9 * 3 * 64"
grep -Eq '^[0-9]+ threads, [1-9][0-9]* blocks freed by another thread' "$folder/output"

# Interrupted once it runs, which its first line of progress shows.
mkfifo "$folder/progress"
"$threads" --engine "$engine" --progress --seconds 600 --json "$folder/interrupted" \
    >/dev/null 2>"$folder/progress" &
child=$!
exec 3<"$folder/progress"
read -r line <&3
kill -INT "$child"
code=0
wait "$child" || code=$?
test "$code" -eq 130
echo "$line" | grep -q 'M operations'
json "$folder/interrupted" "r.status == 'interrupted' and r.operations > 0 and r.seconds < 600"
