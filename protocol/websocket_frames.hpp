// protocol/websocket_frames.hpp: cuts what a websocket peer sends into what it means, and writes
// frames.
//
// Source: RFC 6455 sections 5 and 7.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::protocol {

enum class websocket_opcode : uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

/// Status codes of close frames (RFC 6455 section 7.4.1).
enum class websocket_status : uint16_t {
  none = 0, ///< never on the wire: the frame is empty
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  invalid_text = 1007,
  policy_violation = 1008,
  too_big = 1009,
  internal_error = 1011,
};

using websocket_mask = std::array<char, 4>;

constexpr size_t longest_websocket_header = 14;
constexpr size_t longest_websocket_control = 125; ///< bytes of a control frame's payload

/// Writes the header of an unfragmented frame and says how long it is. `mask`: null for none.
/// `deflated`: the message is compressed (RFC 7692).
size_t write_websocket_header(char* at, websocket_opcode what, uint64_t payload,
                              const websocket_mask* mask, bool deflated = false) noexcept;

/// Masks or unmasks; `offset`: how many bytes of the payload came before `data`.
void apply_websocket_mask(char* data, size_t size, const websocket_mask& mask,
                          uint64_t offset) noexcept;

/// What becomes of frames that are masked, or are not.
enum class websocket_masking : uint8_t {
  demanded,  ///< from a client
  optional,  ///< from a client that was granted not to mask
  forbidden, ///< from a server
};

/// Reads one peer's frames wherever the stream is cut. It keeps no payload but that of a control
/// frame: a frame may be as long as it likes, since what is in it is judged by whoever parses it.
class websocket_reader {
public:
  /// `deflates`: compressed messages were agreed on; then only next() may be asked.
  explicit websocket_reader(websocket_masking masking, bool deflates = false) noexcept
      : masking_{masking}, deflates_{deflates} {}

  /// Takes all of `data`, and leaves what is payload of messages at its front: the result is how
  /// many bytes that is. Behind the end of the conversation nothing counts any more.
  size_t read(char* data, size_t size) noexcept;

  /// Payload of one message, as much of it as is there.
  struct message_part {
    size_t used = 0;       ///< of what was given, from its beginning to behind this part
    std::string_view text; ///< unmasked, where it was
    bool deflated = false;
    bool ends = false; ///< the message ends with it
  };
  /// The same piece by piece, for messages some of which are compressed. Neither text nor an end:
  /// all is used, and there was none.
  message_part next(char* data, size_t size) noexcept;
  /// What was in a message cannot be: as if its frames were wrong.
  void reject(std::string_view why) noexcept;

  /// A ping has to be answered, with this; the last one, if there were several.
  bool owes_pong() const noexcept { return owes_pong_; }
  std::string_view pong() noexcept {
    owes_pong_ = false;
    return {ping_.data(), ping_size_};
  }

  /// The peer has closed, or has broken the protocol.
  bool ended() const noexcept { return ended_; }
  /// What a close frame has to say to that.
  websocket_status answer() const noexcept { return answer_; }
  /// What was wrong; empty: it has closed in order.
  std::string_view problem() const noexcept { return problem_; }

private:
  size_t header_size() const noexcept;
  void begin_frame() noexcept;
  bool begin_data(uint8_t opcode, bool final) noexcept;
  void end_control() noexcept;
  void closed() noexcept;
  void fail(std::string_view why, websocket_status code) noexcept;

  websocket_masking masking_;
  bool deflates_;
  bool deflated_ = false; // this message is
  bool in_payload_ = false;
  bool masked_ = false;
  bool in_message_ = false; // the last frame of a message is still to come
  bool owes_pong_ = false;
  bool ended_ = false;
  bool control_ = false;
  uint8_t opcode_ = 0;
  uint8_t have_ = 0; // bytes of the header, or of a control frame
  uint8_t ping_size_ = 0;
  websocket_status answer_ = websocket_status::none;
  websocket_mask mask_{};
  uint64_t done_ = 0, left_ = 0; // of the payload
  std::array<char, longest_websocket_header> header_{};
  std::array<char, longest_websocket_control> payload_{}, ping_{};
  std::string_view problem_;
};

/// May a peer give it as the reason why it closes?
bool is_websocket_status(uint16_t code) noexcept;

} // namespace troupe::protocol
