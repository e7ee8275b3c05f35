// test/fuzz/connect_fuzz.cpp: any CONNECT is refused without a trace, or read the same every time.
#include "protocol/connect.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <tuple>

using troupe::protocol::connect_options;
using troupe::protocol::errc;
using troupe::protocol::parse_connect;

namespace {

auto fields(const connect_options& of) {
  return std::tie(of.verbose, of.pedantic, of.echo, of.headers, of.no_responders, of.tls_required,
                  of.new_account, of.protocol, of.name, of.lang, of.version, of.user, of.pass,
                  of.auth_token, of.nkey, of.jwt, of.sig, of.proxy_sig, of.account);
}

void demand(bool truth) {
  if (!truth)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view json{reinterpret_cast<const char*>(data), size};
  connect_options first;
  auto code = parse_connect(json, first);
  demand(code == errc::none || code == errc::malformed_connect);
  if (code != errc::none) {
    demand(fields(first) == fields(connect_options{}));
    return 0;
  }
  connect_options second;
  demand(parse_connect(json, second) == errc::none);
  demand(fields(first) == fields(second));
  // Read over its own outcome it changes nothing: what is present is set, what is not is kept.
  demand(parse_connect(json, second) == errc::none);
  demand(fields(first) == fields(second));
  return 0;
}
