// config/flag_table.cpp: the flags and the texts of their help.
#include "config/flag_table.hpp"
#include "config/flags.hpp"

#include <algorithm>
#include <array>

namespace troupe::config {

namespace {

using enum flag_kind;

constexpr auto table = std::to_array<flag_row>({
    {"a addr net", text, "listen.host"},
    {"p port", number, "listen.port"},
    {"n name server_name", text, "name"},
    {"P pid", text, "pid_file"},
    {"ports_file_dir", text, "ports_file_dir"},
    {"m http_port", number, ""},
    {"ms https_port", number, ""},
    {"c config", text, ""},
    {"t", flag, ""},
    {"sl signal", text, ""},
    {"client_advertise", text, "listen.advertise"},
    {"l log", text, "logging.file"},
    {"T logtime", flag, "logging.time"},
    {"logtime_utc", flag, "logging.utc"},
    {"s syslog", flag, "logging.syslog"},
    {"r remote_syslog", text, "logging.remote_syslog"},
    {"D debug", flag, ""},
    {"V trace", flag, ""},
    {"VV", flag, ""},
    {"DV", flag, ""},
    {"DVV", flag, ""},
    {"log_size_limit", number, "logging.size_limit"},
    {"max_traced_msg_len", number, "limits.max_traced_msg_len"},
    {"user", text, "authorization.user"},
    {"pass", text, "authorization.password"},
    {"auth", text, "authorization.token"},
    {"tls", flag, ""},
    {"tlscert", text, ""},
    {"tlskey", text, ""},
    {"tlscacert", text, ""},
    {"tlsverify", flag, ""},
    {"cluster cluster_listen", text, ""},
    {"cluster_name", text, "cluster.name"},
    {"routes", text, ""},
    {"cluster_advertise", text, "cluster.advertise"},
    {"no_advertise", flag, "cluster.no_advertise"},
    {"connect_retries", number, "cluster.connect_retries"},
    {"profile", number, "later"},
    {"js jetstream", flag, "later"},
    {"sd store_dir", text, "later"},
    {"h help", flag, ""},
    {"help_tls", flag, ""},
    {"v version", flag, ""},
});

constexpr std::string_view usage = R"(
Usage: nats-server [options]

Listening:
    -a, --addr, --net <host>         address for clients (0.0.0.0)
    -p, --port <port>                port for clients (4222), -1 for any free one
    -n, --name, --server_name <name> name of this server, no spaces
    -m, --http_port <port>           monitoring over HTTP
    -ms, --https_port <port>         monitoring over HTTPS
        --client_advertise <addr>    host[:port] that clients are told
Files:
    -c, --config <file>              configuration file
    -t                               check the configuration file, then exit
    -P, --pid <file>                 write the process id
        --ports_file_dir <dir>       write the bound ports into a file there
Running servers:
    -sl, --signal <cmd>[=<pid>]      send ldm, stop, quit, term, reopen or reload;
                                     <pid> is a process id or the path of a pid file
Logging:
    -l, --log <file>                 log file instead of stderr
    -T, --logtime                    time stamp in each line (true)
        --logtime_utc                in UTC
    -s, --syslog                     local syslog
    -r, --remote_syslog <url>        udp://host:port, tcp://host:port or unix://path
    -D, --debug                      debug lines
    -V, --trace                      protocol trace
    -VV                              the same, with the system account
    -DV, -DVV                        debug lines and trace
        --log_size_limit <bytes>     rotate a larger log file
        --max_traced_msg_len <n>     cut payloads in trace lines
Authorization:
        --user <user>, --pass <pass> the user everybody logs in as
        --auth <token>               the token everybody logs in with
TLS:
        --tls                        demand TLS
        --tlscert, --tlskey <file>   certificate and private key
        --tlsverify                  demand and verify client certificates
        --tlscacert <file>           certificates that verify them
Cluster:
        --cluster, --cluster_listen <url>, --cluster_name <name>, --routes <url,...>
        --cluster_advertise <addr>, --no_advertise, --connect_retries <n>
Accepted without effect:
    -js, --jetstream, -sd, --store_dir <dir>, --profile <port>
Help:
    -h, --help                       this text
        --help_tls                   about TLS
    -v, --version                    version
)";

constexpr std::string_view tls_usage = R"(
Usage: nats-server --tls --tlscert <file> --tlskey <file> [--tlsverify --tlscacert <file>]

    --tls        demand TLS of every client; --tls=false switches off what a file configures
    --tlscert    PEM file with the server's certificate, its chain behind it
    --tlskey     PEM file with the private key of that certificate
    --tlsverify  also demand a certificate of each client
    --tlscacert  PEM file with the authorities that client certificates must chain to
)";

} // namespace

const flag_row* find_flag(std::string_view name) {
  for (auto& row : table)
    for (auto names = row.names; !names.empty();) {
      auto end = std::min(names.find(' '), names.size());
      if (names.substr(0, end) == name)
        return &row;
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  return nullptr;
}

std::string_view nats_usage() {
  return usage;
}

std::string_view nats_tls_usage() {
  return tls_usage;
}

} // namespace troupe::config
