// What the engine can be asked, and what it answers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "engine/text_query.h"
#include "model/cursor.h"
#include "model/event.h"

namespace parley::engine {

// What differs between doors in behaviour; each dialect hands its own over with every command.
struct Policy {
  std::size_t text_max = 10'000;    // Unicode code points
  std::size_t sealed_max = 65'536;  // of a sealed text
  std::chrono::seconds recall_window{120};
  std::size_t name_max = 200;  // code points of a conversation's name
  std::size_t group_size = 0;  // members named in one command; 0: as Limits has it
  // A key that the sender has used in this conversation is that message, whatever is said with it now.
  bool a_key_is_enough = false;
  // Code points of a reaction without blanks; 0: it is one character as a reader sees it, or :name:.
  std::size_t reaction_max = 0;
  // Who asks for a message of a conversation that they are not in, or would change something there, is told so; else that
  // there is none.
  bool strangers_are_told = false;
  // Nobody changes or removes somebody of their own role.
  bool equals_are_untouchable = false;
  // Nobody else has power over a message, whatever their role.
  bool only_senders_delete = false;
  // The text that is there already, and nothing else: no edit, and fine.
  bool same_text_is_no_edit = false;
  // The last message of a conversation is one that is still there.
  bool last_message_lives = false;
  bool only_text_needs_text = false;       // the other types may be empty, without attachments too
  std::size_t video_bytes_max = SIZE_MAX;  // of a size that a video is said to have
  // In a direct conversation nobody writes twice before the other has written at all.
  bool first_message_limit = false;
  // Both sides of a direct conversation may change its name and the like.
  bool both_sides_update = false;
  // Either side may end a direct conversation; the next message begins another.
  bool direct_can_end = false;
  // One owner, who gives all roles, stays, and hands over by making somebody else the owner.
  bool one_owner = false;
  // Who takes people out of a conversation does not take themselves out: leaving is a command of its own.
  bool leaving_is_apart = false;
  // Only an owner says how long messages stay.
  bool only_owners_retain = false;
  // What somebody has put away is not there for them until somebody writes there again, and then from that message on.
  bool put_away_is_unseen = false;
  bool typing_is_told = true;
  std::size_t mentions_max = 0;  // in one message; 0: as Limits has it
  // A message that is not saved by then is shown all the same, and saved later (pending). None: nobody sees what is not
  // saved.
  std::optional<std::chrono::milliseconds> shown_unsaved_after{};
  // Who has blocked somebody hears nothing of them, wherever both are.
  bool blocked_are_unheard = false;
  // Showing a file that is not the caller's to see: refused, or not shown. Or only what they have just uploaded.
  enum class Files : std::uint8_t {
    readable,
    strange_ones_dropped,
    own_and_fresh
  } files = Files::readable;
  // Naming somebody who is not a member: refused, or left out.
  enum class Strangers : std::uint8_t { refused, dropped } mentioned_strangers = Strangers::refused;
};

struct Limits {
  std::size_t group_size = 1'000;  // members named in one command
  std::size_t metadata_bytes = 16 * 1024;
  std::size_t attachments = 20;
  std::size_t mentions = 100;
  std::size_t forwards = 50;   // conversations named in one command
  std::size_t name_max = 200;  // code points of a conversation's name
  std::chrono::seconds slow_mode_max{86'400};
  std::uint32_t retention_days_max = 36'500;
  std::uint32_t retention_days = 0;  // of conversations without a rule of their own; 0: for ever
  std::size_t key_bytes = 255;       // of a client_id or Idempotency-Key
};

// A user's power by their token; power inside a conversation is their role there.
enum class Rank : std::uint8_t { user, service, admin };

struct Caller {
  UserId user;
  Rank rank = Rank::user;
  Origin origin;
  const Policy* policy = nullptr;
};

// A command's place among those of its connection: the next one may start when this one has passed, which it does as
// soon as its order is certain (it has reached the store's queue), long before its answer.
class Turn {
 public:
  Turn() = default;
  explicit Turn(Work on_pass) : on_pass_(std::move(on_pass)) {}
  void pass() {
    if (passed_) return;
    passed_ = true;
    if (on_pass_) on_pass_();
  }
  [[nodiscard]] bool passed() const { return passed_; }

 private:
  bool passed_ = false;
  Work on_pass_;
};

// What a message is called and when it was said, where that was settled before it came to the store.
struct Stamp {
  MessageId id;
  Time at{};
};

struct SendMessage {
  ConversationId where;
  MessageType type = MessageType::text;
  std::string text;
  std::string attachments;  // a JSON list, checked by the dialect, or empty
  std::size_t attachment_count = 0;
  std::vector<std::string> files;  // ids of those that it shows, in attachments or metadata
  std::string metadata;            // a JSON object, or empty
  std::string client_id;           // shown in the message
  std::string once;                // the idempotency key: the client_id, or what stands in for it
  std::size_t declared_bytes = 0;  // of what it points to, as the sender says
  MessageId parent, quote;         // messages of the same conversation; empty: none
  std::vector<Mention> mentions;
  bool sealed = false;  // the text is for its readers alone: nothing looks into it
  std::optional<std::chrono::seconds> expires_in;
  std::optional<Forwarded> forwarded_from;  // only by forward()
  std::shared_ptr<const Message> quoted;    // found by send()
  std::optional<Stamp> stamp{};             // none: now

  [[nodiscard]] bool names_others() const {
    return !parent.empty() || !quote.empty() || !mentions.empty();
  }
};

struct Sent {
  std::shared_ptr<const Message> message;
  bool repeated = false;  // the key was used before: this is the first result
};

struct EditMessage {
  MessageId id;
  std::optional<std::string> text, metadata;
  std::optional<std::vector<Mention>> mentions{};  // none: those that still fit stay
};

struct CreateConversation {
  ConversationType type = ConversationType::group;
  std::vector<UserId> members;  // without the caller
  std::string name;
  std::string metadata;
  std::string once;
  std::string avatar_url{};
  // Of what is one for all who know how its id comes about: who asks for what is there gets it.
  std::optional<ConversationId> id{};
  bool without_owner = false;       // nobody has power over it
  Role others = Role::member;       // what the members named are
  std::optional<Who> who_can_post;  // none: as usual for the type
  std::optional<Who> who_can_add;
  std::optional<Time> at{};  // when it began, if that was before now
};

struct ConversationView {
  Conversation conversation;
  Member mine;
  std::optional<Message> last_message;
  std::uint64_t mention_count = 0;
};

struct Made {
  ConversationView view;
  bool created = false;  // false: it was there, or the key was used before
};

// What a service tells people.
struct Notice {
  std::vector<UserId> users;
  bool to_all = false;  // in place of `users`: everybody who is or was there
  std::string type, title, body;
  std::string data;  // a JSON object, or empty
};

struct UpdateConversation {
  ConversationId where;
  std::optional<std::string> name, avatar_url, metadata;
  struct SettingsPatch {
    std::optional<bool> read_receipts;
    std::optional<Who> who_can_add, who_can_post;
    std::optional<std::chrono::seconds> slow_mode{};
    std::optional<std::uint32_t> retention_days{};
    std::optional<bool> first_message_limit{};
  } settings;
};

struct AddMembers {
  ConversationId where;
  std::vector<UserId> users;
  Role role = Role::member;
};

struct ListQuery {
  std::optional<ConversationType> type;
  bool unread_only = false;
  bool without_put_away = false;  // those where somebody has written since are there
  bool whole_messages =
      false;  // the last messages with what others have added, and how far they have come
  std::optional<UserId> with;
  // Whose name has these words, or another member's id that text in it.
  struct About {
    TextQuery words;
    std::string text;
  };
  std::optional<About> about{};
  std::size_t limit = 50;
  enum class Order : std::uint8_t {
    activity,          // of any kind; in pages by `after`
    message,           // the last one that is shown; those without any after them, the newest first
    message_or_birth,  // of those without any: when they were made
  } order = Order::activity;
  // In orders by message.
  bool pinned_first = false;
  std::size_t offset = 0;
  // Where the page before ended: the list as it was at `as_of`, after this place in it.
  struct After {
    Cursor as_of;
    Time activity{};
    ConversationId id;
  };
  std::optional<After> after;
};

struct ListPage {
  std::vector<ConversationView> items;
  std::optional<ListQuery::After> next;
  std::size_t total = 0;  // in orders by message
};

// Messages that contain a text, without regard to case; newest first.
struct FindText {
  std::string text;                  // what must be in it, if not empty
  std::vector<std::string> pieces;   // all of these must be, too
  std::optional<TextQuery> words{};  // and what this wants
  bool with_attachment = false;
  bool with_progress = false;
  std::optional<std::pair<Time, MessageId>> before;  // older than this one
  std::optional<ConversationId> where;               // none: all that the caller is in
  std::optional<UserId> sender;
  std::optional<MessageType> type;
  Time from{};
  Time to = Time::max();
  std::size_t offset = 0;
  std::size_t limit = 50;
};

// Words, and "phrases" as they stand.
[[nodiscard]] std::vector<std::string> pieces_of(std::string_view query);

// The public keys of one device; each as JSON.
struct KeyBundle {
  std::string device, identity_key, signed_prekey;
  std::vector<std::string> one_time;  // {"id":…,"key":…}
};

struct HistoryQuery {
  enum class Mode : std::uint8_t { newest, before, after, around } mode = Mode::newest;
  Seq seq;
  std::size_t limit = 50;
  bool with_readers = false;
  bool with_progress = false;
  // But around: what is gone is left out, and so many of the others are passed over.
  bool only_living = false;
  std::size_t offset = 0;
};

// How much of what somebody has missed is worth showing them when they come back.
struct MissedWindow {
  std::size_t most = 0;  // the newest
  std::chrono::seconds age{};
};

}  // namespace parley::engine
