# test, acceptance, fuzz
# shellcheck shell=bash

# --all: longer crash and fuzz runs, and the rooms once more under the thread sanitizer.
verb_test() {
  local preset=asan name="" long="" filter="" without=""
  while (($#)); do
    case $1 in
      --asan) preset=asan ;;
      --tsan) preset=tsan ;;
      --all) long=yes ;;
      --filter) shift; filter=${1:?--filter needs a gtest pattern} ;;
      --without) shift; without=${1:?--without needs a name: links} ;;
      -*) die "test: there is no option $1" 2 ;;
      *) name=${1%/} ;;
    esac
    shift
  done
  local words=(--preset "$preset")
  [[ -z $long ]] || words+=(--long)
  [[ -z $filter ]] || words+=(--filter "$filter")
  [[ -z $without ]] || words+=(--without "$without")

  trap 'echo "before any test could run:"; echo "0 passed, 1 failed"' EXIT
  need_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  # A name may be a room's and a folder's: with what it begins says which.
  local folder=""
  case $name in
    src/*) name=${name#src/} ;;
    tests/*) folder=${name#tests/} ;;
  esac
  if [[ -z $folder && -n $name && -f src/$name/CMakeLists.txt ]]; then
    case $name in files/s3 | store/mongo) need_jars ;; esac
    build_room_tests "$preset" "$name"
    run_suite "${words[@]}" --room "$name"
  elif [[ -n $name && -d tests/${folder:=$name} ]]; then
    need_venv
    need_jars
    [[ $folder != examples ]] || need_examples
    build "$preset" parley
    run_suite "${words[@]}" --folder "$folder"
  elif [[ -n $name ]]; then
    trap - EXIT
    die "test: there is no room and no folder of tests called $name" 2
  else
    need_venv
    need_jars
    need_examples
    build "$preset" tests parley
    [[ -z $long ]] || build tsan tests # the rooms once more, for races
    run_suite "${words[@]}"
  fi
}

# A room's tests do not need the venv.
run_suite() {
  local python=build/venv/bin/python
  [[ -x $python ]] || python=/usr/bin/python3
  trap - EXIT # from here on the suite counts
  "$python" tests/run/suite.py "$@"
}

build_room_tests() {
  local preset=$1 room=$2 targets=()
  need_packages "${BUILD_PACKAGES[@]}"
  configure "$preset"
  cmake --build "build/$preset" --target build.ninja >&2 # so that the lists below are fresh
  mapfile -t targets < <(awk -v room="$room" '$1 == room {sub(".*/", "", $NF); print $NF}' \
    "build/$preset/tests.txt" "build/$preset/fuzzers.txt")
  if ((${#targets[@]} == 0)); then
    trap - EXIT
    die "test: the room $room has no tests" 2
  fi
  build "$preset" "${targets[@]}"
}

# It builds what it is asked to test, once it has understood the question.
verb_acceptance() {
  need_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  need_venv
  need_jars
  build/venv/bin/python tests/run/acceptance.py "$@"
}

verb_fuzz() {
  local target="" seconds=60
  while (($#)); do
    case $1 in
      --for) shift; seconds=${1:?--for needs seconds} ;;
      -*) die "fuzz: there is no option $1" 2 ;;
      *) target=$1 ;;
    esac
    shift
  done
  need_packages "${BUILD_PACKAGES[@]}"
  configure fuzz
  cmake --build build/fuzz --target build.ninja >&2
  if [[ -z $target ]]; then
    [[ -s build/fuzz/fuzzers.txt ]] || die "there is no fuzz target yet" 2
    echo "Fuzz targets (./dev fuzz TARGET [--for SECONDS]):"
    awk '{print "  " $2 "   src/" $1}' build/fuzz/fuzzers.txt
    return 0
  fi
  fuzz_one "$target" "$seconds"
}

fuzz_one() {
  local target=$1 seconds=$2 room stem program
  read -r room stem program < <(awk -v name="$target" '$2 == name || $2 == name "_fuzz"' build/fuzz/fuzzers.txt) ||
    die "there is no fuzz target $target; ./dev fuzz lists them" 2
  build fuzz "$(basename "$program")"
  local found=build/fuzz/found/$stem corpus=()
  mkdir -p "$found"
  [[ ! -d src/$room/corpus/$stem ]] || corpus=("src/$room/corpus/$stem")
  # New inputs and crashes stay in build/; what is worth keeping is copied to the corpus by hand.
  "build/fuzz/$program" "$found" "${corpus[@]}" \
    -max_total_time="$seconds" -timeout=10 -artifact_prefix="$found/" -print_final_stats=1
}
