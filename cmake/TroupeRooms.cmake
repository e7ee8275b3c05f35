# How a room becomes a static library, and a folder of tests a test program.
add_library(troupe_warnings INTERFACE)
target_compile_options(troupe_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees uninitialised optionals, overlapping strings and overrun ones (its bugs 105329 and
  # 105651) where there are none. AddressSanitizer sees the real ones.
  target_compile_options(troupe_warnings INTERFACE -Wno-maybe-uninitialized -Wno-restrict
    -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
target_include_directories(troupe_warnings INTERFACE ${CMAKE_SOURCE_DIR})
if(TROUPE_SANITIZE)
  target_compile_options(troupe_warnings INTERFACE
    -fsanitize=${TROUPE_SANITIZE} -fno-omit-frame-pointer)
  if(TROUPE_SANITIZE MATCHES "undefined")
    target_compile_options(troupe_warnings INTERFACE -fno-sanitize-recover=undefined)
  endif()
  target_link_options(troupe_warnings INTERFACE -fsanitize=${TROUPE_SANITIZE})
endif()
if(TROUPE_FUZZ)
  target_compile_options(troupe_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()

# troupe_room(NAME SOURCES a.cpp ... USES target ...): USES is the room's whole view of the world;
# a room that includes what it does not use fails to link (and test/house checks the includes).
function(troupe_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;PRIVATE_USES" ${ARGN})
  add_library(troupe_${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(troupe_${name} PUBLIC ${ROOM_USES} PRIVATE troupe_warnings ${ROOM_PRIVATE_USES})
  target_include_directories(troupe_${name} PUBLIC ${CMAKE_SOURCE_DIR})
endfunction()

# doctest's main, compiled once for all test programs. Nothing refers to it by name but the linker's
# search for main, which reads archives as well.
add_library(troupe_doctest_main STATIC EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/test/doctest_main.cpp)
target_link_libraries(troupe_doctest_main PRIVATE troupe_warnings doctest_headers)

# troupe_test(NAME SOURCES ... USES ...): one doctest program, one ctest entry.
function(troupe_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;USES" ${ARGN})
  add_executable(${name}_test ${T_SOURCES})
  target_link_libraries(${name}_test PRIVATE
    ${T_USES} troupe_warnings troupe_doctest_main doctest_headers)
  add_test(NAME ${name} COMMAND ${name}_test)
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT})
endfunction()

# troupe_precompile(TARGET header ...): headers that nearly every file of the target reads. They save
# a third of a build from nothing. Off unless a preset asks for it: while somebody works on a header,
# precompiling it costs more than it saves, and a file that lacks an include has to be found out.
function(troupe_precompile target)
  if(TROUPE_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()
