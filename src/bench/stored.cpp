// A conversation that is filled over the wire: what its history pages and further sends cost.
#include <fmt/core.h>

#include "bench/answer.h"
#include "bench/ledger.h"
#include "bench/report.h"
#include "bench/send_frame.h"
#include "bench/swarm.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

constexpr std::uint64_t filling_window = 256;
constexpr std::uint64_t sending_window = 16;
constexpr unsigned page_messages = 50;
constexpr std::chrono::milliseconds turn_max{50};
constexpr std::size_t writer = 0;
constexpr std::size_t reader = 1;

class Stored final : Swarm::Handler {
 public:
  explicit Stored(const Context& context)
      : context_(context), swarm_(context.target, *this), sent_at_(filling_window) {}

  Result<void> set_up();
  // Until there are so many messages.
  Result<void> fill(std::uint64_t messages);
  Result<Outcome> measure(std::uint64_t messages);

 private:
  template <class Enough>
  Result<void> send_until(std::uint64_t window, Enough enough);
  Result<void> turn();
  Result<void> pages_for(std::chrono::nanoseconds length);
  void ask_page();
  void on_message(std::size_t index, std::string_view payload, Instant now) override;
  void on_page(std::string_view payload, Instant now);
  void on_ack(std::string_view payload, Instant now);
  [[nodiscard]] std::uint64_t under_way() const { return next_ - acked_; }

  const Context& context_;
  Swarm swarm_;
  std::string id_;
  std::optional<SendFrame> frame_;
  Ledger ledger_;
  Scanner answers_;
  Scanner deliveries_;
  Patience patience_;
  std::uint64_t first_seq_ = 0;
  std::uint64_t next_ = 0;  // the number of the next message
  std::uint64_t acked_ = 0;
  std::uint64_t delivered_ = 0;
  std::vector<Instant> sent_at_;  // by number modulo the widest window
  Track acks_;
  bool asked_ = false;  // a page is under way
  std::uint64_t pages_ = 0;
  Instant asked_at_{};
  Track page_times_;
};

Result<void> Stored::set_up() {
  const std::string from = context_.user("stored-writer", 0);
  const std::string to = context_.user("stored-reader", 0);
  TRY(conversation, open_conversation(context_, "direct", from, {to}));
  id_ = conversation.id;
  frame_.emplace(id_, from, context_.options.text_bytes);
  first_seq_ = conversation.next_seq;
  ledger_.add_reader(first_seq_);
  for (const std::string& user : {from, to}) {
    TRY(opening, context_.opening(user));
    swarm_.add(std::move(opening));
  }
  return swarm_.connect_all(context_.progress);
}

Result<void> Stored::fill(std::uint64_t messages) {
  context_.progress.begin(fmt::format("growth: filling up to {}", shown_count(messages)),
                          "messages");
  return send_until(filling_window, [this, messages] { return next_ >= messages; });
}

template <class Enough>
Result<void> Stored::send_until(std::uint64_t window, Enough enough) {
  while (ledger_.intact() && !enough()) {
    for (; under_way() < window && !enough(); ++next_) {
      sent_at_[next_ % sent_at_.size()] = std::chrono::steady_clock::now();
      swarm_.send(writer, frame_->numbered(next_));
    }
    TRY_DO(turn());
  }
  while (ledger_.intact() && (acked_ < next_ || delivered_ < next_)) TRY_DO(turn());
  return {};
}

Result<void> Stored::turn() {
  TRY_DO(swarm_.turn(turn_max));
  context_.progress.tick(asked_ ? pages_ : acked_, asked_ ? &page_times_.all() : &acks_.all());
  if (patience_.ends(acked_ + delivered_ + pages_, std::chrono::steady_clock::now())) {
    ledger_.note(fmt::format("of {} messages {} were not acknowledged and {} not delivered in 10 s",
                             next_, next_ - acked_, next_ - delivered_));
  }
  return {};
}

Result<Outcome> Stored::measure(std::uint64_t messages) {
  Outcome outcome("growth", fmt::format("after {}", shown_count(messages)));
  outcome.parameters = {{"stored", messages}, {"text_bytes", context_.options.text_bytes}};
  acks_.clear();
  page_times_.clear();
  pages_ = 0;
  Meter meter(context_.processes);
  context_.progress.begin("growth: history", "pages");
  TRY_DO(meter.start());
  TRY_DO(pages_for(context_.length()));
  TRY_DO(meter.stop());
  if (context_.processes.known() && pages_ > 0) {
    outcome.add("page_cpu_ms",
                (meter.cpu().server + meter.cpu().others) * 1e3 / static_cast<double>(pages_));
  }
  outcome.add_latency("page", page_times_);

  context_.progress.begin("growth: sending", "messages");
  const std::uint64_t before = next_;
  TRY_DO(meter.start());
  const Instant end = std::chrono::steady_clock::now() + context_.length();
  TRY_DO(send_until(sending_window, [end] { return std::chrono::steady_clock::now() >= end; }));
  TRY_DO(meter.stop());
  outcome.add("acks_per_s", static_cast<double>(next_ - before) / meter.seconds());
  meter.add_cost(outcome, next_ - before);
  outcome.add_latency("ack", acks_);
  outcome.failures = ledger_.failures();
  return outcome;
}

Result<void> Stored::pages_for(std::chrono::nanoseconds length) {
  const Instant end = std::chrono::steady_clock::now() + length;
  while (ledger_.intact() && (asked_ || std::chrono::steady_clock::now() < end)) {
    if (!asked_) ask_page();
    TRY_DO(turn());
  }
  return {};
}

// The newest ones every other time, as most readers do; between them places all over the log.
void Stored::ask_page() {
  constexpr std::uint64_t stride = 7'919;  // a prime, so that it comes by everywhere
  std::string before;
  if (pages_ % 2 == 1) {
    before = fmt::format(R"(,"before_seq":{})", first_seq_ + 1 + pages_ * stride % acked_);
  }
  std::string frame;
  append_frame(frame, fmt::format(R"({{"id":"page","type":"history","data":{{)"
                                  R"("conversation_id":"{}","limit":{}{}}}}})",
                                  id_, page_messages, before));
  asked_ = true;
  asked_at_ = std::chrono::steady_clock::now();
  swarm_.send(reader, frame);
}

void Stored::on_message(std::size_t index, std::string_view payload, Instant now) {
  const Kind kind = Scanner::kind_of(payload);
  if (kind == Kind::error) return swarm_.give_up(describe_error(payload));
  if (index == writer && kind == Kind::ok) return on_ack(payload, now);
  if (index == reader && kind == Kind::ok) return on_page(payload, now);
  if (index != reader || kind != Kind::message) return;
  const auto seq = deliveries_.seq(payload);
  if (seq && ledger_.arrived(0, *seq)) ++delivered_;
}

void Stored::on_page(std::string_view payload, Instant now) {
  if (payload.find(R"("seq":)") == payload.npos)
    ledger_.note(fmt::format("a page without messages: {}", payload.substr(0, 120)));
  asked_ = false;
  ++pages_;
  page_times_.add(now, now - asked_at_);
}

void Stored::on_ack(std::string_view payload, Instant now) {
  const auto number = answers_.ref(payload);
  if (!number || *number >= next_ || answers_.seq(payload) != first_seq_ + *number) {
    return ledger_.note(fmt::format("an ok with the wrong ref or seq: {}", payload.substr(0, 120)));
  }
  ++acked_;
  acks_.add(now, now - sent_at_[*number % sent_at_.size()]);
}

}  // namespace

Result<std::vector<Outcome>> run_stored(const Context& context,
                                        const std::vector<std::uint64_t>& stored) {
  Stored conversation(context);
  TRY_DO(conversation.set_up());
  std::vector<Outcome> outcomes;
  for (const std::uint64_t messages : stored) {
    TRY_DO(conversation.fill(messages));
    TRY(outcome, conversation.measure(messages));
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

}  // namespace parley::bench
