// cli/account_share.cpp: flags and look-ups of exports and imports.
#include "cli/account_share.hpp"

#include "cli/text_table.hpp"
#include "protocol/subject.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::cli {

using security::share_kind;
using texts = std::vector<std::string>;

std::optional<share_kind> kind_of(const share_flags& flags) {
  if (flags.service == flags.stream)
    return std::nullopt;
  return flags.service ? share_kind::service : share_kind::stream;
}

std::string said(share_kind kind) {
  return kind == share_kind::service ? "service" : "stream";
}

const security::export_claim* find_offer(const security::named_account& exporter,
                                         const share_flags& flags, texts& problems) {
  const security::export_claim* found = nullptr;
  texts offered;
  auto wanted = kind_of(flags);
  for (const auto& one : exporter.claims.exports) {
    if (!one.kind)
      continue;
    offered.push_back(fmt::format("{} {}", said(*one.kind), one.subject));
    if (wanted && one.kind != wanted)
      continue;
    if (protocol::is_subset(flags.subject, one.subject)
        && (found == nullptr || one.subject == flags.subject))
      found = &one;
  }
  if (found == nullptr)
    problems.push_back(fmt::format("account {} exports nothing that covers {}; it exports: {}",
                                   exporter.name, flags.subject,
                                   offered.empty() ? "nothing" : joined(offered)));
  return found;
}

void add_share_flags(CLI::App& command, share_flags& flags, const char* whose, const char* what) {
  command.add_option("ACCOUNT", flags.account, whose)->required();
  command.add_option("SUBJECT", flags.subject, what)->required();
  command.add_flag("--stream", flags.stream, "messages flow from the exporter");
  command.add_flag("--service", flags.service, "requests flow to the exporter");
  command.add_option("--name", flags.name, "for people (default: the subject)")->type_name("TEXT");
}

} // namespace troupe::cli
