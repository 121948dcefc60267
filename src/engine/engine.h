// engine: the rules: who may do what, and what follows from it.
//
// Knows:     conversations, members, messages, reading, resuming; the Policy of the door a command came through.
// Does not:  know bytes, SQL, sockets, or which door it is.
// In:        commands from dialects.   Out: changes to the store; answers; streams of events (stream.h).
// Lives on:  one Engine per loop. What it remembers is only a guess that each commit checks (standings.h).
// Failing:   refusals are values (base/codes.def); a stale decision is made again.
// Start at:  send.cpp: the life of a message; decide.h: the rules as plain functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "engine/commands.h"
#include "engine/files.h"
#include "engine/known_sets.h"
#include "engine/standings.h"
#include "hub/bus.h"
#include "store/reader.h"
#include "store/since.h"
#include "store/store.h"

namespace parley::engine {

class Engine {
 public:
  Engine(store::Store& store, hub::Hub& hub, hub::Bus& bus, const Clock& clock, Random& random,
         Limits limits);

  // Commands of one connection take effect in order: see Turn.
  Task<Result<Sent>> send(Caller caller, SendMessage command, Turn& turn);
  // To the direct conversation of the two, which is made where there is none.
  Task<Result<Sent>> send_to(Caller caller, UserId receiver, SendMessage command, Turn& turn);
  // To the conversation with exactly these people (in order, each once, the caller among them). Where there is none it is
  // made: of two their direct one, else one of that id, which nobody has power over.
  Task<Result<Sent>> send_to_exactly(Caller caller, std::vector<UserId> people,
                                     ConversationId fresh, SendMessage command, Turn& turn);
  Task<Result<Message>> edit(Caller caller, EditMessage command, Turn& turn);
  // Gone already: fine.
  Task<Result<void>> remove_message(Caller caller, MessageId id, Turn& turn);
  Task<Result<Message>> recall(Caller caller, MessageId id, Turn& turn);
  // Of the caller; doing again what is done, or undoing what is not: fine.
  // Whether anything has changed.
  Task<Result<bool>> react(Caller caller, MessageId id, std::string emoji, bool on, Turn& turn);
  Task<Result<Message>> pin(Caller caller, MessageId id, bool on);
  // A copy in each conversation, and then to each of these people; in their order, each with its own fate. `once`: the
  // caller's key, or empty.
  Task<Result<std::vector<Result<Message>>>> forward(Caller caller, MessageId id,
                                                     std::vector<ConversationId> where,
                                                     std::string once = {},
                                                     std::vector<UserId> people = {});
  Task<Result<Made>> create(Caller caller, CreateConversation command);
  Task<Result<ConversationView>> update(Caller caller, UpdateConversation command);
  Task<Result<void>> remove(Caller caller, ConversationId where);
  // Out of the caller's sight: a direct conversation until somebody writes there again, any other for good.
  Task<Result<void>> put_away(Caller caller, ConversationId where);
  Task<Result<std::vector<Member>>> add_members(Caller caller, AddMembers command);
  Task<Result<Member>> set_role(Caller caller, ConversationId where, UserId whom, Role role);
  Task<Result<void>> remove_member(Caller caller, ConversationId where, UserId whom);
  Task<Result<void>> leave(Caller caller, ConversationId where);
  Task<Result<Pointer>> mark_read(Caller caller, ConversationId where, Seq upto, Turn& turn);
  // A connection of the caller has taken everything up to there. In a large conversation these authors are told of it.
  Task<Result<void>> mark_delivered(Caller caller, ConversationId where, Seq upto,
                                    std::vector<UserId> authors = {});
  // Up to this message, which is of that conversation; or this one alone; or up to it with a receipt for it alone. One
  // alone must still be there; one's own is not read.
  enum class Receipt : std::uint8_t { told, silent };
  enum class Extent : std::uint8_t { up_to_it, only_it, up_to_it_told_alone };
  Task<Result<Pointer>> mark_read(Caller caller, ConversationId where, MessageId id,
                                  Receipt receipt, Extent extent);
  // The messages that a pointer told of now says were read; the newest, where they are many.
  Task<Result<std::vector<Message>>> newly_read(Caller caller, Pointer pointer);

  // Somebody who is blocked can't write to the caller directly. Setting what is set: fine.
  Task<Result<void>> block(Caller caller, UserId whom, bool on);
  Task<Result<std::vector<store::Block>>> blocks(Caller caller, UserId after, std::size_t limit);
  // For those who are there now.
  Task<Result<void>> typing(Caller caller, ConversationId where, bool is_typing);

  Task<Result<ConversationView>> set_own(Caller caller, ConversationId where, OwnPatch patch);

  // What is not the caller's to see is not_found.
  Task<Result<ConversationView>> conversation(Caller caller, ConversationId where);
  Task<Result<ListPage>> conversations(Caller caller, ListQuery query);
  Task<Result<std::vector<Member>>> members(Caller caller, ConversationId where, UserId after,
                                            std::size_t limit);
  Task<Result<std::vector<Message>>> history(Caller caller, ConversationId where,
                                             HistoryQuery query);
  Task<Result<Message>> message(Caller caller, MessageId id);
  Task<Result<std::vector<Message>>> find_text(Caller caller, FindText query);
  // The same, with who has read them.
  Task<Result<std::vector<Message>>> with_readers(Caller caller, std::vector<Message> messages);
  // Of each of them the newest message by others that they have read since they came.
  Task<Result<std::vector<std::optional<MessageId>>>> last_read(Caller caller, ConversationId where,
                                                                std::vector<Member> members);
  // Oldest first; those after one place, or the last ones before another.
  Task<Result<std::vector<Message>>> thread(Caller caller, MessageId parent, Seq after,
                                            std::size_t limit, Seq before = {});
  struct Receipts {
    Message message;
    bool shown = true;            // false: the conversation keeps who has read what to itself
    std::vector<Member> members;  // the others, as they stand
  };
  Task<Result<Receipts>> receipts(Caller caller, MessageId id);
  Task<Result<std::vector<Message>>> pins(Caller caller, ConversationId where);
  Task<Result<std::vector<store::EarlierText>>> edits(Caller caller, MessageId id);
  // Events since the cursor; without one: none, and the cursor of now.
  Task<Result<store::SincePage>> since(Caller caller, std::optional<Cursor> cursor,
                                       std::size_t limit);

  // What others have written between the two cursors, while nobody showed it to the caller; oldest first.
  Task<Result<std::vector<EventRef>>> missed(Caller caller, Cursor since, Cursor upto,
                                             MissedWindow window);

  // Small documents beside the conversations, for what a door keeps of its own (store/change.h: Record). A stale one is
  // Code::conflict.
  Task<Result<std::optional<store::Record>>> record(std::string space, std::string owner,
                                                    std::string key);
  Task<Result<std::vector<store::Record>>> records(std::string space, std::string owner,
                                                   store::RecordRange range);
  Task<Result<void>> put_records(Caller caller, std::vector<store::RecordSet> sets);
  // Sorts by time, and is no one else's.
  [[nodiscard]] std::string fresh_key() { return uuid8(ids_.make()); }
  // Of an event: whether it is of this engine. From any thread.
  [[nodiscard]] bool made(const MessageId& id) const { return ids_.made(id.bytes); }

  // Those of them who have not blocked the caller: only their presence is the caller's to see.
  Task<Result<std::vector<UserId>>> not_blocking(Caller caller, std::vector<UserId> users);
  // The caller's conversation with exactly these members (in order, the caller among them): of several the one that was
  // active last.
  Task<Result<std::optional<ConversationId>>> of_exactly(Caller caller,
                                                         std::vector<UserId> members);
  // Tells those who look after this server; the report's id. A message must be the caller's to see.
  struct Report {
    std::optional<MessageId> message;
    std::optional<UserId> user;
    std::string reason;
  };
  Task<Result<std::string>> report(Caller caller, Report report);
  // Newest first, before that id. Only for who looks after this server.
  Task<Result<std::vector<store::Record>>> reports(Caller caller, std::string before,
                                                   std::size_t limit);

  // Kept for each of them, and shown to those who are there.
  static constexpr std::string_view notifications_space = "notifications";
  Task<Result<void>> notify(Caller caller, Notice notice);
  // They are there: what is told to all from now on is told to them, too.
  Task<Result<void>> meet(UserId user);
  // Newest first, before that id.
  Task<Result<std::vector<store::Record>>> notifications(Caller caller, std::string before,
                                                         std::size_t limit, bool unread_only);
  // Those not read that took their places after one cursor, and not after another.
  Task<Result<std::vector<store::Record>>> notifications_between(Caller caller, Cursor since,
                                                                 Cursor upto);
  Task<Result<void>> read_notification(Caller caller, std::string id);
  Task<Result<void>> read_notifications(Caller caller);
  // With whom the caller shares conversations; not all, where they are very many.
  Task<Result<std::vector<UserId>>> contacts(Caller caller);
  // With whom the caller has direct conversations.
  Task<Result<std::vector<UserId>>> partners(UserId user);

  // Of one device of the caller, in place of what it had; and those of somebody's devices, each with its next one-time key,
  // which is nobody else's from then on.
  Task<Result<void>> put_keys(Caller caller, KeyBundle bundle);
  Task<Result<std::vector<KeyBundle>>> take_keys(Caller caller, UserId of);
  // `signal`: its details and whose words they are in; to the others of the conversation, or those of them it names.
  Task<Result<void>> call_in(Caller caller, ConversationId where, Signal signal);
  Task<Result<void>> call_to(Caller caller, UserId whom, Signal signal);
  // Those whose time has come are gone afterwards.
  Task<Result<void>> expire_messages();
  // Those that are older than their conversation keeps them, or else the server, too.
  Task<Result<void>> retain_messages();
  // Documents whose time has come (fading.h) are gone afterwards.
  Task<Result<void>> fade_records();
  // Keys of writes that were used longer than a day ago are forgotten; a few at a time.
  Task<Result<void>> forget_old_keys();
  // Everything that somebody has said, and their documents in these spaces; not what others said to them.
  Task<Result<void>> erase_user(Caller caller, UserId whom, std::vector<std::string> spaces);

  // A file whose bytes are kept under its id by now. It goes if no message shows it in time.
  Task<Result<File>> add_file(Caller caller, File file);
  Task<Result<File>> file(Caller caller, std::string id);
  // Of the caller; it goes from the messages that show it, too.
  Task<Result<void>> remove_file(Caller caller, std::string id);
  // What was to be shown by a message before that time, and is by none; how many were looked at.
  Task<Result<std::size_t>> sweep_files(Time before);
  // Told of files whose bytes may go.
  void when_a_file_goes(std::function<void(const std::string& id)> told) {
    file_gone_ = std::move(told);
  }

  // For those who are there now.
  void tell(const Signal& signal) { bus_.publish(signal); }
  // For the other nodes: records of that space, which they keep in memory, have changed.
  void tell_of_change(std::string_view space) {
    Signal signal;
    signal.kind = Signal::Kind::changed;
    signal.space = space;
    bus_.publish(signal);
  }

  // What has happened, before anybody else on this loop hears of it.
  void notice(const Event& event) {
    standings_.notice(event);
    known_sets_.notice(event);
    if (event.kind == EventKind::conversation_deleted) known_directs_.forget_all();
  }

  [[nodiscard]] store::Store& store() { return store_; }
  [[nodiscard]] hub::Hub& hub() { return hub_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  void set_limits(const Limits& limits) { limits_ = limits; }

 private:
  struct Place;    // a conversation and the caller in it, as read now
  struct Found;    // a message, and the same
  struct Old;      // messages of a conversation that are older than they are kept
  struct Stretch;  // the same of a lane

  Task<Result<std::vector<File>>> files_to_show(const Caller& caller, std::vector<std::string> ids);
  enum class InOrder : bool { no, yes };
  // Where they stand, if they take a place.
  Task<Result<std::optional<Position>>> write_records(Caller caller,
                                                      std::vector<store::RecordSet> sets,
                                                      InOrder in_order);
  Task<Result<void>> expire(std::string key);
  Task<Result<void>> let_message_go(Message message);
  Task<Result<void>> let_messages_go(std::vector<Message> messages);
  Task<Result<Old>> old_messages(ConversationId where, Seq after);
  Task<Result<void>> retain_in(store::Record record);
  Task<Result<Stretch>> old_stretch(std::uint32_t lane, std::uint64_t after, Time horizon);
  Task<Result<void>> retain_along_the_log();
  Task<Result<void>> erase_messages(UserId whom, ConversationId where);
  void tell(std::vector<UserId> authors, const Pointer& pointer);
  void tell_authors(const Caller& caller, const Pointer& pointer);
  Task<Result<void>> forget_file(Caller caller, std::string id);
  Task<Result<void>> let_go_of(std::vector<std::string> ids);
  Task<Result<ConversationId>> make_for_exactly(Caller caller, std::vector<UserId> people,
                                                ConversationId fresh, std::optional<Time> at);
  Task<Result<store::Committed>> commit(const Caller& caller, store::Change change, Turn* turn);
  Task<Result<Found>> find_message(const Caller& caller, MessageId id);
  Task<Result<store::Committed>> amend(const Caller& caller, const Found& found,
                                       store::Amendment amendment, EventKind kind, Turn& turn);
  enum class Departure : bool { leaves, is_removed };
  Task<Result<void>> take_out(Caller caller, ConversationId where, UserId whom, Departure how);
  Task<Result<Place>> place(const Caller& caller, ConversationId where);
  Task<Result<void>> check_named(const Caller& caller, SendMessage& command);
  Task<Result<Sent>> sent_before(store::Committed first, std::uint64_t fingerprint);
  Task<Result<Sent>> refused_or_sent_before(Error refusal, std::optional<store::OnceKey> once);
  Task<Result<Made>> made_before(const Caller& caller, store::Committed first,
                                 std::uint64_t fingerprint);
  Task<Result<ConversationView>> view(Caller caller, ConversationId where);
  Task<Result<std::optional<std::uint64_t>>> read_without_receipt(UserId user, Message message);
  store::Change begin(const Caller& caller, ConversationId where) const;
  store::EventDraft draft(EventKind kind);

  // How often a decision that turned out stale is made again before the caller is told to come back.
  static constexpr int stale_tries = 16;

  store::Store& store_;
  hub::Hub& hub_;
  hub::Bus& bus_;
  const Clock& clock_;
  IdMaker ids_;
  Limits limits_;
  Standings standings_;
  KnownSets known_sets_;
  KnownSets known_directs_;
  std::uint64_t next_ticket_ = 1;
  std::function<void(const std::string&)> file_gone_;
};

}  // namespace parley::engine
