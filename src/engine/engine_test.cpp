#include "engine/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/world.h"

namespace parley::engine {
namespace {

template <class T>
Code code_of(const Result<T>& result) {
  return result ? Code::internal : result.error().code;
}

TEST(Engine, a_direct_conversation_is_one_per_pair_from_either_side) {
  World world;
  CreateConversation command;
  command.type = ConversationType::direct;
  command.members = {{"ben"}};
  auto first = world.run(world.engine.create(world.caller("anna"), command));
  command.members = {{"anna"}};
  auto second = world.run(world.engine.create(world.caller("ben"), command));
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(first->created);
  EXPECT_FALSE(second->created);
  EXPECT_EQ(first->view.conversation.id, second->view.conversation.id);
}

TEST(Engine, many_direct_conversations_have_ids_of_their_own) {
  World world;
  std::set<ConversationId> ids;
  for (int i = 0; i < 2000; ++i) ids.insert(world.direct("anna", "user" + std::to_string(i)));
  EXPECT_EQ(ids.size(), 2000U);
}

TEST(Engine, a_message_has_the_next_seq_and_counts_for_the_others_only) {
  World world;
  auto talk = world.direct("anna", "ben");
  auto sent = world.send(world.caller("anna"), talk, "hello");
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->message->seq, Seq{2});  // 1 was conversation.created
  EXPECT_EQ(world.unread("ben", talk), 1U);
  EXPECT_EQ(world.unread("anna", talk), 0U);
  auto history = world.run(world.engine.history(world.caller("ben"), talk, {}));
  ASSERT_EQ(history->size(), 1U);
  EXPECT_EQ(history->front().text, "hello");
}

TEST(Engine, a_repeated_key_answers_the_first_message_and_another_text_is_refused) {
  World world;
  auto talk = world.direct("anna", "ben");
  auto first = world.send(world.caller("anna"), talk, "once", "k");
  auto again = world.send(world.caller("anna"), talk, "once", "k");
  ASSERT_TRUE(first && again);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(first->message->id, again->message->id);
  EXPECT_EQ(code_of(world.send(world.caller("anna"), talk, "other", "k")), Code::unprocessable);
  EXPECT_TRUE(world.send(world.caller("ben"), talk, "mine", "k"));  // keys are each person's own
}

TEST(Engine, what_has_its_id_beforehand_is_made_once) {
  World world;
  CreateConversation command;
  command.id = ConversationId{{1, 2, 3}};
  command.without_owner = true;
  command.members = {{"ben"}};
  auto first = world.run(world.engine.create(world.caller("anna"), command));
  command.members = {{"anna"}};
  auto second = world.run(world.engine.create(world.caller("ben"), command));
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(first->created);
  EXPECT_FALSE(second->created);
  EXPECT_EQ(first->view.conversation.id, *command.id);
  EXPECT_EQ(first->view.mine.role, Role::member);
  EXPECT_EQ(code_of(world.run(world.engine.create(world.caller("cleo"), command))),
            Code::not_found);
  EXPECT_EQ(
      code_of(world.run(world.engine.remove_member(world.caller("anna"), *command.id, {"ben"}))),
      Code::forbidden);
}

TEST(Engine, a_page_of_the_living_has_none_that_is_gone) {
  World world;
  auto talk = world.direct("anna", "ben");
  std::vector<MessageId> ids;
  for (int i = 0; i < 6; ++i)
    ids.push_back(world.send(world.caller("anna"), talk, std::to_string(i))->message->id);
  Turn turn;
  ASSERT_TRUE(world.run(world.engine.remove_message(world.caller("anna"), ids[4], turn)));
  auto page = [&](std::size_t offset, std::size_t limit, HistoryQuery query = {}) {
    query.only_living = true;
    query.offset = offset;
    query.limit = limit;
    std::string texts;
    for (const Message& one : *world.run(world.engine.history(world.caller("ben"), talk, query)))
      texts += one.text;
    return texts;
  };
  EXPECT_EQ(page(0, 3), "532");
  EXPECT_EQ(page(3, 3), "10");
  EXPECT_EQ(page(5, 3), "");
  EXPECT_EQ(page(SIZE_MAX, 3), "");
  EXPECT_EQ(page(0, 0), "");
  // 2 to 7 are the messages.
  EXPECT_EQ(page(1, 2, {HistoryQuery::Mode::before, Seq{7}, 0}), "21");
  EXPECT_EQ(page(1, 9, {HistoryQuery::Mode::after, Seq{4}, 0}), "5");
  HistoryQuery all;
  all.offset = 1;
  all.limit = 2;
  const auto with_gone = *world.run(world.engine.history(world.caller("ben"), talk, all));
  ASSERT_EQ(with_gone.size(), 2U);
  EXPECT_TRUE(with_gone[0].gone());
  EXPECT_EQ(with_gone[1].text, "3");
}

TEST(Engine, a_report_is_about_what_the_reporter_can_see) {
  World world;
  auto talk = world.direct("anna", "ben");
  const MessageId rude = world.send(world.caller("anna"), talk, "rude")->message->id;
  auto report = [&](const char* who, Engine::Report about) {
    return world.run(world.engine.report(world.caller(who), std::move(about)));
  };
  EXPECT_TRUE(report("ben", {rude, {}, "rude"}));
  EXPECT_TRUE(report("eve", {{}, UserId{"anna"}, ""}));
  EXPECT_EQ(code_of(report("eve", {rude, {}, "?"})), Code::not_found);
  EXPECT_EQ(code_of(report("eve", {{}, {}, "?"})), Code::unprocessable);
  EXPECT_EQ(code_of(report("eve", {rude, UserId{"anna"}, "?"})), Code::unprocessable);
  EXPECT_EQ(code_of(report("eve", {{}, UserId{"anna"}, std::string(1001, 'x')})), Code::too_large);
}

TEST(Engine, a_retry_after_leaving_still_answers_the_first_message) {
  World world;
  auto plans = world.group("anna", {"ben"});
  auto first = world.send(world.caller("ben"), plans, "bye", "k");
  ASSERT_TRUE(world.run(world.engine.remove_member(world.caller("ben"), plans, {"ben"})));
  auto again = world.send(world.caller("ben"), plans, "bye", "k");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->message->id, first->message->id);
  EXPECT_EQ(code_of(world.send(world.caller("ben"), plans, "more", "k2")), Code::not_found);
}

TEST(Engine, who_was_removed_can_not_send_on_a_standing_remembered_from_before) {
  World world;
  auto plans = world.group("anna", {"ben"});
  ASSERT_TRUE(world.send(world.caller("ben"), plans, "in"));
  ASSERT_TRUE(world.run(world.engine.remove_member(world.caller("anna"), plans, {"ben"})));
  EXPECT_EQ(code_of(world.send(world.caller("ben"), plans, "out")), Code::not_found);
  EXPECT_EQ(code_of(world.run(world.engine.history(world.caller("ben"), plans, {}))),
            Code::not_found);
}

TEST(Engine, commands_keep_their_order_when_what_was_remembered_turns_out_stale) {
  World world;
  auto plans = world.group("anna", {"ben"});
  ASSERT_TRUE(world.send(world.caller("ben"), plans, "warm"));
  // In one turn: a change of members makes the remembered version stale, and five messages follow behind it.
  std::vector<std::string> order;
  Turn turns[5];
  world.time.run([&] {
    AddMembers add;
    add.where = plans;
    add.users = {{"cleo"}};
    spawn(world.engine.add_members(world.caller("anna"), add),
          [](const auto& done) { EXPECT_TRUE(done); });
  });
  world.time.run([&] {
    for (int i = 0; i < 5; ++i)
      spawn(world.engine.send(world.caller("ben"), World::text(plans, std::to_string(i)), turns[i]),
            [](const Result<Sent>& sent) { EXPECT_TRUE(sent); });
  });
  world.time.run_for(std::chrono::milliseconds{50});
  auto history = world.run(world.engine.history(world.caller("anna"), plans, {}));
  ASSERT_TRUE(history);
  for (auto message = history->rbegin(); message != history->rend(); ++message)
    order.push_back(message->text);
  EXPECT_EQ(order, (std::vector<std::string>{"warm", "0", "1", "2", "3", "4"}));
}

TEST(Engine, reading_moves_only_forward_and_never_beyond_the_end) {
  World world;
  auto talk = world.direct("anna", "ben");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.send(world.caller("anna"), talk, "m"));
  EXPECT_EQ(world.read("ben", talk, 3)->unread, 1U);
  EXPECT_EQ(world.read("ben", talk, 2)->read_seq, Seq{3});
  EXPECT_EQ(world.unread("ben", talk), 1U);
  EXPECT_EQ(code_of(world.read("ben", talk, 5)), Code::unprocessable);
  EXPECT_EQ(code_of(world.read("eve", talk, 2)), Code::not_found);
}

TEST(Engine, the_last_owner_who_leaves_is_followed_by_the_oldest_admin) {
  World world;
  auto plans = world.group("anna", {"ben", "cleo"});
  ASSERT_TRUE(world.run(world.engine.set_role(world.caller("anna"), plans, {"cleo"}, Role::admin)));
  ASSERT_TRUE(world.run(world.engine.remove_member(world.caller("anna"), plans, {"anna"})));
  auto members = world.run(world.engine.members(world.caller("ben"), plans, {}, 10));
  ASSERT_EQ(members->size(), 2U);
  EXPECT_EQ(members->at(1).user, UserId{"cleo"});
  EXPECT_EQ(members->at(1).role, Role::owner);
}

TEST(Engine, who_joins_has_read_everything_and_may_read_what_was_before) {
  World world;
  auto plans = world.group("anna", {"ben"});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.send(world.caller("anna"), plans, "early"));
  AddMembers add;
  add.where = plans;
  add.users = {{"cleo"}};
  ASSERT_TRUE(world.run(world.engine.add_members(world.caller("anna"), add)));
  EXPECT_EQ(world.unread("cleo", plans), 0U);
  EXPECT_EQ(world.run(world.engine.history(world.caller("cleo"), plans, {}))->size(), 3U);
  ASSERT_TRUE(world.send(world.caller("anna"), plans, "late"));
  EXPECT_EQ(world.unread("cleo", plans), 1U);
}

TEST(Engine, the_list_of_conversations_neither_repeats_nor_omits_while_messages_arrive) {
  World world;
  std::vector<ConversationId> all;
  for (int i = 0; i < 25; ++i) {
    all.push_back(world.group("anna", {"user" + std::to_string(i)}));
    world.time.run_for(std::chrono::milliseconds{2});
  }
  std::vector<ConversationId> seen;
  ListQuery query;
  query.limit = 4;
  for (;;) {
    auto page = world.run(world.engine.conversations(world.caller("anna"), query));
    ASSERT_TRUE(page);
    for (const auto& view : page->items) seen.push_back(view.conversation.id);
    if (!page->next) break;
    query.after = page->next;
    // The oldest ones come to life between the pages.
    ASSERT_TRUE(world.send(world.caller("anna"), all[seen.size() % 5], "again"));
    world.time.run_for(std::chrono::milliseconds{2});
  }
  std::ranges::sort(seen);
  std::ranges::sort(all);
  EXPECT_EQ(seen, all);
}

TEST(Engine, a_deleted_conversation_is_gone_for_everybody) {
  World world;
  auto plans = world.group("anna", {"ben"});
  EXPECT_EQ(code_of(world.run(world.engine.remove(world.caller("ben"), plans))), Code::forbidden);
  ASSERT_TRUE(world.run(world.engine.remove(world.caller("anna"), plans)));
  EXPECT_EQ(code_of(world.run(world.engine.conversation(world.caller("anna"), plans))),
            Code::not_found);
  EXPECT_EQ(code_of(world.send(world.caller("ben"), plans, "hello?")), Code::not_found);
}

TEST(Engine, messages_are_edited_by_their_authors_only) {
  World world;
  const auto talk = world.group("anna", {"ben"});
  const auto sent = world.send(world.caller("ben"), talk, "one");
  auto edit = [&](const std::string& who, const std::string& text) {
    Turn turn;
    return world.run(world.engine.edit(world.caller(who), {sent->message->id, text, {}}, turn));
  };
  EXPECT_EQ(edit("anna", "mine").error().code, Code::forbidden);
  EXPECT_EQ(edit("zoe", "mine").error().code, Code::not_found);
  EXPECT_EQ(edit("ben", "").error().code, Code::unprocessable);
  EXPECT_EQ(edit("ben", std::string(10'001, 'x')).error().code, Code::too_large);
  EXPECT_EQ(edit("ben", "two")->text, "two");
  const auto earlier = world.run(world.engine.edits(world.caller("anna"), sent->message->id));
  ASSERT_EQ(earlier->size(), 1U);
  EXPECT_EQ(earlier->front().text, "one");
  EXPECT_EQ(world.run(world.engine.edits(world.caller("zoe"), sent->message->id)).error().code,
            Code::not_found);
}

TEST(Engine, messages_are_deleted_by_their_authors_and_by_who_leads) {
  World world;
  const auto talk = world.group("anna", {"ben", "cleo"});
  const auto sent = world.send(world.caller("ben"), talk, "one");
  auto remove = [&](const std::string& who) {
    Turn turn;
    return world.run(world.engine.remove_message(world.caller(who), sent->message->id, turn));
  };
  EXPECT_EQ(remove("cleo").error().code, Code::forbidden);
  EXPECT_EQ(remove("zoe").error().code, Code::not_found);
  EXPECT_EQ(world.unread("cleo", talk), 1U);
  EXPECT_TRUE(remove("anna"));
  EXPECT_TRUE(remove("ben"));  // a repeat
  EXPECT_EQ(world.unread("cleo", talk), 0U);
  EXPECT_EQ(world.run(world.engine.conversation(world.caller("anna"), talk))->conversation.last_seq,
            Seq{3});
  Turn turn;
  EXPECT_EQ(world.run(world.engine.edit(world.caller("ben"), {sent->message->id, "back", {}}, turn))
                .error()
                .code,
            Code::gone);
}

TEST(Engine, messages_are_recalled_for_a_while) {
  World world;
  const auto talk = world.group("anna", {"ben"});
  const auto first = world.send(world.caller("ben"), talk, "one");
  auto recall = [&](const std::string& who, const Result<Sent>& sent) {
    Turn turn;
    return world.run(world.engine.recall(world.caller(who), sent->message->id, turn));
  };
  EXPECT_EQ(recall("anna", first).error().code, Code::forbidden);  // also not an owner
  world.time.run_for(std::chrono::seconds{119});
  EXPECT_EQ(recall("ben", first)->text, "");
  EXPECT_EQ(recall("ben", first).error().code, Code::gone);
  const auto second = world.send(world.caller("ben"), talk, "two");
  world.time.run_for(std::chrono::seconds{121});
  EXPECT_EQ(recall("ben", second).error().code, Code::gone);
  EXPECT_EQ(world.unread("anna", talk), 1U);
}

TEST(Engine, who_is_blocked_does_not_write_to_the_blocker) {
  World world;
  const auto talk = world.direct("anna", "ben");
  const auto before = world.send(world.caller("ben"), talk, "before");
  ASSERT_TRUE(before);
  ASSERT_TRUE(world.run(world.engine.block(world.caller("anna"), {"ben"}, true)));
  EXPECT_EQ(world.send(world.caller("ben"), talk, "hey").error().code, Code::blocked);
  Turn turn;
  EXPECT_EQ(
      world.run(world.engine.edit(world.caller("ben"), {before->message->id, "hey", {}}, turn))
          .error()
          .code,
      Code::blocked);
  EXPECT_EQ(world.run(world.engine.typing(world.caller("ben"), talk, true)).error().code,
            Code::blocked);
  EXPECT_TRUE(world.send(world.caller("anna"), talk, "to him"));
  const auto group = world.group("anna", {"ben"});
  EXPECT_TRUE(world.send(world.caller("ben"), group, "among others"));
  EXPECT_EQ(world.run(world.engine.blocks(world.caller("anna"), {}, 10))->size(), 1U);
  ASSERT_TRUE(world.run(world.engine.block(world.caller("anna"), {"ben"}, false)));
  EXPECT_TRUE(world.send(world.caller("ben"), talk, "thanks"));
  EXPECT_EQ(world.run(world.engine.block(world.caller("anna"), {"anna"}, true)).error().code,
            Code::unprocessable);
  EXPECT_EQ(world.run(world.engine.block(world.caller("anna"), {""}, true)).error().code,
            Code::unprocessable);
}

TEST(Engine, own_settings_are_for_members) {
  World world;
  const auto talk = world.group("anna", {"ben"});
  OwnPatch patch;
  patch.pinned = true;
  const auto view = world.run(world.engine.set_own(world.caller("ben"), talk, patch));
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->mine.own.pinned);
  EXPECT_FALSE(world.run(world.engine.conversation(world.caller("anna"), talk))->mine.own.pinned);
  EXPECT_EQ(world.run(world.engine.set_own(world.caller("zoe"), talk, patch)).error().code,
            Code::not_found);
}

}  // namespace
}  // namespace parley::engine
