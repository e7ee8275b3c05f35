// security/user_template.cpp: subjects of each part of a fleet (choria-broker.md sections
// 6, 7.5, 10.3).
#include "security/user_template.hpp"

#include "protocol/subject.hpp"

#include <openssl/evp.h>

#include <array>

namespace troupe::security {
namespace {

constexpr std::array<std::string_view, 5> names{"server", "client", "adapter", "provisioning-leaf",
                                                "system"};

/// Choria names a caller's reply subjects by this.
std::string md5_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_md5(), nullptr);
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out.push_back(digits[bytes[i] >> 4]);
    out.push_back(digits[bytes[i] & 15]);
  }
  return out;
}

void add(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

permission_claims of_server(const template_values& with) {
  permission_claims out;
  auto& says = out.publish.allow;
  auto& hears = out.subscribe.allow;
  for (const auto& c : with.collectives) {
    add(says, {c + ".reply.>", c + ".broadcast.agent.registration",
               "choria.federation." + c + ".collective"});
    add(hears,
        {c + ".broadcast.agent.>", c + ".broadcast.service.>", c + ".node." + with.identity});
  }
  add(says, {"choria.lifecycle.event.>", "choria.machine.>"});
  add(says, with.registration);
  return out;
}

permission_claims of_client(const template_values& with) {
  permission_claims out;
  for (const auto& c : with.collectives) {
    add(out.publish.allow, {c + ".broadcast.agent.>", c + ".broadcast.service.>", c + ".node.>"});
    out.subscribe.allow.push_back(c + ".reply." + md5_hex(with.caller) + ".>");
    if (!with.identity.empty())
      out.subscribe.allow.push_back(c + ".reply." + with.identity + ".>");
  }
  out.publish.allow.emplace_back("choria.federation.*.federation");
  if (with.events)
    add(out.subscribe.allow, {"choria.lifecycle.event.>", "choria.machine.>"});
  return out;
}

permission_claims of_adapter(const template_values& with) {
  permission_claims out;
  out.publish.allow = with.output;
  out.subscribe.allow = with.input;
  return out;
}

permission_claims of_provisioning_leaf() {
  permission_claims out;
  out.publish.allow = {"choria.lifecycle.event.>", "provisioning.reply.>",
                       "provisioning.registration.>", "choria.provisioning_data"};
  out.subscribe.allow = {"provisioning.node.>"};
  for (auto agent : {"discovery", "rpcutil", "choria_util", "choria_provision"})
    out.subscribe.allow.push_back("provisioning.broadcast.agent." + std::string{agent});
  return out;
}

permission_claims of_system() {
  permission_claims out;
  out.publish.deny = {">"};
  out.subscribe.allow = {"$SYS.>"};
  return out;
}

} // namespace

std::string_view to_string(fleet_part part) noexcept {
  return names[static_cast<size_t>(part)];
}

std::optional<fleet_part> fleet_part_of(std::string_view name) noexcept {
  for (auto part : all_fleet_parts)
    if (to_string(part) == name)
      return part;
  return std::nullopt;
}

std::vector<std::string> faults_of(fleet_part part, const template_values& values) {
  std::vector<std::string> out;
  auto head = "template " + std::string{to_string(part)};
  auto literal = [&](const std::string& text, std::string_view what) {
    if (!protocol::is_valid_publish(text))
      out.push_back(head + ": " + std::string{what} + " \"" + text
                    + "\" must be tokens of a subject, without blanks and wildcards");
  };
  auto pattern = [&](const std::vector<std::string>& all, std::string_view what) {
    for (const auto& one : all)
      if (!protocol::is_valid_subscription(one))
        out.push_back(head + ": " + std::string{what} + " \"" + one + "\" is no subject");
  };
  bool fleet = part == fleet_part::server || part == fleet_part::client;
  if (fleet && values.collectives.empty())
    out.push_back(head + " needs at least one collective");
  if (fleet)
    for (const auto& one : values.collectives)
      literal(one, "the collective");
  if (part == fleet_part::server || !values.identity.empty())
    literal(values.identity, "the identity");
  if (part == fleet_part::client && values.caller.empty())
    out.push_back(head + " needs the caller, such as choria=rip.mcollective");
  if (part == fleet_part::adapter && values.input.empty())
    out.push_back(head + " needs the subject it listens to");
  if (part == fleet_part::adapter && values.output.empty())
    out.push_back(head + " needs the subject it publishes to");
  pattern(values.registration, "the registration subject");
  pattern(values.input, "the input");
  pattern(values.output, "the output");
  return out;
}

permission_claims permissions_of(fleet_part part, const template_values& values) {
  switch (part) {
  case fleet_part::server: return of_server(values);
  case fleet_part::client: return of_client(values);
  case fleet_part::adapter: return of_adapter(values);
  case fleet_part::provisioning_leaf: return of_provisioning_leaf();
  case fleet_part::system: return of_system();
  }
  return {};
}

} // namespace troupe::security
