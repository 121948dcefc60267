// A ZIP file, made as it goes out: of each entry only its place is kept, and nothing of its content.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace parley::files {

class Zip {
 public:
  // How an entry's bytes are put in: pictures and the like don't get smaller.
  enum class Pack : std::uint8_t { smaller, as_it_is };

  Zip();
  ~Zip();
  Zip(Zip&&) noexcept;
  Zip& operator=(Zip&&) = delete;

  // Each gives the bytes of the file that come next. One entry after the other: begin, add, end.
  [[nodiscard]] std::string begin(std::string name, Pack pack, Time at);
  [[nodiscard]] std::string add(std::string_view bytes);
  [[nodiscard]] std::string end();
  // After the last entry.
  [[nodiscard]] std::string finish();

 private:
  struct Entry {
    std::string name;
    Pack pack = Pack::smaller;
    std::uint32_t dos_time = 0, crc = 0;
    std::uint64_t bytes = 0, packed = 0, at = 0;
  };
  struct Deflater;

  std::string deflated(std::string_view bytes, bool last);
  std::string out(std::string bytes);

  std::vector<Entry> entries_;
  std::unique_ptr<Deflater> deflater_;
  std::uint64_t written_ = 0;
};

}  // namespace parley::files
