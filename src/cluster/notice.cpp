#include "cluster/notice.h"

#include "cluster/packing.h"

namespace parley::cluster {
namespace {

// Raised with each change of what is packed. A node of another version is not understood, and finds everything in the
// log: slower, while versions change.
constexpr std::uint64_t version = 1;

// A connection of another node is none of ours.
constexpr Origin elsewhere{.loop = UINT32_MAX, .connection = 0};

void pack(Packer& to, const SeqSpan& span) {
  to.number(span.from.value);
  to.number(span.upto.value);
}
SeqSpan unpack_span(Unpacker& from) {
  const Seq first{from.number()};
  return {first, Seq{from.number()}};
}

void pack(Packer& to, const Message& message) {
  to.id(message.id);
  to.id(message.conversation);
  to.number(message.seq.value);
  to.user(message.sender);
  to.number(static_cast<std::uint64_t>(message.type));
  for (const std::string* text :
       {&message.text, &message.attachments, &message.metadata, &message.client_id})
    to.text(*text);
  for (const Time& at : {message.created_at, message.edited_at, message.deleted_at,
                         message.recalled_at, message.pinned_at, message.expires_at})
    to.time(at);
  to.id(message.parent);
  to.id(message.quote);
  to.list(message.mentions, [&](const Mention& one) {
    to.user(one.user);
    to.number(one.offset);
    to.number(one.length);
  });
  to.flag(message.forwarded_from.has_value());
  if (message.forwarded_from) {
    to.id(message.forwarded_from->message);
    to.id(message.forwarded_from->conversation);
    to.user(message.forwarded_from->sender);
  }
  to.flag(message.sealed);
  to.number(message.reply_count);
  to.list(message.reactions, [&](const Reaction& one) {
    to.text(one.emoji);
    to.user(one.user);
    to.time(one.at);
  });
  to.list(message.seen_by, [&](const SeenBy& one) {
    to.user(one.user);
    to.time(one.at);
  });
  to.number(static_cast<std::uint64_t>(message.progress));
  to.flag(message.quoted != nullptr);
  if (message.quoted) pack(to, *message.quoted);
}

void unpack_additions(Unpacker& from, Message& message) {
  message.reply_count = from.number();
  from.list([&] {
    Reaction one{.emoji = from.string(), .user = from.user(), .at = {}};
    one.at = from.time();
    message.reactions.push_back(std::move(one));
  });
  from.list([&] {
    SeenBy one{.user = from.user(), .at = {}};
    one.at = from.time();
    message.seen_by.push_back(std::move(one));
  });
  message.progress = from.one_of(Progress::read);
}

enum class Depth : std::uint8_t { message, quoted };

Message unpack_message(Unpacker& from, Depth depth) {
  Message message;
  message.id = from.id<MessageId>();
  message.conversation = from.id<ConversationId>();
  message.seq = Seq{from.number()};
  message.sender = from.user();
  message.type = from.one_of(MessageType::poll);
  for (std::string* text :
       {&message.text, &message.attachments, &message.metadata, &message.client_id})
    *text = from.string();
  for (Time* at : {&message.created_at, &message.edited_at, &message.deleted_at,
                   &message.recalled_at, &message.pinned_at, &message.expires_at})
    *at = from.time();
  message.parent = from.id<MessageId>();
  message.quote = from.id<MessageId>();
  from.list([&] {
    Mention one{.user = from.user(), .offset = 0, .length = 0};
    one.offset = static_cast<std::uint32_t>(from.number());
    one.length = static_cast<std::uint32_t>(from.number());
    message.mentions.push_back(std::move(one));
  });
  if (from.flag()) {
    Forwarded& source = message.forwarded_from.emplace();
    source.message = from.id<MessageId>();
    source.conversation = from.id<ConversationId>();
    source.sender = from.user();
  }
  message.sealed = from.flag();
  unpack_additions(from, message);
  // What is quoted shows no quote of its own.
  if (from.flag() && depth == Depth::message)
    message.quoted = std::make_shared<Message>(unpack_message(from, Depth::quoted));
  return message;
}

void pack(Packer& to, const Event& event) {
  to.id(event.id);
  to.id(event.conversation);
  to.number(event.seq.value);
  to.number(static_cast<std::uint64_t>(event.kind));
  to.user(event.actor);
  to.time(event.at);
  to.flag(event.message != nullptr);
  if (event.message) pack(to, *event.message);
  to.id(event.target);
  to.user(event.subject);
  to.number(static_cast<std::uint64_t>(event.role));
  to.text(event.details);
  to.list(event.joined, [&](const UserId& user) { to.user(user); });
  to.list(event.left, [&](const UserId& user) { to.user(user); });
  to.number(static_cast<std::uint64_t>(event.place));
  to.flag(event.answered);
  to.number(event.members_count);
}

EventRef unpack_event(Unpacker& from, const Position& at) {
  auto event = std::make_shared<Event>();
  event->position = at;
  event->id = from.id<MessageId>();
  event->conversation = from.id<ConversationId>();
  event->seq = Seq{from.number()};
  event->kind = from.one_of(EventKind::reaction_removed);
  event->actor = from.user();
  event->at = from.time();
  if (from.flag()) event->message = std::make_shared<Message>(unpack_message(from, Depth::message));
  event->target = from.id<MessageId>();
  event->subject = from.user();
  event->role = from.one_of(Role::owner);
  event->details = from.string();
  from.list([&] { event->joined.push_back(from.user()); });
  from.list([&] { event->left.push_back(from.user()); });
  event->place = from.one_of(ConversationType::channel);
  event->answered = from.flag();
  event->members_count = static_cast<std::uint32_t>(from.number());
  event->origin = elsewhere;
  return event;
}

void pack(Packer& to, const Position& at) {
  to.number(at.lane);
  to.number(at.at);
}
Position unpack_position(Unpacker& from) {
  const auto lane = static_cast<std::uint32_t>(from.number());
  return {lane, from.number()};
}

void pack(Packer& to, const Pointer& pointer) {
  to.id(pointer.conversation);
  to.user(pointer.user);
  for (const Seq& seq : {pointer.read_seq, pointer.read_before, pointer.upto, pointer.delivered_seq,
                         pointer.delivered_before})
    to.number(seq.value);
  to.list(pointer.marked, [&](const SeqSpan& one) { pack(to, one); });
  to.time(pointer.at);
  to.flag(pointer.only_delivered);
  to.id(pointer.message);
  to.number(pointer.unread);
  to.flag(pointer.receipts);
  to.flag(pointer.silently);
  to.number(pointer.members_count);
}

Pointer unpack_pointer(Unpacker& from, const Position& at) {
  Pointer pointer;
  pointer.position = at;
  pointer.conversation = from.id<ConversationId>();
  pointer.user = from.user();
  for (Seq* seq : {&pointer.read_seq, &pointer.read_before, &pointer.upto, &pointer.delivered_seq,
                   &pointer.delivered_before})
    *seq = Seq{from.number()};
  from.list([&] { pointer.marked.push_back(unpack_span(from)); });
  pointer.at = from.time();
  pointer.only_delivered = from.flag();
  pointer.message = from.id<MessageId>();
  pointer.unread = from.number();
  pointer.receipts = from.flag();
  pointer.silently = from.flag();
  pointer.members_count = static_cast<std::uint32_t>(from.number());
  pointer.origin = elsewhere;
  return pointer;
}

// Apart: it is not here, but sent to those of whom it is of interest. Nothing: nobody is told of that position.
enum class Content : std::uint8_t { apart, event, pointer, nothing };

void pack(Packer& to, const hub::News& news) {
  const Content content = news.event     ? Content::event
                          : news.pointer ? Content::pointer
                                         : Content::nothing;
  to.number(static_cast<std::uint64_t>(content));
  if (news.event) pack(to, *news.event);
  if (news.pointer) pack(to, *news.pointer);
}

std::optional<hub::News> unpack_content(Unpacker& from, const Position& at) {
  switch (from.one_of(Content::nothing)) {
    case Content::apart:
      return std::nullopt;
    case Content::nothing:
      return hub::News{at, nullptr, std::nullopt};
    case Content::event:
      return hub::News{at, unpack_event(from, at), std::nullopt};
    case Content::pointer:
      return hub::News{at, nullptr, unpack_pointer(from, at)};
  }
  return std::nullopt;
}

std::vector<std::string> in_pieces(const ManyNews& news, std::size_t piece_bytes, auto pack_one) {
  std::vector<std::string> pieces;
  for (const hub::News* one : news) {
    const bool is_new = pieces.empty() || pieces.back().size() >= piece_bytes;
    if (is_new) pieces.emplace_back();
    Packer to(pieces.back());
    if (is_new) to.number(version);
    pack_one(to, *one);
  }
  return pieces;
}

Unpacker opened(std::string_view bytes, bool& understood) {
  Unpacker from(bytes);
  understood = from.number() == version && from.good();
  return from;
}

}  // namespace

ConversationId conversation_of(const hub::News& news) {
  if (news.event) return news.event->conversation;
  return news.pointer ? news.pointer->conversation : ConversationId{};
}

bool is_for_all(const hub::News& news) {
  if (!news.event) return !news.pointer;
  const EventKind kind = news.event->kind;
  const bool is_of_a_message = kind == EventKind::message_created || amends_message(kind) ||
                               kind == EventKind::reaction_added ||
                               kind == EventKind::reaction_removed;
  return !is_of_a_message || !news.event->joined.empty() || !news.event->left.empty();
}

std::vector<std::string> pack_filled(const ManyNews& news, std::size_t piece_bytes) {
  return in_pieces(news, piece_bytes, [](Packer& to, const hub::News& one) {
    pack(to, one.at);
    to.id(conversation_of(one));
    if (is_for_all(one))
      pack(to, one);
    else
      to.number(static_cast<std::uint64_t>(Content::apart));
  });
}

std::vector<std::string> pack_news(const ManyNews& news, std::size_t piece_bytes) {
  return in_pieces(news, piece_bytes, [](Packer& to, const hub::News& one) {
    pack(to, one.at);
    pack(to, one);
  });
}

std::optional<std::vector<Filled>> unpack_filled(std::string_view bytes) {
  bool understood = false;
  Unpacker from = opened(bytes, understood);
  if (!understood) return std::nullopt;
  std::vector<Filled> all;
  while (from.good() && !from.at_end()) {
    Filled one;
    one.at = unpack_position(from);
    one.conversation = from.id<ConversationId>();
    one.news = unpack_content(from, one.at);
    all.push_back(std::move(one));
  }
  return from.good() ? std::optional(std::move(all)) : std::nullopt;
}

std::optional<std::vector<hub::News>> unpack_news(std::string_view bytes) {
  bool understood = false;
  Unpacker from = opened(bytes, understood);
  if (!understood) return std::nullopt;
  std::vector<hub::News> all;
  while (from.good() && !from.at_end()) {
    const Position at = unpack_position(from);
    if (auto one = unpack_content(from, at)) all.push_back(std::move(*one));
  }
  return from.good() ? std::optional(std::move(all)) : std::nullopt;
}

std::string pack_signal(const Signal& signal) {
  std::string bytes;
  Packer to(bytes);
  to.number(version);
  to.number(static_cast<std::uint64_t>(signal.kind));
  to.id(signal.conversation);
  to.user(signal.user);
  to.list(signal.to, [&](const UserId& user) { to.user(user); });
  to.list(signal.conversations, [&](const ConversationId& one) { to.id(one); });
  to.flag(signal.to_all);
  to.flag(signal.on);
  to.text(signal.details);
  to.text(signal.space);
  to.flag(signal.pointer != nullptr);
  if (signal.pointer) {
    pack(to, signal.pointer->position);
    pack(to, *signal.pointer);
  }
  to.flag(signal.position.has_value());
  if (signal.position) pack(to, *signal.position);
  return bytes;
}

std::optional<Signal> unpack_signal(std::string_view bytes) {
  bool understood = false;
  Unpacker from = opened(bytes, understood);
  if (!understood) return std::nullopt;
  Signal signal;
  signal.kind = from.one_of(Signal::Kind::changed);
  signal.conversation = from.id<ConversationId>();
  signal.user = from.user();
  from.list([&] { signal.to.push_back(from.user()); });
  from.list([&] { signal.conversations.push_back(from.id<ConversationId>()); });
  signal.to_all = from.flag();
  signal.on = from.flag();
  signal.details = from.string();
  signal.space = from.string();
  if (from.flag()) {
    const Position at = unpack_position(from);
    signal.pointer = std::make_shared<const Pointer>(unpack_pointer(from, at));
  }
  if (from.flag()) signal.position = unpack_position(from);
  signal.origin = elsewhere;
  return from.good() && from.at_end() ? std::optional(std::move(signal)) : std::nullopt;
}

}  // namespace parley::cluster
