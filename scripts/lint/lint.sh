#!/bin/sh
# scripts/lint/lint.sh TOOL BUILD [FILE...]: runs one linter, by default over all files of its kind.
#
# TOOL: clang-format, clang-tidy, cppcheck, luacheck, shellcheck or links (do the links of our
# documents lead to a file?). BUILD: a configured build folder, whose compile_commands.json
# clang-tidy needs. Exit status 0: clean; 77, which ctest shows as skipped: there is no such tool.
set -eu
cd "$(dirname -- "$0")/../.."
tool=$1
build=$2
shift 2

# The files a linter is for.
lint_files() {
    case $tool in
    clang-format) lint_find -name '*.[ch]' -o -name '*.cc' ;;
    clang-tidy) lint_find -name '*.c' -o -name '*.cc' | grep -v windows ;; # those: preset mingw
    cppcheck) lint_find -name '*.c' ;;
    luacheck) lint_find -name '*.lua' ;;
    shellcheck) grep -rlE '^#!/bin/sh|^# shellcheck shell=sh' .ci bindings scripts stress --exclude=*.plant ;;
    links) find ./*.md docs -name '*.md' ;;
    esac
}

lint_find() {
    find bench bindings stress scripts -type f '(' "$@" ')'
}

# lint_links FILE...: prints each link of a Markdown file that leads to no file.
lint_links() {
    for file do
        { grep -oE '\]\([^):# ]+' "$file" || true; } | while read -r link; do
            target=$(dirname "$file")/${link#??}
            [ -e "$target" ] || echo "$file: no such file: ${link#??}"
        done
    done | if grep .; then return 1; fi
}

# lint_run FILE...
lint_run() {
    case $tool in
    clang-format) clang-format --dry-run -Werror "$@" ;;
    clang-tidy)
        # The commands were made for gcc, some of whose options clang does not know.
        printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet \
            --extra-arg=-Wno-unknown-warning-option \
            --extra-arg=-include --extra-arg="$PWD/scripts/lint/clang-tidy-lua.h"
        ;;
    cppcheck)
        cppcheck -q --error-exitcode=1 --enable=warning,performance --std=c11 \
            --inline-suppr -j "$(nproc)" \
            -I bindings/winheap/include "$@"
        ;;
    luacheck) luacheck --quiet "$@" ;;
    shellcheck) shellcheck -x "$@" ;;
    links) lint_links "$@" ;;
    esac
}

if [ "$tool" != links ] && ! command -v "$tool" >/dev/null; then
    echo "$tool: not found; scripts/test installs it"
    exit 77
fi
# shellcheck disable=SC2046 # none of our files has a space in its name
[ $# -gt 0 ] || set -- $(lint_files)
[ $# -gt 0 ] || { echo "$tool: no files to check" && exit 1; }
lint_run "$@"
