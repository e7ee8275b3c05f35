// actors/message_deflate.cpp: zlib without headers, and without memory of earlier messages.
#include "actors/message_deflate.hpp"

#include "actors/outgoing.hpp"
#include "actors/subscription.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <new>

#include <zlib.h>

namespace troupe::actors {

namespace {

constexpr int raw_deflate = -15; // the largest window, and neither header nor checksum
constexpr int usual_memory = 8;
constexpr size_t made_at_once = 16 * 1024;

Bytef* bytes_of(const char* text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text)); // zlib 1.2 knows no const
}

uInt at_most(size_t size) {
  return static_cast<uInt>(std::min<size_t>(size, std::numeric_limits<uInt>::max()));
}

struct deflater {
  deflater() {
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, raw_deflate, usual_memory,
                     Z_DEFAULT_STRATEGY)
        != Z_OK)
      throw std::bad_alloc{};
  }
  ~deflater() { deflateEnd(&stream); }
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;

  void add(const char* data, size_t size, int flush, std::string& out) {
    stream.next_in = bytes_of(data);
    stream.avail_in = at_most(size); // a piece is never longer than a message, at most 64 MiB
    std::array<char, made_at_once> part;
    do {
      stream.next_out = bytes_of(part.data());
      stream.avail_out = at_most(part.size());
      deflate(&stream, flush);
      out.append(part.data(), part.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }

  z_stream stream{};
};

thread_local std::unique_ptr<inflater> spare;

} // namespace

size_t batch_deflater::next(size_t most, std::string& out) {
  thread_local deflater mine;
  deflateReset(&mine.stream);
  out.clear();
  size_t taken = 0;
  while (piece_ < batch_.pieces.size() && taken < most) {
    const auto& each = batch_.pieces[piece_];
    auto part = std::min(each.size - offset_, most - taken);
    if (part > 0)
      mine.add(each.data + offset_, part, Z_NO_FLUSH, out);
    taken += part;
    offset_ += part;
    if (offset_ == each.size) {
      ++piece_;
      offset_ = 0;
    }
  }
  if (taken == 0)
    return 0;
  mine.add("", 0, Z_SYNC_FLUSH, out);
  if (out.ends_with(deflate_tail))
    out.resize(out.size() - deflate_tail.size());
  return taken;
}

struct inflater::state {
  z_stream stream{};
  bool over = false;           // its last block has come
  bool between_blocks = false; // and at the beginning of a byte
};

inflater::inflater() : state_{std::make_unique<state>()} {
  if (inflateInit2(&state_->stream, raw_deflate) != Z_OK)
    throw std::bad_alloc{};
}

inflater::~inflater() {
  inflateEnd(&state_->stream);
}

inflater::progress inflater::go_on(std::string_view in, char* out, size_t room) {
  auto& stream = state_->stream;
  if (state_->over) // as to nats-server, what follows means nothing: often a byte to fill it up
    return {in.size(), 0, false};
  stream.next_in = bytes_of(in.data());
  stream.avail_in = at_most(in.size());
  stream.next_out = bytes_of(out);
  stream.avail_out = at_most(room);
  auto found = inflate(&stream, Z_SYNC_FLUSH);
  state_->over = found == Z_STREAM_END;
  constexpr int between_blocks = 128, bits_left_over = 7; // zlib.h: inflate() and data_type
  if (stream.avail_in != at_most(in.size())
      || stream.avail_out != at_most(room)) // else zlib has forgotten
    state_->between_blocks =
        (stream.data_type & (between_blocks | bits_left_over)) == between_blocks;
  // Z_BUF_ERROR: there was nothing to do, for want of input or of room.
  return {in.size() - stream.avail_in, room - stream.avail_out,
          found != Z_OK && found != Z_STREAM_END && found != Z_BUF_ERROR};
}

bool inflater::is_complete() const noexcept {
  return state_->over || state_->between_blocks;
}

std::unique_ptr<inflater> inflater::take() {
  if (!spare)
    return std::make_unique<inflater>();
  inflateReset(&spare->state_->stream);
  spare->state_->over = spare->state_->between_blocks = false;
  return std::move(spare);
}

void inflater::give_back(std::unique_ptr<inflater> one) {
  spare = std::move(one);
}

} // namespace troupe::actors
