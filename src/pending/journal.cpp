#include "pending/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <future>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/log.h"

namespace parley::pending {
namespace {

std::string removal_of(const MessageId& id) {
  std::string line;
  JsonWriter json(line);
  json.open();
  json.field("saved", hex24(id.bytes));
  json.close();
  return line + '\n';
}

Result<Post> post_in(const JsonObject& line) {
  Post post;
  TRY(id, line.needed_text("id"));
  TRY(fresh, line.needed_text("fresh"));
  TRY(at, line.number("at_us"));
  TRY(sender, line.needed_text("sender"));
  TRY(people, line.texts("people"));
  TRY(text, line.needed_text("text"));
  TRY(once, line.text("once"));
  const auto id_bytes = parse_id(id), fresh_bytes = parse_id(fresh);
  if (!id_bytes || !fresh_bytes || !at || !people)
    return fail(Code::bad_request, "a field is missing");
  post.id = MessageId{*id_bytes};
  post.fresh = ConversationId{*fresh_bytes};
  post.at = from_micros(*at);
  post.sender = UserId{std::string(sender)};
  for (std::string_view one : *people) post.people.push_back(UserId{std::string(one)});
  post.text = text;
  post.once = once.value_or("");
  return post;
}

// The last line may have been cut off by the end of the process: nobody was told of it.
Result<void> read_line(const std::string& line, std::vector<Post>& left) {
  TRY(object, parse_json_object(line));
  TRY(saved, object.text("saved"));
  if (saved) {
    const auto id = parse_id(*saved);
    if (id) std::erase_if(left, [&](const Post& one) { return one.id.bytes == *id; });
    return {};
  }
  TRY(post, post_in(object));
  left.push_back(std::move(post));
  return {};
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string line_of(const Post& post) {
  std::string line;
  JsonWriter json(line);
  json.open();
  json.field("id", hex24(post.id.bytes));
  json.field("fresh", hex24(post.fresh.bytes));
  json.field("at_us", to_micros(post.at));
  json.field("sender", post.sender.text);
  json.key("people");
  json.open_list();
  for (const UserId& one : post.people) json.value(one.text);
  json.close_list();
  json.field("text", post.text);
  if (!post.once.empty()) json.field("once", post.once);
  json.close();
  return line + '\n';
}

Journal::~Journal() { close(); }

Result<std::vector<Post>> Journal::open() {
  std::vector<Post> left;
  if (path_.empty()) return left;
  {
    std::ifstream before(path_);
    for (std::string line; std::getline(before, line);)
      if (auto read = read_line(line, left); !read)
        log::warn("a line of the journal can't be read", {{"why", read.error().detail}});
  }
  // Written beside the old one, which is there until the new one is whole.
  const std::string fresh = path_ + ".new";
  file_ = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  bool written = file_ >= 0;
  for (const Post& one : left) written = written && append(line_of(one));
  if (!written || ::fdatasync(file_) != 0 || ::rename(fresh.c_str(), path_.c_str()) != 0)
    return fail(Code::unavailable,
                "the journal " + path_ + " can't be written: " + std::strerror(errno));
  inside_ = left.size();
  return left;
}

void Journal::add(const Post& post, std::move_only_function<void(bool)> done) {
  ++inside_;
  write(line_of(post), std::move(done));
}

// With nothing left in it the file begins anew.
void Journal::remove(const MessageId& id) {
  if (--inside_ > 0) return write(removal_of(id), nullptr);
  worker_.add([this] {
    if (file_ >= 0 && ::ftruncate(file_, 0) != 0)
      log::warn("the journal can't be cut", {{"why", std::strerror(errno)}});
  });
}

// What the process has handed to the system survives its end; the sync is for the machine's, and nobody waits for it.
void Journal::write(std::string line, std::move_only_function<void(bool)> done) {
  worker_.add([this, line = std::move(line), done = std::move(done)]() mutable {
    const bool kept = file_ < 0 ? path_.empty() : append(line);
    if (done) done(kept);
  });
  if (file_ < 0 || sync_asked_.exchange(true)) return;
  worker_.add([this] {
    sync_asked_ = false;
    if (::fdatasync(file_) != 0)
      log::warn("the journal can't be synced", {{"why", std::strerror(errno)}});
  });
}

// A line that did not fit is taken back: the next one begins at its own place.
bool Journal::append(const std::string& line) {
  const off_t before = ::lseek(file_, 0, SEEK_END);
  if (write_all(file_, line)) return true;
  log::error("the journal can't be written", {{"why", std::strerror(errno)}});
  if (::ftruncate(file_, before) != 0) log::warn("nor can it be cut");
  return false;
}

void Journal::close() {
  std::promise<void> done;
  if (worker_.add([&done] { done.set_value(); })) done.get_future().get();
  worker_.stop();
  if (file_ >= 0) ::close(std::exchange(file_, -1));
}

}  // namespace parley::pending
