// monitor/content_encoding.hpp: answers as small as whoever asks can take them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::monitor {

enum class content_encoding : unsigned char { identity, gzip, snappy };

/// What the header block of a request allows (`Accept-Encoding`); nothing: it does not speak of it.
/// Snappy, also known as "s2", before gzip; whoever takes neither gets plain text.
std::optional<content_encoding> encoding_for(std::string_view header_block);
/// "identity", "gzip", "snappy".
std::string_view to_string(content_encoding which) noexcept;
std::string encoded(std::string text, content_encoding how);

} // namespace troupe::monitor
