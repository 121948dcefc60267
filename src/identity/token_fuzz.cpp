// Whatever comes as a token, nobody is let in by it, and nothing breaks. The claims of a token are read
// only behind a right signature, so they are fed to their reader directly, too.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "identity/claims.h"
#include "identity/keyring.h"
#include "identity/verifier.h"

using namespace parley;
using namespace parley::identity;

namespace {

constexpr std::string_view keys = R"({"keys":[
  {"kty":"EC","kid":"k","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
   "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
  {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

const Verifier& verifier() {
  static const auto made = [] {
    Keyring ring;
    PARLEY_ASSERT(ring.add_secret("nobody who fuzzes this guesses it").has_value());
    PARLEY_ASSERT(ring.add_jwks(keys).has_value());
    return std::make_unique<Verifier>(std::move(ring));
  }();
  return *made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  PARLEY_ASSERT(!verifier().verify(text, Time{}, {}).has_value());
  static_cast<void>(read_header(text));
  auto identity = read_claims(text, Time{}, {});
  PARLEY_ASSERT(!identity || is_user_id(identity->user));
  static_cast<void>(Keyring{}.add_jwks(text));
  return 0;
}
