// test/doctest_main.cpp: the one main() that all doctest programs share.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
