# Debian packages, installed only when something is missing.
# shellcheck shell=bash

BUILD_PACKAGES=(
  clang-19 lld-19 llvm-19 libclang-rt-19-dev cmake ninja-build ccache git pkg-config
  libboost1.81-dev libboost-json1.81-dev libboost-system1.81-dev
  libsimdjson-dev libjemalloc-dev libsqlite3-dev libpq-dev libssl-dev libyaml-cpp-dev libcli11-dev libspdlog-dev libfmt-dev
  prometheus-cpp-dev liburing-dev libcurl4-openssl-dev zlib1g-dev libutf8proc-dev librabbitmq-dev libhiredis-dev libmagic-dev libnats-dev librdkafka-dev libmongoc-dev
  libgtest-dev libgmock-dev libbenchmark-dev
)
PACKAGE_PACKAGES=(dpkg-dev file)
TEST_PACKAGES=("${PACKAGE_PACKAGES[@]}" fakeroot systemd openssl nginx haproxy postgresql-15 rabbitmq-server redis-server nats-server maven openjdk-17-jdk-headless iproute2 python3 python3-venv)
NODE_PACKAGES=(nodejs npm)
COUNT_PACKAGES=(valgrind python3)
PEER_PACKAGES=(nats-server mosquitto python3)
CHECK_PACKAGES=(clang-format-19 clang-tidy-19 python3 shellcheck)

need_packages() {
  local missing=() package
  command -v dpkg-query >/dev/null || die "this needs Debian 12 (or its packages: $*)"
  declare -A there=()
  while read -r package; do
    there[${package%%:*}]=1
  done < <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p')
  for package in "$@"; do
    [[ -n ${there[$package]:-} ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "as root, please: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  echo "dev: installing ${missing[*]}" >&2
  local options=(-o DPkg::Lock::Timeout=300 -qq)
  "${as_root[@]}" apt-get "${options[@]}" update >&2
  (
    starting_no_services "${as_root[@]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get "${options[@]}" -y --no-install-recommends install "${missing[@]}" >&2
  )
}

# For the rest of a subshell: databases, brokers and proxies are installed and not started, as tests start their own, and nobody
# asked for an nginx on port 80. Where there is such a policy already, it stays.
starting_no_services() {
  local policy=/usr/sbin/policy-rc.d
  [[ ! -e $policy ]] || return 0
  # shellcheck disable=SC2064 # as they are now
  trap "$* rm -f $policy" EXIT
  printf '#!/bin/sh\n# Of parley/dev, while it installs packages; if it is still here, it can go.\nexit 101\n' |
    "$@" install -m 755 /dev/stdin "$policy"
}

# The tests' Python packages, in build/venv; made again only when the list changes.
need_venv() {
  local lists=(tests/requirements.txt tests/acceptance/requirements.txt) venv=build/venv
  cat "${lists[@]}" | cmp -s - "$venv/made-from" && return 0
  echo "dev: making $venv for the tests' Python packages" >&2
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "${lists[0]}" >&2
  cat "${lists[@]}" >"$venv/made-from"
}

# Test servers from Maven Central, each in a folder of build/jars; brought again only when its list changes.
need_jars() {
  local server list jars
  for server in kafka mongo s3; do
    list=tests/run/jars/$server.xml jars=build/jars/$server
    cmp -s "$list" "$jars/made-from" && continue
    echo "dev: bringing a test server to $jars" >&2
    rm -rf "$jars"
    mvn --batch-mode --quiet -f "$list" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/$jars" >&2
    cp "$list" "$jars/made-from"
  done
}

# Node for the examples, as Debian has it or from wherever it is there already; and their packages, in build/examples, brought
# again only when the list changes.
need_examples() {
  local list=examples/package.json there=build/examples
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then need_packages "${NODE_PACKAGES[@]}"; fi
  cmp -s "$list" "$there/made-from" && return 0
  echo "dev: bringing the examples' packages to $there" >&2
  rm -rf "$there"
  mkdir -p "$there"
  cp "$list" "$there/package.json"
  npm install --prefix "$there" --silent --no-audit --no-fund --no-package-lock >&2
  cp "$list" "$there/made-from"
}
