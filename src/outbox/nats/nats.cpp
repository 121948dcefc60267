#include "outbox/nats/nats.h"

#include "natslib/natslib.h"

namespace parley::outbox {
namespace {

constexpr std::int64_t connect_within_ms = 3'000;
constexpr std::int64_t answer_within_ms = 5'000;
constexpr std::int64_t told_twice_within_ns = 120'000'000'000;  // a repeat within this is dropped
constexpr std::int64_t unconfirmed_max = 4'096;

using natslib::Held;
using natslib::pointers;

Error not_now(const std::string& what) {
  return {Code::unavailable, "nats: " + what, std::chrono::seconds{1}};
}

Result<void> check(natsStatus status, const char* doing) {
  if (status == NATS_OK) return {};
  return std::unexpected(not_now(std::string(doing) + ": " + natsStatus_GetText(status)));
}

class Nats final : public Sink {
 public:
  Nats(std::vector<std::string> servers, Stream stream)
      : servers_(std::move(servers)), stream_(std::move(stream)) {}
  Nats(const Nats&) = delete;
  Nats& operator=(const Nats&) = delete;
  ~Nats() override { forget(); }

  Result<void> send(std::span<const Out> batch) override {
    auto done = try_send(batch);
    if (!done) forget();
    return done;
  }

  void send_passing(const Out& one) override {
    if (connection_ && !publish_plainly(one)) forget();
  }

 private:
  Result<void> try_send(std::span<const Out> batch) {
    if (!connection_) TRY_DO(connect());
    for (const Out& one : batch)
      TRY_DO(jetstream_ ? publish_for_keeping(one) : publish_plainly(one));
    if (!jetstream_ || batch.empty())
      return check(natsConnection_FlushTimeout(connection_.get(), answer_within_ms),
                   "waiting for the server");
    jsPubOptions patience{};
    jsPubOptions_Init(&patience);
    patience.MaxWait = answer_within_ms;
    TRY_DO(check(js_PublishAsyncComplete(jetstream_.get(), &patience), "waiting for the stream"));
    if (refused_.exchange(false))
      return std::unexpected(not_now("the stream did not take a message"));
    return {};
  }

  Result<void> connect() {
    natsOptions* made = nullptr;
    TRY_DO(check(natsOptions_Create(&made), "options"));
    const Held<natsOptions> options(made);
    auto urls = pointers(servers_);
    TRY_DO(check(natsOptions_SetServers(made, urls.data(), static_cast<int>(urls.size())),
                 "the address"));
    TRY_DO(check(natsOptions_SetTimeout(made, connect_within_ms), "options"));
    TRY_DO(check(natsOptions_SetName(made, "parley"), "options"));
    // What is lost with a connection is sent again on the next, from the marks.
    TRY_DO(check(natsOptions_SetAllowReconnect(made, false), "options"));
    natsConnection* connected = nullptr;
    TRY_DO(check(natsConnection_Connect(&connected, made), "connecting"));
    connection_.reset(connected);
    return use_jetstream();
  }

  Result<void> use_jetstream() {
    jsOptions options{};
    TRY_DO(check(jsOptions_Init(&options), "options"));
    options.Wait = answer_within_ms;
    options.PublishAsync.MaxPending = unconfirmed_max;
    options.PublishAsync.StallWait = answer_within_ms;
    options.PublishAsync.ErrHandler = [](jsCtx* /*context*/, jsPubAckErr* /*error*/, void* self) {
      static_cast<Nats*>(self)->refused_ = true;
    };
    options.PublishAsync.ErrHandlerClosure = this;
    jsCtx* made = nullptr;
    TRY_DO(check(natsConnection_JetStream(&made, connection_.get(), &options), "JetStream"));
    jetstream_.reset(made);
    refused_ = false;
    return have_stream();
  }

  Result<void> have_stream() {
    jsStreamInfo* info = nullptr;
    jsErrCode code{};
    natsStatus status =
        js_GetStreamInfo(&info, jetstream_.get(), stream_.name.c_str(), nullptr, &code);
    if (status == NATS_NOT_FOUND && code == JSStreamNotFoundErr) {
      auto subjects = pointers(stream_.subjects);
      jsStreamConfig config{};
      TRY_DO(check(jsStreamConfig_Init(&config), "options"));
      config.Name = stream_.name.c_str();
      config.Subjects = subjects.data();
      config.SubjectsLen = static_cast<int>(subjects.size());
      config.Storage = js_FileStorage;
      config.Duplicates = told_twice_within_ns;
      status = js_AddStream(&info, jetstream_.get(), &config, nullptr, &code);
    }
    const Held<jsStreamInfo> seen(info);
    const bool without_jetstream = status == NATS_NO_RESPONDERS || code == JSNotEnabledErr ||
                                   code == JSNotEnabledForAccountErr;
    if (without_jetstream) {
      jetstream_.reset();
      return {};
    }
    return check(status, "the stream");
  }

  Result<void> publish_for_keeping(const Out& one) {
    natsMsg* made = nullptr;
    TRY_DO(check(natsMsg_Create(&made, one.topic.c_str(), nullptr, one.body.data(),
                                static_cast<int>(one.body.size())),
                 "a message"));
    jsPubOptions options{};
    jsPubOptions_Init(&options);
    options.MsgId = one.id.c_str();
    const natsStatus status = js_PublishMsgAsync(jetstream_.get(), &made, &options);
    const Held<natsMsg> left(made);  // where the library did not take it
    return check(status, "publishing");
  }

  Result<void> publish_plainly(const Out& one) {
    natsMsg* made = nullptr;
    TRY_DO(check(natsMsg_Create(&made, one.topic.c_str(), nullptr, one.body.data(),
                                static_cast<int>(one.body.size())),
                 "a message"));
    const Held<natsMsg> message(made);
    TRY_DO(check(natsMsgHeader_Set(made, "Nats-Msg-Id", one.id.c_str()), "a message"));
    return check(natsConnection_PublishMsg(connection_.get(), made), "publishing");
  }

  void forget() {
    jetstream_.reset();
    connection_.reset();
  }

  std::vector<std::string> servers_;
  Stream stream_;
  Held<natsConnection> connection_;
  Held<jsCtx> jetstream_;
  std::atomic<bool> refused_ = false;  // set on a thread of the library
};

}  // namespace

Result<std::unique_ptr<Sink>> make_nats(const std::string& url, Stream stream) {
  TRY(servers, natslib::servers_in(url));
  return std::make_unique<Nats>(std::move(servers), std::move(stream));
}

}  // namespace parley::outbox
