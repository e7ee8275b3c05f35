// protocol/subject.hpp: the algebra of subjects: tokens, wildcards, matching, containment.
#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::protocol {

/// Walks the tokens of a subject: `for (token_walk w{s}; !w.done(); w.advance()) use(w.token());`
/// An empty subject has one empty token, "a..b" three; nothing is rejected here.
class token_walk {
public:
  explicit token_walk(std::string_view subject) noexcept : rest_{subject} { cut(); }
  bool done() const noexcept { return done_; }
  /// True while standing on the last token.
  bool last() const noexcept { return last_; }
  std::string_view token() const noexcept { return token_; }
  void advance() noexcept {
    if (last_)
      done_ = true;
    else
      cut();
  }

private:
  void cut() noexcept {
    auto dot = rest_.find('.');
    last_ = dot == rest_.npos;
    token_ = rest_.substr(0, dot);
    rest_.remove_prefix(last_ ? rest_.size() : dot + 1);
  }

  std::string_view rest_;
  std::string_view token_;
  bool last_ = false;
  bool done_ = false;
};

size_t token_count(std::string_view subject) noexcept;

/// May somebody subscribe to it? No empty token, no blank or line end, `>` only as the last token.
bool is_valid_subscription(std::string_view subject) noexcept;

/// May it be published to as it stands, without surprises? As above, and no wildcard token.
/// (A broker still accepts other subjects from publishers; see client-protocol.md section 7.)
bool is_valid_publish(std::string_view subject) noexcept;

/// No token is a wildcard. `a*` and `a>b` are literal: a wildcard is a whole token.
bool is_literal(std::string_view subject) noexcept;

/// True if a message published to `subject` reaches a subscription to `pattern`. The tokens of
/// `subject` are taken literally even if they look like wildcards; an empty token matches nothing.
bool matches(std::string_view subject, std::string_view pattern) noexcept;

/// True if every subject that `inner` can match is also matched by `outer` (both are patterns).
bool is_subset(std::string_view inner, std::string_view outer) noexcept;

/// True if some subject is matched by both patterns.
bool overlaps(std::string_view a, std::string_view b) noexcept;

} // namespace troupe::protocol
