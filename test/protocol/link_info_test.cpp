// test/protocol/link_info_test.cpp: INFO and CONNECT between servers.
#include "protocol/link_info.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe::protocol;

namespace {

std::string_view json_of(std::string_view line, std::string_view verb) {
  REQUIRE(line.starts_with(verb));
  REQUIRE(line.ends_with("\r\n"));
  return line.substr(verb.size(), line.size() - verb.size() - 2);
}

link_info everything() {
  link_info out;
  for (auto member :
       {&link_info::server_id, &link_info::server_name, &link_info::version, &link_info::git_commit,
        &link_info::go, &link_info::host, &link_info::ip, &link_info::nonce, &link_info::cluster,
        &link_info::domain, &link_info::remote_account, &link_info::compression,
        &link_info::route_account, &link_info::route_acc_add_reqid, &link_info::gateway,
        &link_info::gateway_url, &link_info::gateway_cmd_payload, &link_info::troupe})
    out.*member = "text > of " + std::to_string(out.version.size() + out.ip.size());
  int64_t next = 1;
  for (auto member :
       {&link_info::proto, &link_info::port, &link_info::max_payload, &link_info::client_id,
        &link_info::route_pool_size, &link_info::route_pool_idx, &link_info::gossip_mode,
        &link_info::gateway_cmd, &link_info::api_lvl})
    out.*member = next++;
  for (auto member : {&link_info::headers, &link_info::auth_required, &link_info::tls_required,
                      &link_info::tls_verify, &link_info::jetstream, &link_info::cluster_dynamic,
                      &link_info::lnoc, &link_info::lnocu, &link_info::ln, &link_info::ldm,
                      &link_info::gateway_nrp, &link_info::gateway_iom, &link_info::info_on_connect,
                      &link_info::connect_info, &link_info::acc_is_sys})
    out.*member = true;
  out.connect_urls = {"a:1", "b:2"};
  out.ws_connect_urls = {"c:3"};
  out.gateway_urls = {"d:4"};
  out.leafnode_urls = {"e:5"};
  out.import_ = link_permissions{{"down.>"}, {}};
  out.export_ = link_permissions{{"up.>"}, {"up.no"}};
  return out;
}

} // namespace

TEST_CASE("an INFO with every field is read back as it was written") {
  auto sent = everything();
  auto line = info_line(sent);
  link_info heard;
  CHECK(parse_link_info(json_of(line, "INFO "), heard) == "");
  CHECK(heard == sent);
}

TEST_CASE("a CONNECT with every field is read back as it was written") {
  link_connect sent;
  sent.echo = sent.verbose = sent.pedantic = sent.tls_required = sent.cluster_dynamic = true;
  sent.headers = sent.lnoc = sent.lnocu = sent.ln = sent.is_hub = sent.isolate = true;
  sent.jetstream = true;
  sent.version = "2.9.0";
  sent.user = "u";
  sent.pass = "p";
  sent.auth_token = "t";
  sent.jwt = "j";
  sent.nkey = "n";
  sent.sig = "s";
  sent.server_id = "ID_L";
  sent.name = "L1";
  sent.cluster = "C1";
  sent.gateway = "G1";
  sent.lang = "go";
  sent.deny_pub = {"a.>"};
  sent.compress_mode = "off";
  sent.remote_account = "$G";
  sent.protocol = 3;
  sent.domain = "D";
  link_connect heard;
  auto line = connect_line(sent);
  CHECK(parse_link_connect(json_of(line, "CONNECT "), heard) == "");
  CHECK(heard == sent);
}

TEST_CASE("an INFO without values says only what servers always say") {
  CHECK(info_line({})
        == "INFO {\"server_id\":\"\",\"server_name\":\"\",\"version\":\"\",\"proto\":0,\"go\":\"\","
           "\"host\":\"\",\"port\":0,\"headers\":false,\"max_payload\":0} \r\n");
  CHECK(connect_line({})
        == "CONNECT {\"echo\":false,\"verbose\":false,\"pedantic\":false,\"tls_required\":false,"
           "\"name\":\"\",\"cluster\":\"\",\"headers\":false}\r\n");
}

TEST_CASE("an empty list of leaf node URLs is sent and told from none") {
  link_info info;
  info.leafnode_urls.emplace();
  CHECK(info_line(info).find("\"leafnode_urls\":[]") != std::string::npos);
  link_info heard;
  CHECK(parse_link_info(R"({"client_id":1,"leafnode_urls":[]})", heard) == "");
  REQUIRE(heard.leafnode_urls);
  CHECK(heard.leafnode_urls->empty());
  link_info other;
  CHECK(parse_link_info(R"({"client_id":1,"leafnode_urls":null})", other) == "");
  CHECK_FALSE(other.leafnode_urls);
}

TEST_CASE("the INFO of a real server is understood") {
  link_info info;
  CHECK(parse_link_info(
            R"({"server_id":"ID_A","server_name":"A","version":"2.9.10","proto":2,"go":"go1.19.8",)"
            R"("host":"127.0.0.1","port":16222,"headers":true,"max_payload":1048576,)"
            R"("nonce":"Zch4ZyxjLqpcw8k","cluster":"C1","connect_urls":["127.0.0.1:14222"],)"
            R"("import":{"allow":["down.\u003e"]},"lnoc":true,"xkey":"X","new_thing":{"a":[1]}})",
            info)
        == "");
  CHECK(info.server_id == "ID_A");
  CHECK(info.port == 16222);
  CHECK(info.connect_urls == std::vector<std::string>{"127.0.0.1:14222"});
  CHECK(info.lnoc);
  REQUIRE(info.import_);
  CHECK(info.import_->allow == std::vector<std::string>{"down.>"});
}

TEST_CASE("fields are matched in any case, kept when absent or null") {
  link_info info;
  info.cluster = "before";
  info.go = "go1";
  CHECK(parse_link_info(R"({"SERVER_ID":"x","Cluster":null})", info) == "");
  CHECK(info.server_id == "x");
  CHECK(info.cluster == "before");
  CHECK(info.go == "go1");
}

TEST_CASE("a field of another type is refused by name and changes nothing") {
  struct row {
    std::string_view json, wrong;
  };
  for (const auto& [json, wrong] : {
           row{R"({"server_id":1})", "\"server_id\" is not a text"},
           row{R"({"PORT":"4222"})", "\"port\" is not a whole number"},
           row{R"({"port":1.5})", "\"port\" is not a whole number"},
           row{R"({"port":18446744073709551615})", "\"port\" is not a whole number"},
           row{R"({"headers":"true"})", "\"headers\" is not true or false"},
           row{R"({"connect_urls":"a:1"})", "\"connect_urls\" is not a list of texts"},
           row{R"({"leafnode_urls":[1]})", "\"leafnode_urls\" is not a list of texts"},
           row{R"({"import":[]})",
               "\"import\" is not an object with the lists \"allow\" and \"deny\""},
           row{R"({"export":{"allow":"a"}})",
               "\"export\" is not an object with the lists \"allow\" and \"deny\""},
           row{"[]", "it is no JSON object"},
           row{"null", "it is no JSON object"},
           row{"", "it is no JSON object"},
           row{"{} x", "it is no JSON object"},
       }) {
    link_info info;
    info.cluster = "before";
    auto before = info;
    CHECK_MESSAGE(parse_link_info(json, info) == wrong, json);
    CHECK(info == before);
  }
  link_connect connect;
  CHECK(parse_link_connect(R"({"cluster":"C","pass":7})", connect) == "\"pass\" is not a text");
  CHECK(connect == link_connect{});
}

TEST_CASE("what a peer writes that is no UTF-8 is replaced, both ways") {
  link_info info;
  CHECK(parse_link_info("{\"server_name\":\"a\xff\"}", info) == "");
  CHECK(info.server_name == "a\xef\xbf\xbd");
  info.server_name = "b\xff";
  CHECK(info_line(info).find("b\xef\xbf\xbd") != std::string::npos);
}

TEST_CASE("a hundred thousand nested arrays in an INFO are no crash") {
  link_info info;
  CHECK(parse_link_info(std::string(100000, '['), info) == "it is no JSON object");
  CHECK(
      parse_link_info("{\"port\":" + std::string(50000, '[') + std::string(50000, ']') + "}", info)
      == "\"port\" is not a whole number");
}
