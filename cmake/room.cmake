# room(name …): a folder under src/, a static library, and the checks that keep the layering.
#
#   room(engine
#     SOURCES     send.cpp read.cpp        # may be left out: a room of headers
#     USES        model                    # rooms that appear in our headers   (linked PUBLIC)
#     INSIDE      store hub                # rooms only in our .cpp files       (linked PRIVATE)
#     LIBS        spdlog::spdlog           # other people's libraries in our headers
#     INSIDE_LIBS SQLite::SQLite3          # … only in our .cpp files
#     FOREIGN     asio.cpp                 # files which only compile somebody else's code: no warnings
#     TESTS       send_test.cpp            # one gtest program for the room: parley_engine_test
#     TEST_USES   store/memory             # rooms that only the tests need
#     TEST_LIBS   benchmark::benchmark
#     FUZZ        cursor_fuzz.cpp          # one libFuzzer program each: parley_engine_cursor_fuzz
#     PROGRAM     parley main.cpp)         # a program at the top of the build folder, and its main
#
# How the layering holds:
#   - A room can only name rooms that src/CMakeLists.txt has listed before it, so there is no cycle.
#   - The include root of a room is a folder of its own in the build tree, with a link to each of its
#     headers (not to the folder: that would show its sub-rooms). Only those who name the room have
#     this root on their path, so a wrong include does not compile.

set_property(GLOBAL PROPERTY PARLEY_ROOMS "")
add_custom_target(lone_headers)  # each header compiles alone; ./dev lint
add_custom_target(tests)         # all that ./dev test runs
file(WRITE "${CMAKE_BINARY_DIR}/tests.txt" "")    # room, program: read by tests/run
file(WRITE "${CMAKE_BINARY_DIR}/fuzzers.txt" "")

function(room name)
  set(lists SOURCES USES INSIDE LIBS INSIDE_LIBS FOREIGN TESTS TEST_USES TEST_LIBS FUZZ PROGRAM)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "${lists}")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "room ${name}: what is ${arg_UNPARSED_ARGUMENTS}?")
  endif()
  _room_check_folder(${name})
  _room_target(${name} target)
  _room_targets(${name} USES uses ${arg_USES})
  _room_targets(${name} INSIDE inside ${arg_INSIDE})
  _room_targets(${name} TEST_USES test_uses ${arg_TEST_USES})
  set_property(GLOBAL APPEND PROPERTY PARLEY_ROOMS ${name})

  _room_link_headers(${name} include headers)
  if(NOT arg_SOURCES)  # a library needs a file
    set(arg_SOURCES "${CMAKE_BINARY_DIR}/rooms/${name}/empty.cpp")
    file(CONFIGURE OUTPUT "${arg_SOURCES}" CONTENT "// ${name} has only headers\n")
  endif()
  add_library(${target} STATIC ${arg_SOURCES})
  target_include_directories(${target} PUBLIC "${include}")
  target_link_libraries(${target} PUBLIC ${uses} ${arg_LIBS}
                                  PRIVATE ${inside} ${arg_INSIDE_LIBS} $<BUILD_INTERFACE:parley_warnings>)
  set(pch parley_pch)
  if("parley_asio" IN_LIST arg_LIBS OR "parley_asio" IN_LIST arg_INSIDE_LIBS)
    set(pch parley_pch_asio)
  endif()
  _room_precompiled(${target} ${pch})

  if(arg_FOREIGN)
    add_library(${target}_foreign OBJECT ${arg_FOREIGN})
    target_compile_options(${target}_foreign PRIVATE -w)
    target_link_libraries(${target}_foreign PRIVATE ${arg_LIBS} ${arg_INSIDE_LIBS})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_foreign>)
  endif()
  if(arg_PROGRAM)
    _room_program(${target} ${arg_PROGRAM})
  endif()
  if(arg_TESTS)
    _room_tests(${name} ${target} "${arg_TESTS}"
                "${uses};${inside};${test_uses};${arg_LIBS};${arg_INSIDE_LIBS};${arg_TEST_LIBS}")
  endif()
  foreach(source IN LISTS arg_FUZZ)
    _room_fuzzer(${name} ${target} ${source}
                 "${uses};${inside};${test_uses};${arg_LIBS};${arg_INSIDE_LIBS};${arg_TEST_LIBS}")
  endforeach()
  _room_lone_headers(${name} ${target} "${headers}" "${inside};${arg_INSIDE_LIBS};${test_uses}")
endfunction()

# store/sqlite -> parley_store_sqlite
function(_room_target name out)
  string(REPLACE "/" "_" target "parley_${name}")
  set(${out} ${target} PARENT_SCOPE)
endfunction()

function(_room_check_folder name)
  if(NOT CMAKE_CURRENT_SOURCE_DIR STREQUAL "${PROJECT_SOURCE_DIR}/src/${name}")
    message(FATAL_ERROR "room ${name} must be declared in src/${name}/CMakeLists.txt")
  endif()
endfunction()

# Rooms to targets; refuses what is not below us.
function(_room_targets name role out)
  get_property(known GLOBAL PROPERTY PARLEY_ROOMS)
  set(targets "")
  foreach(other IN LISTS ARGN)
    if(NOT other IN_LIST known)
      message(FATAL_ERROR "room ${name}: ${role} ${other}, but there is no such room below it. "
                          "The order in src/CMakeLists.txt is the layering; arrows go only downwards.")
    endif()
    _room_target(${other} target)
    list(APPEND targets ${target})
  endforeach()
  set(${out} "${targets}" PARENT_SCOPE)
endfunction()

function(_room_link_headers name out_include out_headers)
  set(include "${CMAKE_BINARY_DIR}/rooms/${name}/include")
  set(folder "${include}/${name}")
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" "*.h" "*.def")
  file(GLOB links RELATIVE "${folder}" "${folder}/*")
  file(MAKE_DIRECTORY "${folder}")
  foreach(gone IN LISTS links)
    if(NOT gone IN_LIST headers)
      file(REMOVE "${folder}/${gone}")
    endif()
  endforeach()
  foreach(header IN LISTS headers)
    if(NOT IS_SYMLINK "${folder}/${header}")
      file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}/${header}" "${folder}/${header}" SYMBOLIC)
    endif()
  endforeach()
  list(FILTER headers INCLUDE REGEX "\\.h$")
  set(${out_include} "${include}" PARENT_SCOPE)
  set(${out_headers} "${headers}" PARENT_SCOPE)
endfunction()

function(_room_precompiled target pch)
  target_precompile_headers(${target} REUSE_FROM ${pch})
  target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endfunction()

function(_room_program target program source)
  add_executable(${program} ${source})
  target_link_libraries(${program} PRIVATE ${target} parley_warnings)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
endfunction()

function(_room_tests name target sources libs)
  set(program ${target}_test)
  add_executable(${program} EXCLUDE_FROM_ALL ${sources})
  target_link_libraries(${program} PRIVATE ${target} ${libs} GTest::gmock GTest::gmock_main parley_warnings)
  _room_precompiled(${program} parley_pch_test)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_dependencies(tests ${program})
  add_test(NAME ${name} COMMAND ${program} --gtest_brief=1)
  file(APPEND "${CMAKE_BINARY_DIR}/tests.txt" "${name} tests/${program}\n")
endfunction()

function(_room_fuzzer name target source libs)
  get_filename_component(stem ${source} NAME_WE)
  set(program ${target}_${stem})
  add_executable(${program} EXCLUDE_FROM_ALL ${source})
  target_link_libraries(${program} PRIVATE ${target} ${libs} parley_warnings)
  target_compile_options(${program} PRIVATE -fsanitize=fuzzer)
  target_link_options(${program} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  if(CMAKE_BUILD_TYPE MATCHES "^(Asan|Fuzz)$")
    add_dependencies(tests ${program})
    file(APPEND "${CMAKE_BINARY_DIR}/fuzzers.txt" "${name} ${stem} tests/${program}\n")
  endif()
endfunction()

# One file each header, which includes nothing else: whoever includes a header needs nothing before it.
function(_room_lone_headers name target headers libs)
  set(sources "")
  foreach(header IN LISTS headers)
    set(source "${CMAKE_BINARY_DIR}/rooms/${name}/lone/${header}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"${name}/${header}\"\n")
    list(APPEND sources "${source}")
  endforeach()
  if(sources)
    add_library(${target}_lone OBJECT EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(${target}_lone PRIVATE ${target} ${libs} GTest::gmock parley_warnings)
    add_dependencies(lone_headers ${target}_lone)
  endif()
endfunction()
