#!/bin/sh
# command_line.sh MODEL ENGINE LUAJIT: exit codes, messages and the JSON of heaplab-stress-model.
set -eu
model=$1
engine=$2
luajit=$3
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

fails() { # TEXT ARGUMENT...: exit 1 and one line on stderr that has the text
    text=$1
    shift
    code=0
    "$model" "$@" >/dev/null 2>"$folder/error" || code=$?
    test "$code" -eq 1
    test "$(wc -l <"$folder/error")" -eq 1
    grep -q -e "$text" "$folder/error"
}

json() { # FILE CONDITION: a Lua expression over the summary, r
    "$luajit" -e "
        local r = require('cjson').decode(io.open('$1'):read('*a'))
        assert(r.schema == 1 and r.harness == 'model' and r.caller == 'c', 'head')
        assert(r.engine == 'native' and r.engine_id:match('^native '), 'engine')
        assert(r.rate > 0 and r.seconds > 0 and r.peak_live_bytes > 0, 'figures')
        local last = r.timeline[#r.timeline]
        assert(last.operations <= r.operations and last.rss > last.live_bytes, 'time line')
        assert($2, [[$2]])"
}

fails 'engine not loaded' --engine /nowhere/libwinheap-none.so
fails '--ops x: expected' --ops x
fails '--ops -5: expected' --ops -5
fails '--seconds 0: expected' --seconds 0
fails 'small, mixed or large' --sizes huge
fails 'unrecognized option' --wrong
fails 'argument stray' stray
fails 'not written' --engine "$engine" --ops 10 --json "$folder/missing/file"
"$model" --help | grep -q '^usage: heaplab-stress-model'

"$model" --engine "$engine" --seed 7 --ops 100000 --json "$folder/passed" >"$folder/first"
json "$folder/passed" "r.status == 'passed' and r.operations == 100000 and r.seed == 7"
json "$folder/passed" "#r.failures == 0"

# Interrupted once it runs, which its first line of progress shows.
mkfifo "$folder/progress"
"$model" --engine "$engine" --progress --seconds 600 --json "$folder/interrupted" \
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
