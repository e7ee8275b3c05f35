// cli/temporary_user.hpp: a user for the length of one command, signed by the store, kept nowhere.
#pragma once

#include "cli/credentials.hpp"
#include "security/store_editor.hpp"

namespace troupe::cli {

/// May do everything in its account for five minutes; needs a key of the account in the store.
/// `name` is shown in the broker's monitoring.
outcome make_temporary_user(const security::store_editor& store,
                            const security::named_account& account, const char* name,
                            credentials_ptr& out);

} // namespace troupe::cli
