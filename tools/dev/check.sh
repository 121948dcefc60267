# fmt, lint
# shellcheck shell=bash

cpp_files() {
  git ls-files --cached --others --exclude-standard -- 'src/*.h' 'src/*.cpp' 'tests/*.h' 'tests/*.cpp' |
    while read -r file; do [[ ! -f $file ]] || echo "$file"; done
}

verb_fmt() {
  need_packages "${CHECK_PACKAGES[@]}"
  local options=(-i)
  case "${1:-}" in
    "") ;;
    --check) options=(--dry-run --Werror) ;;
    *) die "fmt: there is no option $1" 2 ;;
  esac
  cpp_files | xargs -r clang-format-19 "${options[@]}"
}

verb_lint() {
  local quick="" failed=()
  case "${1:-}" in
    "") ;;
    --quick) quick=yes ;;
    *) die "lint: there is no option $1" 2 ;;
  esac
  need_packages "${BUILD_PACKAGES[@]}" "${CHECK_PACKAGES[@]}"
  /usr/bin/python3 tools/lint/lint.py || failed+=(text)
  verb_fmt --check || failed+=(format)
  shell_check || failed+=(shell)
  /usr/bin/python3 tools/lint/layering.py || failed+=(layering)
  lone_headers || failed+=(headers)
  [[ -n $quick ]] || tidy || failed+=(clang-tidy)
  if ((${#failed[@]})); then
    echo "lint: failed: ${failed[*]}" >&2
    return 1
  fi
  echo "lint: clean${quick:+, without clang-tidy}"
}

shell_check() {
  shellcheck --exclude=SC2034 dev tools/dev/*.sh .ci/run .githooks/* deploy/debian/p* # SC2034: lists used by another file
}

lone_headers() {
  configure debug && cmake --build build/debug --target lone_headers >&2
}

# Over what the debug preset compiles; its precompiled headers must exist for that.
tidy() {
  configure debug && cmake --build build/debug --target parley_pch parley_pch_asio parley_pch_test >&2 || return 1
  local log=build/debug/clang-tidy.log
  if run-clang-tidy-19 -p build/debug -quiet -j "$(nproc)" "$ROOT/src/(?!net/boost)[^.]*\\.cpp$" >"$log" 2>&1; then
    return 0
  fi
  grep -E '(warning|error):|^ +[0-9]* \|' "$log" || tail -20 "$log"
  return 1
}
