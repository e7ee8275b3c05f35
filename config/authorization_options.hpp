// config/authorization_options.hpp: who may log in and do what, for the formats that have blocks.
#pragma once

#include "config/findings.hpp"
#include "config/registry.hpp"

namespace troupe::config {

/// Reads an `authorization` map that stands under a key at `where` into `to.out.authorization`.
void read_authorization(const value& block, const place& where, dialect from, reading& to);

/// Appends the users of the list in `one` ("users") as members of `account`.
void read_users(const member& one, const std::string& account, dialect from, reading& to);

/// Reads an `auth_callout` map (server-config.md section 9) into `to.out.authorization.callout`.
void read_callout(const member& one, dialect from, reading& to);

/// Reads a permissions map (server-config.md section 10).
security::permission_rules read_permissions(const member& one, findings& found);

/// One error for each name or nkey that occurs twice, wherever it stands in the file.
void refuse_duplicate_users(const place& where, reading& to);

} // namespace troupe::config
