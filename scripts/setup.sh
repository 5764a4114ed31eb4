# What ./run, ./test and .ci/run share: each need_… checks for a tool, installs it where that is possible without
# asking, and otherwise says what to install. Works with the bash of macOS (3.2).

OLDEST_POSTGRES=15
OLDEST_RUST=94 # of 1.x

say() { printf '\033[1m%s\033[0m\n' "souk: $*"; }
fail() { printf '%s\n' "souk: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as root: directly, or with a sudo that does not ask.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_install() { have apt-get && { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }; }

APT_UPDATED=
apt_install() {
    if [ -z "$APT_UPDATED" ]; then
        as_root apt-get update -qq || fail "apt-get update failed: is there a network?"
        APT_UPDATED=1
    fi
    say "installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        fail "apt-get could not install $*: install it yourself, then try again"
}

# install_or_explain <what> <Debian packages> <Homebrew formula or other advice for macOS>
install_or_explain() {
    if can_install; then
        # Several packages may stand in one word.
        # shellcheck disable=SC2086
        apt_install $2
    elif [ "$(uname)" = Darwin ]; then
        fail "$1 is missing: $3"
    elif have apt-get; then
        fail "$1 is missing: sudo apt-get install $2"
    else
        fail "$1 is missing: install it with your system's package manager (Debian calls it $2)"
    fi
}

need_cargo() {
    if ! have cargo && [ -x "$HOME/.cargo/bin/cargo" ]; then PATH="$HOME/.cargo/bin:$PATH"; fi
    have cargo && have rustc || fail "Rust is missing: install it from https://rustup.rs, then try again"
    local version
    version="$(rustc --version | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')"
    [ -n "$version" ] && [ "$version" -ge "$OLDEST_RUST" ] ||
        fail "$(rustc --version) is too old: 1.$OLDEST_RUST or newer is needed (rustup update stable)"
}

need_linker() {
    have cc || install_or_explain "a C compiler and linker" "gcc libc6-dev" "xcode-select --install"
    # Debian's compiler may be there without the headers of the C library.
    if have apt-get && ! echo 'int main(void){return 0;}' | cc -x c -include stdlib.h -o /dev/null - 2>/dev/null; then
        install_or_explain "the C library's headers" "libc6-dev" ""
    fi
}

# Prints the directory with initdb and postgres of the newest installation that is new enough.
find_postgres() {
    local best='' best_version=0 directory version
    for directory in "${POSTGRES_BIN:-}" "$(dirname "$(command -v postgres 2>/dev/null || echo /nowhere/x)")" \
        /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
        /home/linuxbrew/.linuxbrew/opt/postgresql*/bin /Applications/Postgres.app/Contents/Versions/*/bin; do
        [ -x "$directory/initdb" ] && [ -x "$directory/postgres" ] && [ -x "$directory/pg_ctl" ] || continue
        version="$("$directory/postgres" --version | sed -n 's/[^0-9]*\([0-9]*\).*/\1/p')"
        if [ "${version:-0}" -gt "$best_version" ]; then
            # A directory of links need not hold all of the programs: the real one does.
            best="$(dirname "$(readlink -f "$directory/postgres")")" best_version="$version"
        fi
        if [ "$directory" = "${POSTGRES_BIN:-}" ]; then break; fi
    done
    [ "$best_version" -ge "$OLDEST_POSTGRES" ] && printf '%s\n' "$best"
}

need_postgres() {
    find_postgres >/dev/null && return
    if ! can_install; then
        install_or_explain "PostgreSQL $OLDEST_POSTGRES or newer" postgresql "brew install postgresql@17"
    fi
    # We start a cluster of our own: Debian must not start one for the whole system.
    apt_install postgresql-common
    local settings=/etc/postgresql-common/createcluster.conf
    as_root mkdir -p /etc/postgresql-common
    if as_root grep -q '^ *create_main_cluster' "$settings" 2>/dev/null; then
        as_root sed -i 's/^ *create_main_cluster.*/create_main_cluster = false/' "$settings"
    else
        echo 'create_main_cluster = false' | as_root tee -a "$settings" >/dev/null
    fi
    apt_install postgresql
    find_postgres >/dev/null && return
    # An older release: the project's own packages are newer.
    as_root apt-get install -y -qq ca-certificates >/dev/null
    as_root /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y >/dev/null 2>&1 || true
    apt_install postgresql-17
    find_postgres >/dev/null || fail "PostgreSQL was installed, but no version from $OLDEST_POSTGRES on was found"
}

need_redis() {
    have redis-server && return
    install_or_explain Redis redis-server "brew install redis"
    # The tests start their own: the system's need not run because of us.
    if have systemctl; then as_root systemctl disable --now redis-server >/dev/null 2>&1 || true; fi
    have redis-server || fail "Redis was installed, but there is no redis-server"
}

# The tests of the metrics let a real Prometheus read them. Without it the other tests still run, and those say what is
# missing.
need_prometheus() {
    have prometheus && have promtool && return
    if ! can_install; then
        say "Prometheus is missing: the tests of the metrics will fail (Debian: sudo apt-get install prometheus, macOS: brew install prometheus)"
        return
    fi
    apt_install prometheus
    # The tests start their own: the system's need not run because of us.
    if have systemctl; then as_root systemctl disable --now prometheus >/dev/null 2>&1 || true; fi
}

# The README's walk is taken in one of the tests.
need_walk() {
    have curl || install_or_explain curl curl "brew install curl"
    have jq || install_or_explain jq jq "brew install jq"
}

# Stripe's own SDK talks to our sandbox in one of the tests.
need_node() {
    have node && have npm || install_or_explain "Node.js with npm" "nodejs npm" "brew install node"
    local sdk=tests/stripe-sdk
    if [ -f "$sdk/package.json" ] && [ ! -d "$sdk/node_modules/stripe" ]; then
        say "installing Stripe's SDK for its test"
        npm ci --prefix "$sdk" --no-audit --no-fund --silent || fail "npm ci failed in $sdk: is there a network?"
    fi
}

# Queries were checked when .sqlx was recorded: a build needs no database.
build_offline() { export SQLX_OFFLINE=true; }

# The same selection of packages everywhere, so that ./run, ./test and .ci/run share what they build.
build_souk() { cargo build --workspace --bin souk; }

target_directory() { printf '%s\n' "${CARGO_TARGET_DIR:-target}"; }
