#!/bin/sh
# caught.sh MODEL PLANT TEXT: runs the model on the planted fault; succeeds if the model fails with
# exit code 1 and names it (TEXT, a regular expression), and if the command it prints repeats it.
set -eu
model=$1
PLANT=$2
text=$3
export PLANT

run() { # OUTPUT COMMAND...: the command must exit with 1 and say the text
    output=$1
    shift
    code=0
    "$@" >"$output" || code=$?
    cat "$output"
    test "$code" -eq 1
    grep -Eq "^operation [0-9]+: .*($text)" "$output"
}

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
run "$folder/first" "$model" --engine "$PLANT_LIBRARY" --seed 1 --ops 3000000
command=$(sed -n 's/^repeat: //p' "$folder/first")
# shellcheck disable=SC2086 # the words of a command
run "$folder/again" $command
test "$(grep '^operation' "$folder/first")" = "$(grep '^operation' "$folder/again")"
