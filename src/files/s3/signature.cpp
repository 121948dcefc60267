#include "files/s3/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "base/encodings.h"

namespace parley::files {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string as_string(const std::array<unsigned char, EVP_MAX_MD_SIZE>& bytes, unsigned size) {
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return as_string(out, size);
}

std::string sha256(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), out.data(), &size, EVP_sha256(), nullptr);
  return hex_of(as_string(out, size));
}

// "20261121T101112Z"
std::string basic_time(Time now) {
  std::string text = rfc3339(now, 0);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

}  // namespace

std::string signed_link(const S3Address& address, const std::string& path,
                        std::vector<std::pair<std::string, std::string>> query,
                        std::chrono::seconds lives, Time now) {
  const std::string at = basic_time(now), day = at.substr(0, 8);
  const std::string scope = day + '/' + address.region + "/s3/aws4_request";
  query.emplace_back("X-Amz-Algorithm", algorithm);
  query.emplace_back("X-Amz-Credential", address.key + '/' + scope);
  query.emplace_back("X-Amz-Date", at);
  query.emplace_back("X-Amz-Expires", std::to_string(lives.count()));
  query.emplace_back("X-Amz-SignedHeaders", "host");
  std::ranges::sort(query);
  std::string encoded;
  for (const auto& [name, value] : query)
    encoded += (encoded.empty() ? "" : "&") + percent_encoded(name) + '=' + percent_encoded(value);
  const std::string encoded_path = percent_encoded(path, Slashes::kept);
  const std::string request = "GET\n" + encoded_path + '\n' + encoded + "\nhost:" + address.host +
                              "\n\nhost\nUNSIGNED-PAYLOAD";
  const std::string to_sign =
      std::string(algorithm) + '\n' + at + '\n' + scope + '\n' + sha256(request);
  std::string key = "AWS4" + address.secret;
  for (const std::string& part :
       {day, address.region, std::string("s3"), std::string("aws4_request")})
    key = hmac(key, part);
  return (address.plain ? "http://" : "https://") + address.host + encoded_path + '?' + encoded +
         "&X-Amz-Signature=" + hex_of(hmac(key, to_sign));
}

}  // namespace parley::files
