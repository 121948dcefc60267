# How every file of ours is compiled: language, warnings, one build type for each preset, ccache, the linker.
# The compiler is clang 19: g++ 12 miscompiles coroutines.

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "parley needs clang 19 (g++ 12 miscompiles coroutines). "
                      "Start with ./dev build, or: cmake --preset release")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(THREADS_PREFER_PTHREAD_FLAG ON)

add_compile_options(-fno-omit-frame-pointer -fdiagnostics-color=always)
add_link_options(-fuse-ld=lld-19)

# Build types, one each preset.
set(sanitize_address -fsanitize=address,undefined -fno-sanitize-recover=all)
set(sanitize_thread -fsanitize=thread)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG -flto=thin")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g -D_GLIBCXX_ASSERTIONS")
foreach(kind ASAN TSAN FUZZ)
  set(CMAKE_CXX_FLAGS_${kind} "-O1 -g1 -D_GLIBCXX_ASSERTIONS")
  set(CMAKE_EXE_LINKER_FLAGS_${kind} "")
  set(CMAKE_STATIC_LINKER_FLAGS_${kind} "")
endforeach()
if(CMAKE_BUILD_TYPE STREQUAL "Asan" OR CMAKE_BUILD_TYPE STREQUAL "Fuzz")
  add_compile_options(${sanitize_address})
  add_link_options(${sanitize_address})
elseif(CMAKE_BUILD_TYPE STREQUAL "Tsan")
  add_compile_options(${sanitize_thread})
  add_link_options(${sanitize_thread})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # What ThinLTO made of an unchanged module is kept, so a second link takes seconds.
  add_link_options(-flto=thin "LINKER:--thinlto-cache-dir=${CMAKE_BINARY_DIR}/thinlto"
                   "LINKER:--thinlto-cache-policy=cache_size_bytes=1g")
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Fuzz")
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Archives of bitcode need an index that only llvm's tools can write.
find_program(LLVM_AR NAMES llvm-ar-19 REQUIRED)
find_program(LLVM_RANLIB NAMES llvm-ranlib-19 REQUIRED)
set(CMAKE_AR "${LLVM_AR}")
set(CMAKE_RANLIB "${LLVM_RANLIB}")
foreach(tool AR RANLIB)
  set(CMAKE_CXX_COMPILER_${tool} "${LLVM_${tool}}")
endforeach()

# ccache, taught that a precompiled header is known by its content.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
                                  CCACHE_SLOPPINESS=pch_defines,time_macros "${CCACHE}")
endif()

# Only for our own files: warnings are errors.
add_library(parley_warnings INTERFACE)
target_compile_options(parley_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
