// cli/tls_context.hpp: the OpenSSL client context that connect_options ask for.
#pragma once

#include "cli/connect_options.hpp"

#include <memory>

struct ssl_ctx_st;

namespace troupe::cli {

using tls_context = std::shared_ptr<ssl_ctx_st>;

/// Names the file that cannot be used. No session is ever resumed with it.
outcome make_tls_context(const connect_options& options, tls_context& out);

} // namespace troupe::cli
