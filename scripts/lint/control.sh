#!/bin/sh
# scripts/lint/control.sh PATTERN COMMAND...: a detector that finds nothing proves nothing.
#
# Runs COMMAND on a planted fault. Succeeds only if it fails and what it prints holds PATTERN, a
# basic regular expression. Exit status 77, as COMMAND's own: the detector is not installed.
set -eu
pattern=$1
shift
status=0
output=$("$@" 2>&1) || status=$?
printf '%s\n' "$output"
case $status in
0) echo "control: the planted fault was not noticed" && exit 1 ;;
77) exit 77 ;;
esac
printf '%s\n' "$output" | grep -q -e "$pattern" || {
    echo "control: failed, but not for '$pattern'"
    exit 1
}
