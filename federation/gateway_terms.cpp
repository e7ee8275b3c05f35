// federation/gateway_terms.cpp: INFO as gateways use it to say something of others.
#include "federation/gateway_terms.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <string_view>

namespace troupe::federation {
namespace {

std::string to_base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0'); // and the zero that is put behind it
  auto length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(bytes.data()),
                                static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

} // namespace

std::string account_in(const std::string& payload) {
  std::string out(payload.size() / 4 * 3, '\0');
  auto length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(payload.data()),
                                static_cast<int>(payload.size()));
  auto padding = payload.ends_with("==") ? 2 : payload.ends_with('=') ? 1 : 0;
  out.resize(static_cast<size_t>(std::max(length - padding, 0)));
  return to_base64(out) == payload ? out : std::string{}; // the decoder takes more than that
}

std::string gossip_line(const std::string& server_id, const std::string& cluster,
                        const std::vector<std::string>& urls) {
  protocol::link_info out;
  out.server_id = server_id;
  out.gateway = cluster;
  out.gateway_urls = urls;
  out.gateway_cmd = static_cast<int64_t>(gateway_command::gossip);
  return info_line(out);
}

std::string command_line(gateway_command what, const std::string& own_cluster,
                         const std::string& account) {
  protocol::link_info out;
  out.gateway = own_cluster;
  out.gateway_cmd = static_cast<int64_t>(what);
  out.gateway_cmd_payload = to_base64(account);
  return info_line(out);
}

} // namespace troupe::federation
