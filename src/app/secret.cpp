#include "app/secret.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/random.h"

namespace parley::app {
namespace {

std::string fresh_secret() {
  constexpr std::string_view digits = "0123456789abcdef";
  SystemRandom random;
  std::string secret;
  for (int i = 0; i < 4; ++i)
    for (std::uint64_t bits = random.next(), n = 0; n < 16; ++n, bits >>= 4)
      secret += digits[bits & 15];
  return secret;
}

// Only one of two processes that start at once makes it; readable by its owner alone.
Result<void> make_file(const std::string& path) {
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) return {};
  if (file < 0)
    return fail(Code::unavailable,
                "the secret can't be kept in " + path + ": " + std::strerror(errno));
  std::string secret = fresh_secret() + "\n";
  bool written =
      ::write(file, secret.data(), secret.size()) == static_cast<ssize_t>(secret.size()) &&
      ::fsync(file) == 0;
  ::close(file);
  if (!written)
    return fail(Code::unavailable,
                "the secret can't be written to " + path + ": " + std::strerror(errno));
  return {};
}

}  // namespace

Result<void> use_own_secret(config::Settings& settings) {
  if (settings.has_keys()) return {};
  std::error_code error;
  std::filesystem::create_directories(settings.data, error);
  if (error)
    return fail(Code::unavailable,
                "the data folder " + settings.data + " can't be made: " + error.message());
  const std::string path = settings.data + "/jwt-secret";
  TRY_DO(make_file(path));
  std::ifstream in(path);
  std::getline(in, settings.jwt_secret);
  if (settings.jwt_secret.size() < 32)
    return fail(Code::unavailable,
                path + " holds no secret of at least 32 bytes; remove it and a new one is made");
  return {};
}

}  // namespace parley::app
