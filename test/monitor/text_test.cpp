// test/monitor/text_test.cpp: times, numbers and queries in the exact spelling of the reference.
#include "monitor/json_text.hpp"
#include "monitor/query.hpp"
#include "monitor/time_text.hpp"
#include "test/monitor/snapshots.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <ctime>

using namespace troupe::monitor;
using namespace std::chrono_literals;
using troupe::monitor::test::noon;

namespace {

/// Another time zone while it lives.
struct zone {
  explicit zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~zone() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

std::string integer_fault(const char* text) {
  query from{text};
  option_reader options{from};
  options.integer("limit");
  return options.fault();
}

} // namespace

TEST_CASE("a UTC time drops trailing zeros of its fraction, and an empty fraction") {
  CHECK(utc_text(noon()) == "2026-11-23T16:01:08Z");
  CHECK(utc_text(noon() + 297742015ns) == "2026-11-23T16:01:08.297742015Z");
  CHECK(utc_text(noon() + 250ms) == "2026-11-23T16:01:08.25Z");
  CHECK(utc_text(noon() + 1ns) == "2026-11-23T16:01:08.000000001Z");
}

TEST_CASE("a time before 1970 keeps its fraction positive") {
  CHECK(utc_text(troupe::actors::wall_time{} - 250ms) == "1969-12-31T23:59:59.75Z");
}

TEST_CASE("a local time carries the offset of its zone") {
  {
    zone kolkata{"IST-5:30"};
    CHECK(local_text(noon() + 5ms) == "2026-11-23T21:31:08.005+05:30");
  }
  {
    zone newfoundland{"NST3:30"};
    CHECK(local_text(noon()) == "2026-11-23T12:31:08-03:30");
  }
  zone utc{"UTC0"};
  CHECK(local_text(noon()) == "2026-11-23T16:01:08Z");
}

TEST_CASE("an uptime drops leading zero units and keeps inner ones") {
  CHECK(uptime_text(0s) == "0s");
  CHECK(uptime_text(999ms) == "0s");
  CHECK(uptime_text(59s) == "59s");
  CHECK(uptime_text(60s) == "1m0s");
  CHECK(uptime_text(1h + 5s) == "1h0m5s");
  CHECK(uptime_text(48h + 1s) == "2d0h0m1s");
  CHECK(uptime_text(366 * 24h) == "1y1d0h0m0s");
  CHECK(uptime_text(-5s) == "0s");
}

TEST_CASE("a round trip is cut to microseconds below a millisecond only") {
  CHECK(rtt_text(0ns) == "0s");
  CHECK(rtt_text(530999ns) == "530µs");
  CHECK(rtt_text(5408167ns) == "5.408167ms");
  CHECK(rtt_text(2245380896ns) == "2.245380896s");
}

TEST_CASE("a whole number is written without a fraction") {
  CHECK(json_text(number(2)) == "2");
  CHECK(json_text(number(4.5)) == "4.5");
  CHECK(json_text(number(1.0 / 3)) == "0.3333333333333333");
}

TEST_CASE("a body escapes what a browser could take for markup and replaces broken UTF-8") {
  CHECK(json_text({{"s", "a<b>&"}}, layout::compact) == R"({"s":"a\u003cb\u003e\u0026"})");
  CHECK(json_text({{"s", "\xff"}}, layout::compact) == "{\"s\":\"\xef\xbf\xbd\"}");
}

TEST_CASE("a query is decoded pair by pair, and the first of equal keys counts") {
  query from{"a=1&b=x%20y+z&a=2&flag&bad=%zz&semi=1;2&=&%61cc=%24G"};
  CHECK(from["a"] == "1");
  CHECK(from["b"] == "x y z");
  CHECK(from["flag"] == "");
  CHECK(from["bad"] == "");
  CHECK(from["semi"] == "");
  CHECK(from["acc"] == "$G");
  CHECK(query{"x=%"}["x"] == "");
}

TEST_CASE("a wrong option is answered in the words of the reference") {
  CHECK(integer_fault("limit=x")
        == R"(Error decoding int for 'limit': strconv.Atoi: parsing "x": invalid syntax)");
  CHECK(integer_fault("limit=99999999999999999999")
        == "Error decoding int for 'limit': strconv.Atoi: parsing \"99999999999999999999\": value "
           "out of range");
  CHECK(integer_fault("limit=+5")
        == R"(Error decoding int for 'limit': strconv.Atoi: parsing " 5": invalid syntax)");
  CHECK(integer_fault("limit=0x10") != "");
  CHECK(integer_fault("limit=%2B-5") != "");
  CHECK(integer_fault("limit=%2B") != "");
  for (const auto* right : {"limit=%2B5", "limit=-5", "limit=", "", "limit=007"})
    CHECK_MESSAGE(integer_fault(right) == "", std::string{right});
}

TEST_CASE("a boolean has thirteen spellings and no others") {
  for (const auto* yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    query from{std::string{"b="} + yes};
    option_reader options{from};
    CHECK_MESSAGE(options.boolean("b"), std::string{yes});
    CHECK(options.fault() == "");
  }
  query from{"b=yes"};
  option_reader options{from};
  CHECK_FALSE(options.boolean("b"));
  CHECK(options.fault()
        == R"(Error decoding boolean for 'b': strconv.ParseBool: parsing "yes": invalid syntax)");
}
