// security/creds_file.cpp: finds what stands between lines of dashes.
#include "security/creds_file.hpp"

#include "security/jwt.hpp"
#include "security/text_encoding.hpp"

#include <algorithm>
#include <vector>

namespace troupe::security {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  auto begin = text.find_first_not_of(blanks);
  return begin == text.npos ? std::string_view{}
                            : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) // what editors of one system put before everything
    text.remove_prefix(3);
  std::vector<std::string_view> out;
  for (size_t from = 0; from <= text.size();) {
    auto to = std::min(text.find('\n', from), text.size());
    out.push_back(trimmed(text.substr(from, to - from)));
    from = to + 1;
  }
  return out;
}

bool is_dashed(std::string_view line) {
  return line.size() >= 6 && line.starts_with("---") && line.ends_with("---");
}

bool is_content(std::string_view line) {
  return !line.empty() && std::all_of(line.begin(), line.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'
           || c == '.' || c == '=' || c == '-';
  });
}

/// One line of content between two lines of dashes.
std::vector<std::string_view> blocks_of(std::string_view text) {
  std::vector<std::string_view> out;
  auto lines = lines_of(text);
  for (size_t i = 0; i + 2 < lines.size(); ++i)
    if (is_dashed(lines[i]) && is_content(lines[i + 1]) && !is_dashed(lines[i + 1])
        && is_dashed(lines[i + 2])) {
      out.push_back(lines[i + 1]);
      i += 2;
    }
  return out;
}

bool looks_like_jwt(std::string_view text) {
  return std::count(text.begin(), text.end(), '.') == 2;
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

/// What forbids to write or use the two together.
std::string fault_of(std::string_view jwt, const nkey_seed& seed) {
  auto read = decode_user_jwt(jwt);
  if (auto* error = std::get_if<jwt_error>(&read))
    return "its JWT is not usable: " + error->reason;
  if (seed.kind() != nkey_kind::user)
    return "its seed is not that of a user (SU…)";
  if (key_pair{seed}.public_text() != std::get<user_claims>(read).standard.subject)
    return "its seed does not belong to the user of its JWT";
  return {};
}

} // namespace

std::variant<credentials_text, std::string> parse_creds(std::string_view text) {
  auto blocks = blocks_of(text);
  auto jwt = std::find_if(blocks.begin(), blocks.end(), looks_like_jwt);
  if (jwt == blocks.end())
    return std::string{"there is no JWT between two lines of dashes"};
  auto seed = seed_in(text);
  if (!seed)
    return std::string{"there is no seed (SU…) between two lines of dashes, or it is damaged"};
  if (auto fault = fault_of(*jwt, *seed); !fault.empty())
    return fault;
  return credentials_text{std::string{*jwt}, *seed};
}

std::optional<std::string> format_creds(std::string_view jwt, const nkey_seed& seed) {
  jwt = trimmed(jwt);
  if (!fault_of(jwt, seed).empty())
    return std::nullopt;
  return decorate_jwt("user", jwt) + decorate_seed(seed);
}

std::string jwt_in(std::string_view text) {
  auto blocks = blocks_of(text);
  auto found = std::find_if(blocks.begin(), blocks.end(), looks_like_jwt);
  return std::string{found != blocks.end() ? *found : trimmed(text)};
}

std::optional<nkey_seed> seed_in(std::string_view text) {
  for (auto block : blocks_of(text))
    if (auto seed = nkey_seed::parse(block))
      return seed;
  for (auto line : lines_of(text))
    if (auto seed = nkey_seed::parse(line))
      return seed;
  return std::nullopt;
}

std::string decorate_jwt(std::string_view kind, std::string_view jwt) {
  auto name = upper(kind);
  return "-----BEGIN NATS " + name + " JWT-----\n" + std::string{trimmed(jwt)} + "\n------END NATS "
         + name + " JWT------\n\n";
}

std::string decorate_seed(const nkey_seed& seed) {
  auto name = upper(to_string(seed.kind()));
  auto text = seed.text();
  std::string out;
  out.reserve(512); // one place in memory to wipe
  out += "************************* IMPORTANT *************************\n"
         "NKEY Seed printed below can be used to sign and prove identity.\n"
         "NKEYs are sensitive and should be treated as secrets.\n\n-----BEGIN ";
  out += name;
  out += " NKEY SEED-----\n";
  out += text;
  out += "\n------END ";
  out += name;
  out += " NKEY SEED------\n\n*************************************************************\n";
  wipe(text);
  return out;
}

} // namespace troupe::security
