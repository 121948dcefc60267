# serve, bench, sim, up, down
# shellcheck shell=bash

verb_serve() {
  build release parley
  use_hooks
  exec build/release/parley serve "$@"
}

# Formats what is staged, so that style is never a review topic.
use_hooks() {
  git rev-parse --git-dir >/dev/null 2>&1 || return 0
  [[ $(git config core.hooksPath || true) == .githooks ]] || git config core.hooksPath .githooks
}

# --check: has a small work come to need more instructions than were accepted?
verb_bench() {
  if [[ ${1:-} == --check ]]; then
    shift
    need_packages "${COUNT_PACKAGES[@]}"
    build release parley_micro
    exec bench/instructions.py "$@"
  fi
  build release parley
  if [[ ${1:-} == --peers ]]; then
    shift
    need_packages "${PEER_PACKAGES[@]}"
    exec bench/peers.py "$@"
  fi
  exec build/release/parley bench "$@"
}

verb_sim() {
  echo "dev: there is no simulator yet; see docs/status.md" >&2
  exit 2
}

verb_up() {
  need_packages "${TEST_PACKAGES[@]}"
  /usr/bin/python3 tests/run/hand.py up
}

verb_down() {
  /usr/bin/python3 tests/run/hand.py down
}
