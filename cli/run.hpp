// cli/run.hpp: the ways to start a broker.
#pragma once

namespace CLI {
class App;
}

namespace troupe::cli {

/// `troupe run [--config FILE] [--check]`.
void add_run_command(CLI::App& parent, int& status);
/// `troupe broker run --config FILE`, as Choria's operators spell it.
void add_broker_command(CLI::App& parent, int& status);

/// The whole program when it is called `nats-server`: its flags, file format and log layout
/// (server-config.md). The exit code.
int run_as_nats_server(int argc, char** argv);

} // namespace troupe::cli
