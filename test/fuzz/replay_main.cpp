// test/fuzz/replay_main.cpp: feeds every file of a corpus to a fuzz target, without a fuzzer.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

/// The whole text, then each of its first halves, quarters and so on: cuts are inputs, too.
void replay(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  for (size_t size = text.size();; size /= 2) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), size);
    if (size == 0)
      return;
  }
}

} // namespace

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i)
    for (auto& entry : std::filesystem::directory_iterator{argv[i]})
      if (entry.is_regular_file()) {
        replay(entry.path());
        ++count;
      }
  std::printf("replayed %zu files\n", count);
  return count == 0 ? 1 : 0; // an empty corpus proves nothing
}
