# What others wrote, as targets with one spelling. All from Debian 12; ./dev installs them.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json system)  # Boost::headers Boost::json
find_package(OpenSSL REQUIRED)                            # OpenSSL::SSL OpenSSL::Crypto
find_package(SQLite3 REQUIRED)                            # SQLite::SQLite3
find_package(CURL REQUIRED)                               # CURL::libcurl
find_package(ZLIB REQUIRED)                               # ZLIB::ZLIB
find_package(fmt REQUIRED)                                # fmt::fmt
find_package(spdlog REQUIRED)                             # spdlog::spdlog
find_package(simdjson REQUIRED)                           # simdjson::simdjson
find_package(prometheus-cpp REQUIRED COMPONENTS core)     # prometheus-cpp::core
find_package(mongoc-1.0 1.23 REQUIRED)                    # mongo::mongoc_shared
find_package(yaml-cpp REQUIRED)                           # yaml-cpp
find_package(CLI11 REQUIRED)                              # CLI11::CLI11
find_package(GTest REQUIRED)                              # GTest::gmock_main
find_package(benchmark REQUIRED)                          # benchmark::benchmark

# These bring no CMake package that works here.
find_package(PkgConfig REQUIRED)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET GLOBAL libpq)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET GLOBAL libutf8proc)
pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET GLOBAL jemalloc)
add_library(jemalloc::jemalloc ALIAS PkgConfig::jemalloc)
pkg_check_modules(liburing REQUIRED IMPORTED_TARGET GLOBAL liburing)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET GLOBAL hiredis)
add_library(hiredis::hiredis ALIAS PkgConfig::hiredis)
pkg_check_modules(librabbitmq REQUIRED IMPORTED_TARGET GLOBAL librabbitmq)
pkg_check_modules(libmagic REQUIRED IMPORTED_TARGET GLOBAL libmagic)
add_library(libmagic::libmagic ALIAS PkgConfig::libmagic)
pkg_check_modules(cnats REQUIRED IMPORTED_TARGET GLOBAL libnats)
add_library(cnats::cnats ALIAS PkgConfig::cnats)
pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET GLOBAL rdkafka)
add_library(rdkafka::rdkafka ALIAS PkgConfig::rdkafka)
add_library(librabbitmq::librabbitmq ALIAS PkgConfig::librabbitmq)
add_library(libpq::libpq ALIAS PkgConfig::libpq)
add_library(liburing::liburing ALIAS PkgConfig::liburing)

# Asio and Beast, declared everywhere and compiled once: the net room has the one file which includes
# <boost/asio/impl/src.hpp> and <boost/beast/src.hpp> (room()'s FOREIGN).
add_library(parley_asio INTERFACE)
target_link_libraries(parley_asio INTERFACE Boost::headers Boost::system Threads::Threads)
target_compile_definitions(
  parley_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                        BOOST_ASIO_NO_DEPRECATED)

# Precompiled headers. A room which names parley_asio gets the second, every other the first.
function(precompiled target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;LIBS")
  file(WRITE "${CMAKE_BINARY_DIR}/pch/${target}.cpp.new" "")
  file(COPY_FILE "${CMAKE_BINARY_DIR}/pch/${target}.cpp.new" "${CMAKE_BINARY_DIR}/pch/${target}.cpp"
       ONLY_IF_DIFFERENT)
  add_library(${target} OBJECT "${CMAKE_BINARY_DIR}/pch/${target}.cpp")
  target_link_libraries(${target} PRIVATE parley_warnings ${arg_LIBS})
  target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  target_precompile_headers(${target} PRIVATE ${arg_HEADERS})
endfunction()

set(std_headers
    <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <compare> <concepts> <coroutine> <cstddef>
    <cstdint> <cstring> <deque> <exception> <expected> <functional> <map> <memory> <mutex> <optional>
    <random> <ranges> <set> <span> <string> <string_view> <thread> <tuple> <type_traits> <unordered_map>
    <unordered_set> <utility> <variant> <vector>
    # Alone it takes a second to read, and a third of our files read JSON.
    <simdjson.h>)
precompiled(parley_pch HEADERS ${std_headers})
precompiled(parley_pch_asio HEADERS ${std_headers} <boost/asio.hpp> <boost/beast/core.hpp>
            <boost/beast/http.hpp> LIBS parley_asio)
precompiled(parley_pch_test HEADERS ${std_headers} <gtest/gtest.h> <gmock/gmock.h> LIBS GTest::gmock)
