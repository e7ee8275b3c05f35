// federation/leaf_streams.cpp: puts a link's interest into exporters' sublists, and takes it out.
#include "federation/leaf_streams.hpp"

#include "federation/leaf_rules.hpp"

#include <algorithm>
#include <vector>

namespace troupe::federation {

using actors::account_policy_ptr;
using actors::remote_interest;
using actors::stream_import_ptr;
using actors::stream_interest;
using actors::stream_interest_ptr;

leaf_streams::~leaf_streams() {
  for (const auto& [whose, one] : taken_)
    drop(one);
}

/// What is imported as before is left alone.
void leaf_streams::follow(account_policy_ptr now, const actors::account& where,
                          const actors::peer_interest& heard) {
  auto before = std::exchange(policy_, std::move(now));
  if (before && before->streams == policy_->streams)
    return;
  auto has = [](const account_policy_ptr& policy, const stream_import_ptr& one) {
    return policy
           && std::find(policy->streams.begin(), policy->streams.end(), one)
                  != policy->streams.end();
  };
  for (const auto& import : policy_->streams)
    if (!has(before, import))
      heard.for_each(where, [&](const remote_interest& each) { take(each, import); });
  std::erase_if(taken_, [&](const auto& each) {
    bool goes = !has(policy_, each.second->by);
    if (goes)
      drop(each.second);
    return goes;
  });
}

void leaf_streams::put(const remote_interest& what) {
  auto [begin, end] = taken_.equal_range(what.text().get());
  std::vector<stream_interest_ptr> before; // of another weight
  for (auto it = begin; it != end; ++it)
    before.push_back(it->second);
  taken_.erase(begin, end);
  for (const auto& import : policy_->streams)
    take(what, import);
  for (const auto& each : before) // last: so there is no moment without interest
    drop(each);
}

void leaf_streams::drop(const remote_interest& what) {
  auto [begin, end] = taken_.equal_range(what.text().get());
  for (auto it = begin; it != end; ++it)
    drop(it->second);
  taken_.erase(begin, end);
}

/// Only as much of the exporter's stream as the peer asks for.
void leaf_streams::take(const remote_interest& what, const stream_import_ptr& import) {
  if (is_of_links(what.subject()))
    return;
  auto pattern = import->transform.pull_back(what.subject());
  if (!pattern)
    return;
  auto text = import->from->interests.share_text(*pattern, what.queue());
  auto one = protocol::make_ref<stream_interest>(std::move(text), link_, what.weight(), import);
  if (import->from->add_interest(one, news_))
    taken_.emplace(what.text().get(), std::move(one));
}

void leaf_streams::drop(const stream_interest_ptr& one) {
  one->by->from->drop_interest(*one, news_);
}

} // namespace troupe::federation
