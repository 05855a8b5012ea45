# SPDX-License-Identifier: Apache-2.0
# Sourced by ./dev: which Debian 12 packages each kind of work needs, and how they are installed when they are missing.

PACKAGES_BUILD="gcc libc6-dev meson ninja-build pkg-config python3 libmicrohttpd-dev libcurl4-openssl-dev libjansson-dev
    libsqlite3-dev libpq-dev libsodium-dev libunistring-dev libpcre2-dev libcmocka-dev ca-certificates tzdata"
PACKAGES_CHECK="clang clang-tidy clang-format git"
PACKAGES_TEST="openssl git postgresql"
PACKAGES_FUZZ="clang libclang-rt-14-dev llvm"
PACKAGES_BENCH="wrk postgresql"
PACKAGES_CONSOLE="chromium fonts-dejavu-core"
PACKAGES_NODE="nodejs npm"
NODE_MAJOR_MIN=18

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# need PACKAGE...: installs what dpkg does not know as installed.
need() {
    local missing=() package
    if ! command -v dpkg-query >/dev/null; then
        echo "dev: this is not Debian; provide the equivalents of: $*" >&2
        return 0
    fi
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "dev: installing ${missing[*]}" >&2
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        echo "dev: neither root nor sudo; run as root: apt-get install ${missing[*]}" >&2
        return 1
    fi
    # A second run in one go would find the same lists: they are fetched once.
    if [ -z "${APT_UPDATED:-}" ]; then
        as_root apt-get update -qq </dev/null >&2 || return 1
        APT_UPDATED=1
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        </dev/null >"$TMP_DIR/apt.log" 2>&1 || {
        cat "$TMP_DIR/apt.log" >&2
        return 1
    }
}

# need_node: a Node that is there and new enough is used; Debian's is not put over it.
need_node() {
    local major=0
    command -v node >/dev/null && major=$(node -p 'process.versions.node.split(".")[0]')
    # shellcheck disable=SC2086
    if [ "$major" -lt "$NODE_MAJOR_MIN" ] || ! command -v npm >/dev/null; then need $PACKAGES_NODE; fi
}

# need_npm DIR...: what a folder's package-lock.json names, installed again when the lock file has changed.
need_npm() {
    local dir stamp sum
    for dir in "$@"; do
        [ -f "$dir/package-lock.json" ] || continue
        need_node || return 1
        stamp=$dir/node_modules/.installed
        sum=$(sha256sum <"$dir/package-lock.json")
        [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && continue
        echo "dev: npm ci in $dir" >&2
        (cd "$dir" && npm ci --no-audit --no-fund --loglevel=error </dev/null >&2) || return 1
        echo "$sum" >"$stamp"
    done
}
