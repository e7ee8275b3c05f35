// cli/credentials.cpp: creds and seeds out of files, and signatures with them.
#include "cli/credentials.hpp"

#include "cli/moment.hpp"
#include "security/creds_file.hpp"
#include "security/jwt.hpp"
#include "security/store_layout.hpp"
#include "security/text_encoding.hpp"

#include <fmt/core.h>

namespace troupe::cli {
namespace {

problem cannot_use(const char* flag, const std::string& path, const std::string& why,
                   const char* hint) {
  return {fmt::format("{} {}: {}", flag, path, why), hint, exit_code::usage};
}

/// Whoever reads a seed can be its owner.
void warn_of_readers(const std::string& path) {
  if (security::is_open_to_others(path))
    fmt::print(stderr, "troupe: warning: {}: others can read or change this secret: chmod 600 {}\n",
               path, path);
}

} // namespace

std::string credentials::sign(std::string_view nonce) const {
  auto raw = pair.sign(nonce);
  return security::to_base64url({reinterpret_cast<const char*>(raw.data()), raw.size()});
}

outcome read_creds_file(const std::string& path, int64_t now, credentials_ptr& out) {
  constexpr auto hint = "a creds file holds a user JWT and its seed, as `troupe account add user` "
                        "and nsc write it";
  std::string why;
  auto text = security::read_store_file(path, why);
  if (!text)
    return cannot_use("--creds", path, why, hint);
  warn_of_readers(path);
  auto read = security::parse_creds(*text);
  security::wipe(*text);
  if (auto* fault = std::get_if<std::string>(&read))
    return cannot_use("--creds", path, *fault, hint);
  auto& found = std::get<security::credentials_text>(read);
  auto claims = std::get<security::user_claims>(security::decode_user_jwt(found.jwt));
  auto shown = fmt::format("user \"{}\" of creds file {}", claims.standard.name, path);
  if (auto expires = claims.standard.expires; expires != 0 && expires <= now)
    shown += ", which expired " + show_moment(expires);
  out = std::make_shared<const credentials>(
      credentials{std::move(found.jwt), security::key_pair{found.seed}, std::move(shown)});
  return std::nullopt;
}

outcome read_nkey_file(const std::string& path, credentials_ptr& out) {
  std::string why;
  auto text = security::read_store_file(path, why);
  if (!text)
    return cannot_use("--nkey", path, why, "name a file with the seed of a user (SU…)");
  auto seed = security::seed_in(*text);
  security::wipe(*text);
  if (!seed || seed->kind() != security::nkey_kind::user)
    return cannot_use("--nkey", path, seed ? "its seed is not that of a user" : "it holds no seed",
                      "name a file with the seed of a user (SU…)");
  warn_of_readers(path);
  security::key_pair pair{*seed};
  auto shown = "nkey " + pair.public_text();
  out = std::make_shared<const credentials>(credentials{{}, pair, std::move(shown)});
  return std::nullopt;
}

} // namespace troupe::cli
