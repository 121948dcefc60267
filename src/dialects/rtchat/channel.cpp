#include "dialects/rtchat/channel.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "identity/identity.h"

namespace parley::rtchat {
namespace {

constexpr std::size_t participants_max = 1'000;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\v\f\r";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

Result<Participants> normal_form(const std::vector<std::string_view>& named) {
  Participants all;
  for (std::string_view one : named) {
    const std::string_view id = trimmed(one);
    if (!identity::is_user_id(id))
      return fail(Code::bad_request,
                  "a participant's id is 1 to 128 bytes of UTF-8 without control characters");
    all.push_back(UserId{std::string(id)});
  }
  std::ranges::sort(all);
  auto repeats = std::ranges::unique(all);
  all.erase(repeats.begin(), repeats.end());
  if (all.empty()) return fail(Code::bad_request, "participants must name at least one user");
  if (all.size() > participants_max)
    return fail(Code::bad_request,
                "a channel has at most " + std::to_string(participants_max) + " participants");
  return all;
}

// Ids can't hold a control character, so a zero between them keeps different sets different.
ConversationId channel_id(const Participants& participants) {
  std::string whole;
  for (const UserId& one : participants) {
    whole += one.text;
    whole += '\0';
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int made =
      EVP_Digest(whole.data(), whole.size(), digest.data(), &size, EVP_sha256(), nullptr);
  PARLEY_ASSERT(made == 1 && size >= ConversationId{}.bytes.size());
  ConversationId id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

}  // namespace parley::rtchat
