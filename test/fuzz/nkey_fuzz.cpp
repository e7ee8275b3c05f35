// test/fuzz/nkey_fuzz.cpp: a key or seed that is read is written as it was; so is base64url.
#include "security/key_pair.hpp"
#include "security/text_encoding.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace troupe::security;

namespace {

void demand(bool truth) {
  if (!truth)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  if (auto seed = nkey_seed::parse(text)) {
    demand(seed->text() == text);
    if (auto pair = key_pair::from_seed(text))
      demand(decode_public_nkey(pair->public_text()) == pair->public_key());
    else
      demand(seed->kind() == nkey_kind::curve && curve_key_pair::from_seed(text));
  }
  if (auto key = decode_public_nkey(text))
    demand(encode(*key) == text);
  if (auto bytes = from_base64url(text))
    demand(to_base64url(*bytes) == text);
  demand(from_base64url(to_base64url(text)) == text);
  signed_by("UAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3RLKK", "nonce", text);
  return 0;
}
