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

void deflate_batch(const outgoing& batch, std::string& out) {
  thread_local deflater mine;
  deflateReset(&mine.stream);
  out.clear();
  for (const auto& each : batch.pieces)
    if (each.size > 0)
      mine.add(each.data, each.size, Z_NO_FLUSH, out);
  mine.add("", 0, Z_SYNC_FLUSH, out);
  if (out.ends_with(deflate_tail))
    out.resize(out.size() - deflate_tail.size());
}

struct inflater::state {
  z_stream stream{};
  bool over = false; // its last block has come
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
  if (state_->over) // only the end of the message may follow
    return {in.size(), 0, !deflate_tail.ends_with(in)};
  stream.next_in = bytes_of(in.data());
  stream.avail_in = at_most(in.size());
  stream.next_out = bytes_of(out);
  stream.avail_out = at_most(room);
  auto found = inflate(&stream, Z_SYNC_FLUSH);
  state_->over = found == Z_STREAM_END;
  // Z_BUF_ERROR: there was nothing to do, for want of input or of room.
  return {in.size() - stream.avail_in, room - stream.avail_out,
          found != Z_OK && found != Z_STREAM_END && found != Z_BUF_ERROR};
}

std::unique_ptr<inflater> inflater::take() {
  if (!spare)
    return std::make_unique<inflater>();
  inflateReset(&spare->state_->stream);
  spare->state_->over = false;
  return std::move(spare);
}

void inflater::give_back(std::unique_ptr<inflater> one) {
  spare = std::move(one);
}

} // namespace troupe::actors
