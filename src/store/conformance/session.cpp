#include "store/conformance/session.h"

namespace parley::store {
namespace {
constexpr std::chrono::seconds patience{60};
}

Session::Session(Storage& storage)
    : time_(storage.time()), browsed_(storage.browsed()), store_(storage.open()) {
  store_->listen(*this);
}

Session::~Session() { store_->stop(); }

void Session::settled(SettledBatch batch) {
  std::lock_guard lock(mutex_);
  for (Settled& one : *batch) {
    if (one.result)
      heard_.insert(heard_.end(), one.result->events.begin(), one.result->events.end());
    if (one.reply) one.reply(one.result);
  }
  changed_.notify_all();
}

void Session::run(Work work) {
  if (time_ != nullptr)
    time_->run(std::move(work));
  else
    work();
}

void Session::wait(const std::function<bool()>& done) {
  if (time_ != nullptr) {
    for (int i = 0; i < 10'000 && !done(); ++i) time_->run_for(std::chrono::milliseconds{1});
    ASSERT_TRUE(done()) << "the store did not settle this";
    return;
  }
  std::unique_lock lock(mutex_);
  ASSERT_TRUE(changed_.wait_for(lock, patience, done)) << "the store did not settle this";
}

void Session::submit(Change change) {
  std::size_t ticket = 0;
  {
    std::lock_guard lock(mutex_);
    ticket = fates_.size();
    fates_.emplace_back();
  }
  // Called under the lock, by settled().
  auto reply = [this, ticket](const Result<Committed>& result) {
    EXPECT_FALSE(fates_[ticket].has_value()) << "settled twice";
    fates_[ticket] = result;
    ++known_;
  };
  store_->submit({.change = std::move(change), .origin = {}, .reply = std::move(reply)});
}

std::vector<Committed> Session::settle() {
  wait([this] { return known_ == fates_.size(); });
  std::lock_guard lock(mutex_);
  std::vector<Committed> all;
  for (auto& fate : fates_) {
    EXPECT_TRUE(fate && *fate) << (fate ? fate->error().detail : "never settled");
    all.push_back(fate && *fate ? **fate : Committed{});
  }
  fates_.clear();
  known_ = 0;
  return all;
}

std::vector<Committed> Session::commit_together(std::vector<Change> changes) {
  for (Change& change : changes) submit(std::move(change));
  return settle();
}

Committed Session::commit(Change change) {
  submit(std::move(change));
  return settle().back();
}

Conversation Session::conversation(ConversationId id) {
  auto found = ask([id](Reader& reader) { return reader.conversation(id); });
  EXPECT_TRUE(found.has_value());
  return found.value_or(Conversation{});
}

Member Session::member(ConversationId id, const std::string& user) {
  auto found = ask([id, user](Reader& reader) { return reader.member(id, {user}); });
  EXPECT_TRUE(found.has_value()) << user;
  return found.value_or(Member{});
}

std::uint64_t Session::unread(ConversationId id, const std::string& user) {
  return unread_count(conversation(id), member(id, user));
}

std::vector<EventRef> Session::log(ConversationId id) {
  return ask([id](Reader& reader) { return reader.log(id, Seq{1}, 1'000'000); });
}

SincePage Session::since(const std::string& user, const Cursor& cursor, std::size_t limit) {
  return ask([=](Reader& reader) { return read_since(reader, {user}, cursor, limit); });
}

Cursor Session::head() {
  return ask([](Reader& reader) { return reader.head(); });
}

std::vector<EventRef> Session::heard() {
  std::lock_guard lock(mutex_);
  return heard_;
}

}  // namespace parley::store
