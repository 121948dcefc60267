// What wins: a flag before a variable, a variable before the file, the file before the default. Values
// that lose are checked all the same.
#include <arpa/inet.h>
#include <algorithm>

#include "app/config/services.h"
#include "app/config/sources.h"

namespace parley::config {
namespace {

constexpr std::string_view loopback = "127.0.0.1";
constexpr std::string_view everywhere = "0.0.0.0";

Settings all_defaults() {
  Settings settings{};
  for (const AnyOption* option : all_options()) option->set_default(settings);
  return settings;
}

void apply(const std::vector<Given>& given, Settings& settings, Reasons& reasons) {
  for (const Given& one : given)
    for (const std::string& reason : one.option->set(settings, one.texts))
      reasons.add(one.place, reason);
}

bool is_loopback(const std::string& address) {
  in_addr four{};
  if (::inet_pton(AF_INET, address.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  in6_addr six{};
  return ::inet_pton(AF_INET6, address.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

void fill_in(Settings& settings) {
  if (settings.store.kind == StoreKind::sqlite && settings.store.where.empty())
    settings.store.where = settings.data + "/parley.db";
  for (Listen& listen : settings.listen)
    if (listen.address.empty()) listen.address = settings.has_keys() ? everywhere : loopback;
}

// Where whoever starts this may put a key.
std::string keys_of(const Settings& settings) {
  const ServiceFacts* service = settings.as.empty() ? nullptr : find_service(settings.as);
  const std::string own = "PARLEY_JWT_SECRET or PARLEY_JWKS";
  return service == nullptr ? own : std::string(service->secret) + " (" + own + " will do, too)";
}

void check_listeners(const Settings& settings, Reasons& reasons) {
  for (std::size_t i = 0; i < settings.listen.size(); ++i) {
    const Listen& one = settings.listen[i];
    // Whom a trusted peer names needs no token.
    const bool knows_peers = one.dialect == "echo" && !settings.echo_trusted.empty();
    if (!settings.has_keys() && !is_loopback(one.address) && !knows_peers)
      reasons.add("listen", ListenAt::show(one) +
                                " can be reached by others, but no key is configured to know them "
                                "by; give " +
                                keys_of(settings) + ", or listen on " + std::string(loopback));
    for (std::size_t j = 0; j < i; ++j)
      if (one.port != 0 && one.port == settings.listen[j].port &&
          one.address == settings.listen[j].address)
        reasons.add("listen", ListenAt::show(one) + " is given twice");
  }
}

// What is right by itself and wrong together.
void check_together(const Settings& settings, Reasons& reasons) {
  check_listeners(settings, reasons);
  if (settings.tls_cert.empty() != settings.tls_key.empty())
    reasons.add(settings.tls_cert.empty() ? "tls-key" : "tls-cert",
                "tls-cert and tls-key are needed together; only this one is given");
  if (!settings.store_replicas.empty() && settings.store.kind != StoreKind::postgres)
    reasons.add("store-replicas", "only PostgreSQL has replicas here; store is another one");
  if (settings.queue_limit < settings.message_limit)
    reasons.add("queue-limit", show_bytes(settings.queue_limit) + " is less than message-limit (" +
                                   show_bytes(settings.message_limit) +
                                   "), so a message could end the connection that it is for");
}

// What the service was told, wherever nothing of ours says otherwise.
void stand_in(Settings& settings, const std::vector<Source>& ours, const Environment& environment,
              Reasons& reasons) {
  Service service = read_service(settings.as, environment, ".", reasons);
  std::erase_if(service.given, [&](const Given& one) {
    return std::ranges::any_of(ours, [&](const Source& source) {
      return std::ranges::find(source.given, one.option, &Given::option) != source.given.end();
    });
  });
  apply(service.given, settings, reasons);
  if (settings.jwt_secret.empty()) settings.jwt_secret = service.jwt_secret;
  settings.notices = std::move(service.notices);
}

std::string file_of(const Source& arguments, const Source& environment) {
  return arguments.file.empty() ? environment.file : arguments.file;
}

}  // namespace

std::string Reasons::text() const {
  std::string text;
  for (const std::string& line : lines_) text += (text.empty() ? "" : "\n") + line;
  return text;
}

Settings defaults() {
  Settings settings = all_defaults();
  fill_in(settings);
  return settings;
}

Result<Settings> load(const Arguments& arguments, const Environment& environment) {
  Reasons reasons;
  Settings settings = all_defaults();
  Source flags = read_arguments(arguments, reasons);
  Source variables = read_environment(environment, reasons);
  settings.file = file_of(flags, variables);
  if (!settings.file.empty()) apply(read_file(settings.file, reasons), settings, reasons);
  apply(variables.given, settings, reasons);
  apply(flags.given, settings, reasons);
  if (!settings.as.empty()) stand_in(settings, {variables, flags}, environment, reasons);
  if (reasons
          .empty()) {  // else a value that could not be read would be told as one that is missing
    fill_in(settings);
    check_together(settings, reasons);
  }
  if (!reasons.empty()) return fail(Code::bad_request, reasons.text());
  return settings;
}

Result<Reloaded> reload(const Settings& running, const Arguments& arguments,
                        const Environment& environment) {
  TRY(fresh, load(arguments, environment));
  Reloaded reloaded{.settings = running, .need_restart = {}};
  for (const AnyOption* option : all_options()) {
    if (option->show(running) == option->show(fresh)) continue;
    if (option->reload() == Reload::live)
      option->copy(fresh, reloaded.settings);
    else
      reloaded.need_restart.emplace_back(option->name());
  }
  return reloaded;
}

}  // namespace parley::config
