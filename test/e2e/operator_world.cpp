// test/e2e/operator_world.cpp: who is who in cases of operator mode.
#include "operator_world.hpp"

#include "security/jwt.hpp"
#include "security/text_encoding.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <stdexcept>

namespace troupe::e2e {
using namespace security;
namespace {

int64_t now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

template <class Claims>
std::string sign(Claims what, const key_pair& by, int64_t issued_at = now() - 100) {
  claims any = std::move(what);
  auto out = encode_jwt(any, by, issued_at);
  if (auto* wrong = std::get_if<jwt_error>(&out))
    throw std::invalid_argument(wrong->reason);
  return std::get<std::string>(out);
}

/// A JWT with another header or other claims, and the signature it had before.
std::string with_part(const std::string& jwt, int part, std::string_view text) {
  auto first = jwt.find('.'), second = jwt.rfind('.');
  auto encoded = to_base64url(text);
  return part == 0 ? encoded + jwt.substr(first)
                   : jwt.substr(0, first + 1) + encoded + jwt.substr(second);
}

std::string claims_in(const std::string& jwt) {
  auto first = jwt.find('.'), second = jwt.rfind('.');
  return *from_base64url(jwt.substr(first + 1, second - first - 1));
}

permission_claims only(std::vector<std::string> publish, std::vector<std::string> subscribe) {
  permission_claims out;
  out.publish.allow = std::move(publish);
  out.subscribe.allow = std::move(subscribe);
  return out;
}

} // namespace

struct operator_world::impl {
  key_pair key(std::string_view name) const { return keys.at(std::string{name}); }
  const std::string& text(std::string_view name) const {
    return keys.at(std::string{name}).public_text();
  }

  void make_keys() {
    auto add = [&](nkey_kind kind, std::initializer_list<const char*> names) {
      for (const auto* name : names)
        keys.emplace(name, key_pair::create(kind));
    };
    add(nkey_kind::operator_key, {"ops", "ops-signing", "foreign"});
    add(nkey_kind::account, {"sys", "acme", "acme-signing", "acme-scoped", "beta", "mini",
                             "stranger", "strict", "old", "expired", "thief", "wider"});
    add(nkey_kind::user, {"root", "alice", "bearer", "scoped", "greedy", "bob", "tiny", "mallory",
                          "late", "early", "brief", "revoked", "limited", "web", "elsewhere",
                          "ward", "ghost", "burglar", "stretcher"});
  }

  account_claims account(std::string_view name) const {
    account_claims out;
    out.standard.subject = text(name);
    out.standard.name = name;
    out.limits = account_limit_claims::unlimited();
    return out;
  }
  user_claims user(std::string_view name, std::string_view account_name,
                   std::string_view signer = {}) const {
    user_claims out;
    out.standard.subject = text(name);
    out.standard.name = name;
    out.limits = user_limits::unlimited();
    if (!signer.empty())
      out.issuer_account = text(account_name);
    return out;
  }

  std::string activation(std::string_view subject, std::string_view for_whom) const {
    activation_claims out;
    out.standard.subject = text(for_whom);
    out.subject = subject;
    out.kind = share_kind::stream;
    return sign(out, key("acme"));
  }

  static export_claim offer(std::string_view subject, share_kind kind, bool token = false) {
    export_claim out;
    out.name = out.subject = subject;
    out.kind = kind;
    out.token_required = token;
    return out;
  }
  import_claim take(std::string_view subject, std::string_view local, share_kind kind,
                    std::string token = {}) const {
    import_claim out;
    out.name = local;
    out.subject = subject;
    out.local_subject = local;
    out.account = text("acme");
    out.kind = kind;
    out.token = std::move(token);
    return out;
  }

  account_claims acme() const {
    auto out = account("acme");
    user_scope scope;
    scope.role = "node";
    scope.limits.permissions =
        only({"node.{{name()}}.>"}, {"node.{{name()}}.>", "team.{{tag(team)}}"});
    scope.limits.subscriptions = scope.limits.data = scope.limits.payload = -1;
    out.signing_keys = {{text("acme-signing"), {}}, {text("acme-scoped"), scope}};
    out.exports = {offer("pub.>", share_kind::stream), offer("priv.>", share_kind::stream, true),
                   offer("ask", share_kind::service)};
    out.revocations = {{text("revoked"), now()}};
    return out;
  }
  account_claims beta() const {
    auto out = account("beta");
    out.default_permissions = only({"open.>", "q", "ask.acme"}, {"open.>", "from.>", "_INBOX.>"});
    out.imports = {
        take("pub.>", "from.pub.>", share_kind::stream),
        take("priv.good", "from.good", share_kind::stream, activation("priv.good", "beta")),
        take("priv.bare", "from.bare", share_kind::stream),
        take("ask", "ask.acme", share_kind::service)};
    return out;
  }

  void make_accounts() {
    accounts["sys"] = [this] { return sign(account("sys"), key("ops")); };
    accounts["acme"] = [this] { return sign(acme(), key("ops-signing")); };
    accounts["beta"] = [this] { return sign(beta(), key("ops")); };
    accounts["mini"] = [this] { // as some tools' tests write it: all else is zero
      auto out = account("mini");
      out.limits = {};
      out.limits.connections = out.limits.subscriptions = -1;
      return sign(out, key("ops"));
    };
    accounts["strict"] = [this] {
      auto out = account("strict");
      out.limits.disallow_bearer = true;
      out.limits.connections = 1;
      return sign(out, key("ops"));
    };
    accounts["stranger"] = [this] { return sign(account("stranger"), key("foreign")); };
    accounts["thief"] = [this] { // somebody else's activation
      auto out = account("thief");
      out.imports = {take("priv.x", "from.x", share_kind::stream, activation("priv.x", "beta"))};
      return sign(out, key("ops"));
    };
    accounts["wider"] = [this] { // an activation for another subject
      auto out = account("wider");
      out.imports = {take("priv.>", "from.>", share_kind::stream, activation("priv.x", "wider"))};
      return sign(out, key("ops"));
    };
    accounts["expired"] = [this] {
      auto out = account("expired");
      out.standard.expires = now() - 10;
      return sign(out, key("ops"));
    };
  }

  std::string edited(std::string_view name, std::string_view account_name,
                     const std::function<void(user_claims&)>& edit) const {
    auto out = user(name, account_name);
    edit(out);
    return sign(out, key(account_name));
  }

  void make_users() {
    auto plain = [this](std::string name, std::string account_name, std::string signer = {}) {
      users[name] = [=, this] {
        return sign(user(name, account_name, signer), key(signer.empty() ? account_name : signer));
      };
    };
    plain("root", "sys");
    plain("alice", "acme", "acme-signing");
    plain("tiny", "mini");
    plain("revoked", "acme");
    plain("elsewhere", "stranger");
    plain("ward", "strict");
    plain("ghost", "expired");
    plain("burglar", "thief");
    plain("stretcher", "wider");
    users["bob"] = [this] { // nothing of its own: the account's defaults
      return sign(user("bob", "beta"), key("beta"));
    };
    users["mallory"] = [this] { return sign(user("mallory", "acme", "beta"), key("beta")); };
    users["bearer"] = [this] {
      return edited("bearer", "acme", [](auto& user) { user.limits.bearer = true; });
    };
    users["bearer-forbidden"] = [this] {
      return edited("bearer", "strict", [](auto& user) { user.limits.bearer = true; });
    };
    users["late"] = [this] {
      return edited("late", "acme", [](auto& user) { user.standard.expires = now() - 10; });
    };
    users["early"] = [this] {
      return edited("early", "acme", [](auto& user) { user.standard.not_before = now() + 1000; });
    };
    users["brief"] = [this] {
      return edited("brief", "acme", [](auto& user) { user.standard.expires = now() + 1; });
    };
    users["web"] = [this] {
      return edited("web", "acme",
                    [](auto& user) { user.limits.connection_types = {"WEBSOCKET"}; });
    };
    users["limited"] = [this] {
      return edited("limited", "acme", [](auto& user) {
        user.limits.subscriptions = 1;
        user.limits.payload = 4;
        user.limits.permissions = only({"foo.>"}, {"foo.>"});
      });
    };
    users["distant"] = [this] {
      return edited("limited", "acme", [](auto& user) { user.limits.sources = {"192.0.2.0/24"}; });
    };
    users["scoped"] = [this] { return sign(scoped({}), key("acme-scoped")); };
    users["greedy"] = [this] { return sign(scoped(only({">"}, {})), key("acme-scoped")); };
    make_forgeries();
  }

  user_claims scoped(permission_claims own) const {
    auto out = user("scoped", "acme", "acme-scoped");
    out.limits = {};
    out.limits.permissions = std::move(own);
    out.standard.tags = {"team:red"};
    return out;
  }

  /// All of them are derived from alice's, with whose seed the nonce is signed.
  void make_forgeries() {
    auto forged = [this](std::string name, std::function<std::string(const std::string&)> how) {
      keys.emplace(name, key("alice"));
      users[name] = [this, how] { return how(users.at("alice")()); };
    };
    auto header = [](std::string text) {
      return [text](const std::string& jwt) { return with_part(jwt, 0, text); };
    };
    forged("alg-none", header(R"({"typ":"JWT","alg":"none"})"));
    forged("alg-rsa", header(R"({"typ":"JWT","alg":"RS256"})"));
    forged("unsigned", [](const std::string& jwt) {
      return with_part(jwt, 0, R"({"typ":"JWT","alg":"none"})").substr(0, jwt.rfind('.'));
    });
    forged("swapped", [this](const std::string& jwt) {
      return with_part(jwt, 1, claims_in(users.at("root")()));
    });
    forged("renamed", [](const std::string& jwt) {
      auto text = claims_in(jwt);
      text.replace(text.find("alice"), 5, "carol");
      return with_part(jwt, 1, text);
    });
    forged("deep", [](const std::string& jwt) {
      return with_part(jwt, 1, std::string(2000, '[') + std::string(2000, ']'));
    });
    forged("giant", [](const std::string& jwt) { return jwt + std::string(1 << 20, 'A'); });
    forged("account-as-user", [this](const std::string&) { return accounts.at("acme")(); });
    forged("activation-as-user",
           [this](const std::string&) { return activation("priv.good", "beta"); });
    forged("self-made", [this](const std::string&) { // by a key that nobody knows
      return sign(user("alice", "acme", "old"), key("old"));
    });
  }

  std::string operator_jwt() const {
    operator_claims out;
    out.standard.subject = text("ops");
    out.standard.name = "ops";
    out.signing_keys = {text("ops-signing")};
    out.system_account = text("sys");
    return sign(out, key("ops"));
  }

  std::string config(std::string_view without) const {
    std::string out = "operator: " + operator_jwt() + "\nresolver: MEMORY\nresolver_preload {\n";
    for (const auto& [name, make] : accounts)
      if (name != without)
        out += "  " + text(name) + ": " + make() + "\n";
    return out + "}\n";
  }

  std::map<std::string, key_pair> keys;
  std::map<std::string, std::function<std::string()>> accounts, users;
};

operator_world::operator_world() : impl_{std::make_unique<impl>()} {
  impl_->make_keys();
  impl_->make_accounts();
  impl_->make_users();
}

operator_world::~operator_world() = default;

std::string operator_world::filled(std::string text) const {
  auto each = [&](const std::string& mark, auto&& make) {
    for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at)) {
      auto end = text.find('@', at + mark.size());
      if (end == text.npos)
        throw std::invalid_argument("no @ behind " + mark);
      std::string name = text.substr(at + mark.size(), end - at - mark.size());
      auto by = make(name);
      text.replace(at, end + 1 - at, by);
      at += by.size();
    }
  };
  each("@OPERATOR", [&](const std::string& name) {
    return impl_->config(std::string_view{name}.substr(name.empty() ? 0 : 1));
  });
  each("@KEY:", [&](const std::string& name) { return impl_->text(name); });
  each("@JWT:", [&](const std::string& name) {
    auto user = impl_->users.find(name);
    return user != impl_->users.end() ? user->second() : impl_->accounts.at(name)();
  });
  return text;
}

std::string operator_world::signature(std::string_view user, std::string_view nonce) const {
  auto raw = impl_->key(user).sign(nonce);
  return to_base64url({reinterpret_cast<const char*>(raw.data()), raw.size()});
}
} // namespace troupe::e2e
