# shellcheck shell=sh
# Shared by scripts/bench, scripts/test and scripts/nightly: installs what is missing, then builds.
#
# The caller sets setup_needs, the kinds of packages.txt it wants ("build bench"), offers each of
# its arguments to setup_takes, then calls setup_packages, setup_as_owner with the arguments left
# over, and setup_build.

setup_needs=${setup_needs:?}
setup_root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
setup_name=scripts/$(basename -- "$0")
setup_mode=ask

setup_say() {
    printf '%s: %s\n' "$setup_name" "$*" >&2
}

# Prints the comment at the head of the calling script: its contract is its help.
setup_help() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
}

# setup_takes ARG: true if ARG is an option that all three scripts share.
setup_takes() {
    case $1 in
    --help | -h) setup_help && exit 0 ;;
    --yes | --no-install) setup_mode=$1 ;;
    *) return 1 ;;
    esac
}

# Prints the lines of packages.txt that the caller needs.
setup_table() {
    awk -v needs=" $setup_needs " '/^[^#]/ && index(needs, " " $2 " ")' \
        "$setup_root/scripts/packages.txt"
}

# Reads lines of packages.txt, prints the packages' names on one line.
setup_names() {
    awk '{ printf (NR > 1 ? " %s" : "%s"), $1 }'
}

# setup_there CHECK: true if the third column of packages.txt holds on this machine.
setup_there() {
    case $1 in
    command:*) command -v "${1#*:}" ;;
    pkgconfig:*) pkg-config --exists "${1#*:}" ;;
    module:*) luajit -e "require '${1#*:}'" ;;
    header:*) printf '#include <%s>\n' "${1#*:}" | cc -E -x c - ;;
    esac >/dev/null 2>&1
}

# Reads lines of packages.txt, prints those whose check fails.
setup_not_there() {
    while read -r package need check purpose; do
        setup_there "$check" </dev/null ||
            printf '%s %s %s %s\n' "$package" "$need" "$check" "$purpose"
    done
}

# Reads lines of packages.txt, prints those that dpkg has not installed. One question for all of
# them takes 10 ms; the checks one by one would take 200.
setup_not_installed() {
    # shellcheck disable=SC2016,SC2046 # dpkg-query expands the fields; one word per package
    installed=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' $(setup_table | setup_names) \
        2>/dev/null | awk '$1 ~ /^.i/ { printf " %s", $2 }') || true
    awk -v installed="$installed " '!index(installed, " " $1 " ")'
}

# Prints the lines of packages.txt that this machine lacks.
setup_missing() {
    if command -v dpkg-query >/dev/null; then
        setup_table | setup_not_installed
    else
        setup_table | setup_not_there
    fi
}

# setup_lacks KIND: prints the packages of that kind that this machine has not, from Debian or
# elsewhere.
setup_lacks() {
    setup_missing | awk -v kind="$1" '$2 == kind' | setup_not_there | setup_names
}

# Asks for sudo, once and only on a terminal.
setup_ask() {
    if ! [ -t 0 ]; then
        setup_why='no terminal to ask for sudo on; --yes goes ahead'
        return 1
    fi
    printf 'Install them with sudo? [y/N] ' >&2
    read -r answer || answer=
    setup_why='not wanted'
    case $answer in [yY]*) ;; *) return 1 ;; esac
}

# setup_allowed LINES: true if the packages may be installed, by $setup_sudo; else $setup_why not.
setup_allowed() {
    setup_sudo=
    if [ "$setup_mode" = --no-install ]; then
        setup_why=--no-install
    elif ! command -v apt-get >/dev/null; then
        setup_why="no apt-get here; these are Debian's names"
    elif [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        setup_why='neither root nor sudo'
    else
        setup_say 'these Debian packages are missing:'
        printf '%s\n' "$1" | awk '{ n = $1; $1 = $2 = $3 = ""; printf "  %-24s%s\n", n, $0 }' >&2
        [ "$(id -u)" -eq 0 ] && return
        setup_sudo=sudo
        [ "$setup_mode" = --yes ] || setup_ask
        return
    fi
    return 1
}

# setup_install PACKAGE...: a fresh machine has no package lists, an old one stale ones, so they
# are fetched first; a dead mirror need not stop an install from the local cache.
setup_install() {
    $setup_sudo apt-get -q update >&2 || setup_say 'apt-get update failed; trying without'
    $setup_sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@" >&2
}

# Installs what is missing if that is allowed. Otherwise one line says what is missing, and the
# script goes on unless the build itself cannot do without it.
setup_packages() {
    setup_tried=
    missing=$(setup_missing)
    [ -n "$missing" ] || return 0
    if setup_allowed "$missing"; then
        setup_tried=yes
        # shellcheck disable=SC2046 # one word per package
        setup_install $(printf '%s\n' "$missing" | setup_names) && return
        setup_why='apt-get failed'
        missing=$(setup_missing)
    fi
    without=$(setup_lacks build)
    missing="missing: $(printf '%s\n' "$missing" | setup_names) ($setup_why)"
    if [ -n "$without" ]; then
        setup_say "$missing; cannot build without $without"
        exit 1
    fi
    setup_say "$missing; going on with what is there"
}

# setup_without KIND: prints the packages of that kind that the script goes on without. Not those
# that apt-get failed to install: who let it be called wants what they are for.
setup_without() {
    [ -n "$setup_tried" ] || setup_lacks "$1"
}

# Started as `sudo scripts/bench`, root installs and the caller does the rest: what is built and
# measured belongs to whoever owns the checkout. Does not return then.
setup_as_owner() {
    [ "$(id -u)" -eq 0 ] && [ "${SUDO_UID:-0}" -ne 0 ] || return 0
    [ "$(stat -c %u "$setup_root")" = "$SUDO_UID" ] || return 0
    home=$(getent passwd "$SUDO_UID" | cut -d: -f6)
    exec setpriv --reuid "$SUDO_UID" --regid "$SUDO_GID" --init-groups \
        env HOME="$home" "$0" --no-install "$@"
}

# setup_build PRESET: configures and builds. Configuring takes 0.1 s when nothing changed, and
# sees a library that was installed since.
setup_build() {
    (cd "$setup_root" && cmake --preset "$1" >/dev/null && cmake --build --preset "$1")
}
