// actors/websocket_stream.cpp: batches become frames.
#include "actors/websocket_stream.hpp"

#include "actors/subscription.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace troupe::actors {

using protocol::close_reason;
using protocol::websocket_masking;
using protocol::websocket_opcode;
using protocol::websocket_status;

namespace {

/// Less is not worth the work.
constexpr size_t least_deflated = 64;
/// It takes a few milliseconds. More comes when a peer has much to read already.
constexpr size_t most_deflated = 512 * 1024;
/// However little the peer takes in one message: each costs a header and a beginning from nothing.
constexpr size_t least_a_message = 1024;
/// More is not kept for the next batch.
constexpr size_t largest_scratch = 1024 * 1024;

websocket_masking incoming(const websocket_stream::terms& how) {
  if (how.dialled)
    return websocket_masking::forbidden;
  return how.no_masking ? websocket_masking::optional : websocket_masking::demanded;
}

} // namespace

void cookie_credentials::complete(protocol::connect_options& connect) const {
  auto fill = [](std::string& said, const std::string& kept) {
    if (said.empty())
      said = kept;
  };
  fill(connect.jwt, jwt);
  fill(connect.user, user);
  fill(connect.pass, password);
  fill(connect.auth_token, token);
}

websocket_stream::websocket_stream(terms how, std::unique_ptr<tls_stream> tls, std::string early)
    : reader{incoming(how), how.deflates}, masks_{how.dialled && !how.no_masking},
      unread_{how.deflates ? std::make_unique<unread>() : nullptr}, most_a_message_{most_deflated},
      masks_used_{sizeof randomness_}, tls_{std::move(tls)}, early_{std::move(early)} {}

void websocket_stream::limit_messages(size_t bytes) noexcept {
  most_a_message_ = std::min(bytes, most_deflated);
}

protocol::websocket_mask websocket_stream::next_mask() {
  protocol::websocket_mask out;
  if (masks_used_ + out.size() > randomness_.size()) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(randomness_.data()),
                   static_cast<int>(randomness_.size()))
        != 1)
      throw std::runtime_error("OpenSSL has no random bytes");
    masks_used_ = 0;
  }
  std::memcpy(out.data(), randomness_.data() + masks_used_, out.size());
  masks_used_ += out.size();
  return out;
}

outgoing_ptr websocket_stream::frame(const outgoing& batch, block_pool& pool) {
  auto size = batch.bytes_so_far();
  if (unread_ && size > least_deflated && size <= most_deflated
      && most_a_message_ >= least_a_message)
    if (auto framed = deflated_frames(batch, size, pool))
      return framed;
  auto mask = masks_ ? next_mask() : protocol::websocket_mask{};
  auto out = protocol::make_ref<outgoing>(pool, masks_ ? size : size_t{0});
  auto* at = out->room(protocol::longest_websocket_header);
  out->wrote(
      at + write_websocket_header(at, websocket_opcode::binary, size, masks_ ? &mask : nullptr));
  uint64_t done = 0;
  for (const auto& each : batch.pieces) {
    if (!masks_) {
      out->append_slice(each.owner.get(), {each.data, each.size});
      continue;
    }
    at = out->room(each.size);
    std::memcpy(at, each.data, each.size);
    protocol::apply_websocket_mask(at, each.size, mask, done);
    out->wrote(at + each.size);
    done += each.size;
  }
  out->seal();
  return out;
}

/// Null: it would only grow.
outgoing_ptr websocket_stream::deflated_frames(const outgoing& batch, size_t size,
                                               block_pool& pool) {
  thread_local std::string scratch;
  batch_deflater all{batch};
  auto out = protocol::make_ref<outgoing>(pool, size_t{0});
  while (out->bytes_so_far() < size && all.next(most_a_message_, scratch) > 0)
    append_deflated(scratch, *out);
  if (scratch.capacity() > largest_scratch)
    std::string{}.swap(scratch);
  if (out->bytes_so_far() >= size)
    return nullptr;
  out->seal();
  return out;
}

void websocket_stream::append_deflated(std::string_view payload, outgoing& out) {
  auto mask = masks_ ? next_mask() : protocol::websocket_mask{};
  auto* at = out.room(protocol::longest_websocket_header + payload.size());
  at += write_websocket_header(at, websocket_opcode::binary, payload.size(),
                               masks_ ? &mask : nullptr, true);
  std::memcpy(at, payload.data(), payload.size());
  if (masks_)
    protocol::apply_websocket_mask(at, payload.size(), mask, 0);
  out.wrote(at + payload.size());
}

size_t websocket_stream::unframe(char*& in, size_t& left, char* out, size_t room) {
  size_t made = 0;
  while (made < room && !reader.ended()) {
    if (has_rest()) {
      made += take_rest(out + made, room - made);
      continue;
    }
    if (left == 0)
      break;
    auto part = reader.next(in, left);
    in += part.used;
    left -= part.used;
    unread_->deflated = part.deflated;
    unread_->ends = part.ends;
    if (part.deflated) {
      unread_->text = part.text;
      if (part.ends)
        unread_->text += deflate_tail;
    } else {
      auto size = part.text.copy(out + made, room - made); // it may be empty, and nowhere
      made += size;
      unread_->text = part.text.substr(size);
    }
  }
  return made;
}

size_t websocket_stream::take_rest(char* out, size_t room) {
  if (!unread_->deflated) {
    auto size = std::min(room, unread_->text.size());
    std::memcpy(out, unread_->text.data(), size);
    unread_->text.erase(0, size);
    return size;
  }
  if (!unread_->by)
    unread_->by = inflater::take();
  auto found = unread_->by->go_on(unread_->text, out, room);
  if (found.broken) {
    reader.reject("compressed data is malformed");
    unread_->text.clear();
    unread_->unfinished = false;
    return found.made;
  }
  unread_->text.erase(0, found.used);
  unread_->unfinished = found.made == room; // it may have had more to say
  if (unread_->text.empty() && !unread_->unfinished && unread_->ends) {
    if (!unread_->by->is_complete())
      reader.reject("compressed data is cut short");
    inflater::give_back(std::move(unread_->by));
  }
  return found.made;
}

outgoing_ptr websocket_stream::control(websocket_opcode what, std::string_view payload,
                                       block_pool& pool) {
  auto mask = masks_ ? next_mask() : protocol::websocket_mask{};
  auto out = protocol::make_ref<outgoing>(pool, size_t{0});
  auto* at = out->room(protocol::longest_websocket_header + payload.size());
  at += write_websocket_header(at, what, payload.size(), masks_ ? &mask : nullptr);
  std::memcpy(at, payload.data(), payload.size());
  if (masks_)
    protocol::apply_websocket_mask(at, payload.size(), mask, 0);
  out->wrote(at + payload.size());
  out->seal();
  return out;
}

outgoing_ptr websocket_stream::pong(block_pool& pool) {
  return control(websocket_opcode::pong, reader.pong(), pool);
}

outgoing_ptr websocket_stream::close_frame(close_reason reason, block_pool& pool) {
  closed_ = true;
  auto status = reader.ended() ? reader.answer() : websocket_status_of(reason);
  if (status == websocket_status::none)
    return control(websocket_opcode::close, {}, pool);
  auto code = static_cast<uint16_t>(status);
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  payload += reader.ended() ? reader.problem() : to_string(reason);
  return control(websocket_opcode::close, payload.substr(0, protocol::longest_websocket_control),
                 pool);
}

websocket_status websocket_status_of(close_reason reason) noexcept {
  switch (reason) {
  case close_reason::none:
  case close_reason::client_closed: return websocket_status::normal;
  case close_reason::authentication_timeout:
  case close_reason::authentication_violation:
  case close_reason::slow_consumer_pending_bytes:
  case close_reason::slow_consumer_write_deadline:
  case close_reason::max_connections_exceeded:
  case close_reason::max_account_connections_exceeded:
  case close_reason::max_control_line_exceeded:
  case close_reason::max_subscriptions_exceeded:
  case close_reason::authentication_expired:
  case close_reason::credentials_revoked: return websocket_status::policy_violation;
  case close_reason::parse_error:
  case close_reason::protocol_violation:
  case close_reason::bad_client_protocol_version: return websocket_status::protocol_error;
  case close_reason::max_payload_exceeded: return websocket_status::too_big;
  case close_reason::write_error:
  case close_reason::read_error:
  case close_reason::stale_connection:
  case close_reason::server_shutdown: return websocket_status::going_away;
  case close_reason::tls_handshake_error:
  case close_reason::no_responders_needs_headers:
  case close_reason::internal_error:
  case close_reason::kicked:
  case close_reason::wrong_port:
  case close_reason::cluster_name_conflict:
  case close_reason::duplicate_server_name:
  case close_reason::duplicate_route:
  case close_reason::route_to_self:
  case close_reason::route_removed: return websocket_status::internal_error;
  }
  return websocket_status::internal_error;
}

} // namespace troupe::actors
