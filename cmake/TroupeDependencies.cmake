# What Troupe needs from the system; all are Debian packages (see scripts in `make deps`).
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SNAPPY REQUIRED IMPORTED_TARGET snappy)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(LIBCRYPT REQUIRED IMPORTED_TARGET libxcrypt)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)

# doctest's header only; test/doctest_main.cpp holds its main.
add_library(doctest_headers INTERFACE)
find_path(DOCTEST_INCLUDE_DIR doctest/doctest.h REQUIRED)
target_include_directories(doctest_headers SYSTEM INTERFACE ${DOCTEST_INCLUDE_DIR})

# Debian ships no CAFConfig.cmake: find header and library, refuse any other release.
find_path(CAF_INCLUDE_DIR caf/all.hpp REQUIRED)
find_library(CAF_CORE_LIBRARY caf_core REQUIRED)
file(STRINGS ${CAF_INCLUDE_DIR}/caf/config.hpp caf_version_line REGEX "^#define CAF_VERSION ")
string(REGEX MATCH "[0-9]+" caf_version "${caf_version_line}")
if(NOT caf_version EQUAL 1706)
  message(FATAL_ERROR "CAF 0.17.6 (CAF_VERSION 1706) is needed, ${CAF_INCLUDE_DIR} has ${caf_version}")
endif()
add_library(CAF::core UNKNOWN IMPORTED)
set_target_properties(CAF::core PROPERTIES
  IMPORTED_LOCATION ${CAF_CORE_LIBRARY}
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${CAF_INCLUDE_DIR}
  INTERFACE_COMPILE_DEFINITIONS CAF_ENABLE_TYPE_ID_CHECKS
  INTERFACE_LINK_LIBRARIES Threads::Threads)
