# build
# shellcheck shell=bash

is_preset() {
  [[ " ${PRESETS[*]} " == *" $1 "* ]]
}

# build PRESET TARGET…
build() {
  local preset=$1
  shift
  need_packages "${BUILD_PACKAGES[@]}"
  configure "$preset"
  cmake --build "build/$preset" --target "$@" >&2
}

configure() {
  local log
  [[ -f build/$1/build.ninja ]] && return 0
  echo "dev: configuring build/$1" >&2
  log=$(cmake --preset "$1" 2>&1) || die "cmake --preset $1 failed:"$'\n'"$log"
}

verb_build() {
  local preset=${1:-release}
  is_preset "$preset" || die "there is no preset $preset; there is ${PRESETS[*]}" 2
  build "$preset" parley
  echo "build/$preset/parley"
}

# The Debian package, of the release build.
verb_package() {
  need_packages "${PACKAGE_PACKAGES[@]}"
  build release parley
  rm -rf build/package # where an older version may be
  cpack --config build/release/CPackConfig.cmake -B build/package >&2
  rm -rf build/package/_CPack_Packages
  ls build/package/*.deb
}
