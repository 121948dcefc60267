#include "outbox/kafka/kafka.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <utility>

namespace parley::outbox {
namespace {

constexpr int look_within_ms = 3'000;
constexpr std::chrono::seconds answer_within{10};
constexpr int poll_ms = 100;
constexpr int unsent_max = 50'000;  // the library takes twice as many
constexpr std::string_view scheme = "kafka://";
constexpr std::string_view compression_word = "?compression=";

using Clock = std::chrono::steady_clock;

struct Close {
  // What it has not sent by now is sent again by the next one.
  void operator()(rd_kafka_t* producer) const {
    rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(producer);
  }
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};

Error not_now(const std::string& what) {
  return {Code::unavailable, "kafka: " + what, std::chrono::seconds{1}};
}

struct Address {
  std::string servers, compression = "none";
};

class Kafka final : public Sink {
 public:
  explicit Kafka(Address address) : address_(std::move(address)) {}

  Result<void> send(std::span<const Out> batch) override {
    auto done = try_send(batch);
    if (!done) producer_.reset();
    return done;
  }

  void send_passing(const Out& one) override {
    if (!producer_) return;
    if (publish(one, Report::none)) rd_kafka_poll(producer_.get(), 0);
  }

 private:
  // What the reports of one batch say.
  struct Waiting {
    std::size_t records = 0;
    rd_kafka_resp_err_t refusal = RD_KAFKA_RESP_ERR_NO_ERROR;
  };
  enum class Report : bool { none, counted };

  Result<void> try_send(std::span<const Out> batch) {
    if (!producer_) TRY_DO(connect());
    if (batch.empty()) return look();
    waiting_ = {};
    const auto end = Clock::now() + answer_within;
    for (const Out& one : batch) {
      while (rd_kafka_outq_len(producer_.get()) >= unsent_max && Clock::now() < end)
        rd_kafka_poll(producer_.get(), poll_ms);
      TRY_DO(publish(one, Report::counted));
      ++waiting_.records;
    }
    while (waiting_.records > 0 && Clock::now() < end) rd_kafka_poll(producer_.get(), poll_ms);
    if (waiting_.refusal != RD_KAFKA_RESP_ERR_NO_ERROR)
      return std::unexpected(not_now(rd_kafka_err2str(waiting_.refusal)));
    if (waiting_.records > 0) return std::unexpected(not_now("the brokers do not answer"));
    return {};
  }

  Result<void> connect() {
    std::unique_ptr<rd_kafka_conf_t, Close> conf(rd_kafka_conf_new());
    std::array<char, 512> why{};
    const std::array<std::pair<const char*, const char*>, 6> settings{
        {{"bootstrap.servers", address_.servers.c_str()},
         {"compression.type", address_.compression.c_str()},
         {"enable.idempotence", "true"},
         {"linger.ms", "2"},
         {"message.timeout.ms", "8000"},
         {"client.id", "parley"}}};
    for (const auto& [name, value] : settings)
      if (rd_kafka_conf_set(conf.get(), name, value, why.data(), why.size()) != RD_KAFKA_CONF_OK)
        return std::unexpected(not_now(why.data()));
    rd_kafka_conf_set_log_cb(conf.get(), nullptr);  // what fails is told by the outbox
    rd_kafka_conf_set_opaque(conf.get(), this);
    rd_kafka_conf_set_dr_msg_cb(
        conf.get(), [](rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* self) {
          if (message->_private != nullptr) static_cast<Kafka*>(self)->reported(*message);
        });
    producer_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
    if (!producer_) return std::unexpected(not_now(why.data()));
    static_cast<void>(conf.release());  // the producer has it now
    return look();
  }

  // Whether anybody is there.
  Result<void> look() {
    const rd_kafka_metadata_t* seen = nullptr;
    const rd_kafka_resp_err_t error =
        rd_kafka_metadata(producer_.get(), 0, nullptr, &seen, look_within_ms);
    if (seen != nullptr) rd_kafka_metadata_destroy(seen);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return std::unexpected(not_now(rd_kafka_err2str(error)));
  }

  Result<void> publish(const Out& one, Report report) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(one.headers.size());
    for (const auto& [name, value] : one.headers)
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    const auto millis =
        std::chrono::floor<std::chrono::milliseconds>(one.at).time_since_epoch().count();
    const std::array<rd_kafka_vu_t, 7> fields{
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_TOPIC, .u = {.cstr = one.topic.c_str()}},
        rd_kafka_vu_t{
            .vtype = RD_KAFKA_VTYPE_KEY,
            .u = {.mem = {.ptr = const_cast<char*>(one.key.data()), .size = one.key.size()}}},
        rd_kafka_vu_t{
            .vtype = RD_KAFKA_VTYPE_VALUE,
            .u = {.mem = {.ptr = const_cast<char*>(one.body.data()), .size = one.body.size()}}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_HEADERS, .u = {.headers = headers}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u = {.i64 = millis}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u = {.i = RD_KAFKA_MSG_F_COPY}},
        rd_kafka_vu_t{.vtype = RD_KAFKA_VTYPE_OPAQUE,
                      .u = {.ptr = report == Report::counted ? this : nullptr}}};
    rd_kafka_error_t* error = rd_kafka_produceva(producer_.get(), fields.data(), fields.size());
    if (error == nullptr) return {};
    rd_kafka_headers_destroy(headers);  // not taken
    Error told = not_now(rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return std::unexpected(std::move(told));
  }

  void reported(const rd_kafka_message_t& message) {
    if (waiting_.records > 0) --waiting_.records;
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) waiting_.refusal = message.err;
  }

  Address address_;
  Waiting waiting_;
  std::unique_ptr<rd_kafka_t, Close> producer_;  // last: its end reports what it had
};

}  // namespace

Result<std::unique_ptr<Sink>> make_kafka(const std::string& url) {
  constexpr std::array<std::string_view, 5> known{"none", "gzip", "snappy", "lz4", "zstd"};
  if (!url.starts_with(scheme)) return fail(Code::bad_request, "is not like kafka://host:9092");
  Address address;
  const std::size_t query = url.find('?');
  address.servers =
      url.substr(scheme.size(), query == std::string::npos ? query : query - scheme.size());
  std::ranges::replace(address.servers, ';', ',');
  while (address.servers.ends_with('/')) address.servers.pop_back();
  if (address.servers.empty()) return fail(Code::bad_request, "names no host");
  if (query != std::string::npos) {
    const std::string_view rest = std::string_view(url).substr(query);
    if (!rest.starts_with(compression_word) ||
        std::ranges::find(known, rest.substr(compression_word.size())) == known.end())
      return fail(Code::bad_request,
                  "may only be followed by ?compression=none|gzip|snappy|lz4|zstd");
    address.compression = rest.substr(compression_word.size());
  }
  return std::make_unique<Kafka>(std::move(address));
}

}  // namespace parley::outbox
