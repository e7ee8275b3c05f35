// protocol/websocket_frames.cpp: headers, masks, control frames.
#include "protocol/websocket_frames.hpp"

#include "protocol/utf8.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace troupe::protocol {

namespace {

constexpr uint8_t final_bit = 0x80, reserved_bits = 0x70, deflated_bit = 0x40, opcode_bits = 0x0f;
constexpr uint8_t mask_bit = 0x80, size_bits = 0x7f;
constexpr uint8_t size_in_2 = 126, size_in_8 = 127;
constexpr uint64_t longest_in_1 = 125, longest_in_2 = 65535;

uint64_t big_endian(const char* at, size_t bytes) noexcept {
  uint64_t out = 0;
  for (size_t i = 0; i < bytes; ++i)
    out = (out << 8) | static_cast<uint8_t>(at[i]);
  return out;
}

void put_big_endian(char* at, size_t bytes, uint64_t value) noexcept {
  for (size_t i = bytes; i > 0; --i, value >>= 8)
    at[i - 1] = static_cast<char>(value & 0xff);
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    auto length = utf8_length(text);
    if (length == 0)
      return false;
    text.remove_prefix(length);
  }
  return true;
}

} // namespace

bool is_websocket_status(uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
         || (code >= 3000 && code <= 4999);
}

size_t write_websocket_header(char* at, websocket_opcode what, uint64_t payload,
                              const websocket_mask* mask, bool deflated) noexcept {
  uint8_t masked = mask ? mask_bit : 0;
  at[0] = static_cast<char>(final_bit | (deflated ? deflated_bit : 0) | static_cast<uint8_t>(what));
  size_t size = 2;
  if (payload <= longest_in_1) {
    at[1] = static_cast<char>(masked | static_cast<uint8_t>(payload));
  } else if (payload <= longest_in_2) {
    at[1] = static_cast<char>(masked | size_in_2);
    put_big_endian(at + size, 2, payload);
    size += 2;
  } else {
    at[1] = static_cast<char>(masked | size_in_8);
    put_big_endian(at + size, 8, payload);
    size += 8;
  }
  if (mask) {
    std::memcpy(at + size, mask->data(), mask->size());
    size += mask->size();
  }
  return size;
}

void apply_websocket_mask(char* data, size_t size, const websocket_mask& mask,
                          uint64_t offset) noexcept {
  std::array<char, 8> turned;
  for (size_t i = 0; i < turned.size(); ++i)
    turned[i] = mask[(offset + i) % mask.size()];
  auto key = std::bit_cast<uint64_t>(turned);
  size_t at = 0;
  for (; at + sizeof key <= size; at += sizeof key) {
    uint64_t word = 0;
    std::memcpy(&word, data + at, sizeof word);
    word ^= key;
    std::memcpy(data + at, &word, sizeof word);
  }
  for (; at < size; ++at)
    data[at] = static_cast<char>(data[at] ^ turned[at % turned.size()]);
}

/// How long the header is, as far as that is known yet.
size_t websocket_reader::header_size() const noexcept {
  if (have_ < 2)
    return 2;
  auto second = static_cast<uint8_t>(header_[1]);
  auto size = static_cast<uint8_t>(second & size_bits);
  size_t out = 2;
  if (size == size_in_2)
    out += 2;
  else if (size == size_in_8)
    out += 8;
  return out + ((second & mask_bit) != 0 ? std::tuple_size_v<websocket_mask> : 0);
}

size_t websocket_reader::read(char* data, size_t size) noexcept {
  size_t kept = 0;
  for (size_t at = 0; at < size && !ended_;) {
    if (!in_payload_) {
      header_[have_++] = data[at++];
      // What the first two bytes say may end it all: the rest of the header is not waited for.
      if (have_ == 2 || have_ == header_size())
        begin_frame();
      continue;
    }
    auto part = static_cast<size_t>(std::min<uint64_t>(left_, size - at));
    if (masked_)
      apply_websocket_mask(data + at, part, mask_, done_);
    if (control_) {
      std::memcpy(payload_.data() + done_, data + at, part);
    } else if (part > 0) {
      std::memmove(data + kept, data + at, part);
      kept += part;
    }
    at += part;
    done_ += part;
    left_ -= part;
    if (left_ == 0) {
      in_payload_ = false;
      have_ = 0;
      if (control_)
        end_control();
    }
  }
  return kept;
}

websocket_reader::message_part websocket_reader::next(char* data, size_t size) noexcept {
  message_part out;
  while (out.used < size && !ended_) {
    if (!in_payload_) {
      header_[have_++] = data[out.used++];
      if (have_ == 2 || have_ == header_size())
        begin_frame();
      bool empty = have_ == 0 && !in_payload_ && !control_;
      if (empty && !in_message_ && !ended_) { // the last frame has nothing in it
        out.deflated = deflated_;
        out.ends = true;
        return out;
      }
      continue;
    }
    auto* at = data + out.used;
    auto part = static_cast<size_t>(std::min<uint64_t>(left_, size - out.used));
    if (masked_)
      apply_websocket_mask(at, part, mask_, done_);
    if (control_)
      std::memcpy(payload_.data() + done_, at, part);
    out.used += part;
    done_ += part;
    left_ -= part;
    if (left_ == 0) {
      in_payload_ = false;
      have_ = 0;
    }
    if (!control_) {
      out.text = {at, part};
      out.deflated = deflated_;
      out.ends = left_ == 0 && !in_message_;
      return out;
    }
    if (left_ == 0)
      end_control();
  }
  if (ended_)
    out.used = size;
  return out;
}

void websocket_reader::reject(std::string_view why) noexcept {
  fail(why, websocket_status::invalid_text);
}

/// Called when two bytes are there, and when all are.
void websocket_reader::begin_frame() noexcept {
  auto first = static_cast<uint8_t>(header_[0]);
  auto second = static_cast<uint8_t>(header_[1]);
  auto short_size = static_cast<uint8_t>(second & size_bits);
  if (have_ == 2) {
    bool final = (first & final_bit) != 0;
    opcode_ = first & opcode_bits;
    control_ = (opcode_ & 0x08) != 0;
    masked_ = (second & mask_bit) != 0;
    auto reserved = static_cast<uint8_t>(first & reserved_bits);
    bool begins = opcode_ != static_cast<uint8_t>(websocket_opcode::continuation) && !control_;
    if (begins)
      deflated_ = deflates_ && reserved == deflated_bit;
    if (reserved != 0 && !(begins && deflated_))
      return fail("reserved bits are set, of an extension that was not agreed on",
                  websocket_status::protocol_error);
    if (!masked_ && masking_ == websocket_masking::demanded)
      return fail("mask bit missing", websocket_status::protocol_error);
    if (masked_ && masking_ == websocket_masking::forbidden)
      return fail("a server's frame is masked", websocket_status::protocol_error);
    if (control_ && (!final || short_size > longest_websocket_control))
      return fail("a control frame is fragmented or longer than 125 bytes",
                  websocket_status::protocol_error);
    if (control_ ? opcode_ > static_cast<uint8_t>(websocket_opcode::pong)
                 : !begin_data(opcode_, final))
      return fail(control_ ? "unknown opcode" : "unknown opcode, or frames out of order",
                  websocket_status::protocol_error);
    if (header_size() > 2)
      return;
  }
  size_t bytes = short_size == size_in_2 ? 2 : short_size == size_in_8 ? 8 : 0;
  left_ = bytes > 0 ? big_endian(header_.data() + 2, bytes) : short_size;
  if ((bytes == 2 && left_ <= longest_in_1)
      || (bytes == 8 && (left_ <= longest_in_2 || left_ >> 63 != 0)))
    return fail("invalid payload length", websocket_status::protocol_error);
  if (masked_)
    std::memcpy(mask_.data(), header_.data() + 2 + bytes, mask_.size());
  done_ = 0;
  in_payload_ = true;
  if (left_ > 0)
    return;
  in_payload_ = false;
  have_ = 0;
  if (control_)
    end_control();
}

bool websocket_reader::begin_data(uint8_t opcode, bool final) noexcept {
  bool goes_on = opcode == static_cast<uint8_t>(websocket_opcode::continuation);
  if (opcode > static_cast<uint8_t>(websocket_opcode::binary) || goes_on != in_message_)
    return false;
  in_message_ = !final;
  return true;
}

void websocket_reader::end_control() noexcept {
  switch (static_cast<websocket_opcode>(opcode_)) {
  case websocket_opcode::close: closed(); break;
  case websocket_opcode::ping:
    ping_ = payload_;
    ping_size_ = static_cast<uint8_t>(done_);
    owes_pong_ = true;
    break;
  case websocket_opcode::pong:
  case websocket_opcode::continuation:
  case websocket_opcode::text:
  case websocket_opcode::binary: break;
  }
}

void websocket_reader::closed() noexcept {
  if (done_ == 1)
    return fail("a close frame of one byte", websocket_status::protocol_error);
  if (done_ > 1) {
    auto code = static_cast<uint16_t>(big_endian(payload_.data(), 2));
    if (!is_websocket_status(code))
      return fail("an invalid status in a close frame", websocket_status::protocol_error);
    if (!is_utf8({payload_.data() + 2, static_cast<size_t>(done_) - 2}))
      return fail("a close frame's reason is no UTF-8", websocket_status::invalid_text);
    answer_ = static_cast<websocket_status>(code);
  }
  ended_ = true;
}

void websocket_reader::fail(std::string_view why, websocket_status code) noexcept {
  ended_ = true;
  problem_ = why;
  answer_ = code;
}

} // namespace troupe::protocol
