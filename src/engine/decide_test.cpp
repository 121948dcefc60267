#include "engine/decide.h"

#include <gtest/gtest.h>

namespace parley::engine {
namespace {

Standing standing(Role role, ConversationType type = ConversationType::group) {
  Standing made;
  made.exists = made.present = true;
  made.role = role;
  made.type = type;
  return made;
}

Code code_of(const Result<void>& result) { return result ? Code::internal : result.error().code; }
constexpr Code allowed = Code::internal;  // no refusal here carries it

TEST(Rules, only_members_send_and_strangers_learn_nothing) {
  EXPECT_EQ(code_of(may_send(standing(Role::member), Rank::user, MessageType::text, Policy{})),
            allowed);
  EXPECT_EQ(code_of(may_send(standing(Role::reader), Rank::user, MessageType::text, Policy{})),
            Code::forbidden);
  Standing stranger = standing(Role::owner);
  stranger.present = false;
  EXPECT_EQ(code_of(may_send(stranger, Rank::user, MessageType::text, Policy{})), Code::not_found);
  Standing deleted = standing(Role::owner);
  deleted.exists = false;
  EXPECT_EQ(code_of(may_send(deleted, Rank::user, MessageType::text, Policy{})), Code::not_found);
}

TEST(Rules, where_admins_post_members_read) {
  Standing member = standing(Role::member), admin = standing(Role::admin);
  member.settings.who_can_post = admin.settings.who_can_post = Who::admins;
  EXPECT_EQ(code_of(may_send(member, Rank::user, MessageType::text, Policy{})), Code::forbidden);
  EXPECT_EQ(code_of(may_send(admin, Rank::user, MessageType::text, Policy{})), allowed);
}

TEST(Rules, system_messages_come_from_the_house) {
  SendMessage command;
  command.type = MessageType::system;
  command.text = "maintenance at noon";
  EXPECT_EQ(code_of(check_message(command, Rank::user, {}, {})), Code::forbidden);
  EXPECT_EQ(code_of(check_message(command, Rank::service, {}, {})), allowed);
  Standing outside = standing(Role::member);
  outside.present = false;
  EXPECT_EQ(code_of(may_send(outside, Rank::service, MessageType::system, Policy{})), allowed);
  EXPECT_EQ(code_of(may_send(outside, Rank::service, MessageType::text, Policy{})),
            Code::not_found);
}

// Every pair of roles: nobody touches or grants what is above them, members touch nobody.
TEST(Rules, the_roles_matrix) {
  constexpr Role roles[] = {Role::reader, Role::member, Role::admin, Role::owner};
  for (Role mine : roles) {
    for (Role theirs : roles) {
      bool leads = mine >= Role::admin;
      EXPECT_EQ(may_remove_member(standing(mine), Target::other, theirs, Policy{}).has_value(),
                leads && theirs <= mine);
      EXPECT_TRUE(may_remove_member(standing(mine), Target::self, mine, Policy{}).has_value());
      EXPECT_EQ(may_add(standing(mine), theirs).has_value(), leads && theirs <= mine);
      for (Role granted : roles) {
        EXPECT_EQ(
            may_set_role(standing(mine), Target::other, theirs, granted, Policy{}).has_value(),
            leads && theirs <= mine && granted <= mine);
        EXPECT_EQ(may_set_role(standing(mine), Target::self, mine, granted, Policy{}).has_value(),
                  granted <= mine);
      }
    }
  }
}

TEST(Rules, where_all_may_add_members_add_members_but_no_admins) {
  Standing member = standing(Role::member);
  member.settings.who_can_add = Who::all;
  EXPECT_TRUE(may_add(member, Role::member));
  EXPECT_EQ(code_of(may_add(member, Role::admin)), Code::forbidden);
}

TEST(Rules, a_direct_conversation_keeps_its_two_people) {
  Standing owner = standing(Role::owner, ConversationType::direct);
  EXPECT_EQ(code_of(may_add(owner, Role::member)), Code::forbidden);
  EXPECT_EQ(code_of(may_remove_member(owner, Target::self, Role::owner, Policy{})),
            Code::forbidden);
  EXPECT_EQ(code_of(may_remove_member(owner, Target::other, Role::member, Policy{})),
            Code::forbidden);
  EXPECT_EQ(code_of(may_remove_conversation(owner, Policy{})), Code::forbidden);
}

Member member(std::string user, Role role) {
  Member made;
  made.user = {std::move(user)};
  made.role = role;
  return made;
}

TEST(Rules, the_oldest_admin_inherits_else_the_oldest_member_and_only_from_the_last_owner) {
  std::vector<Member> all{member("anna", Role::owner), member("ben", Role::member),
                          member("cleo", Role::admin), member("dan", Role::admin)};
  EXPECT_EQ(next_owner(all, {"anna"}), UserId{"cleo"});
  all.erase(all.begin() + 2, all.end());
  EXPECT_EQ(next_owner(all, {"anna"}), UserId{"ben"});
  all.push_back(member("eve", Role::owner));
  EXPECT_EQ(next_owner(all, {"anna"}), std::nullopt);
  EXPECT_EQ(next_owner(std::vector<Member>{member("anna", Role::owner)}, {"anna"}), std::nullopt);
}

SendMessage text(std::string what) {
  SendMessage command;
  command.text = std::move(what);
  return command;
}

TEST(Rules, a_text_is_counted_in_code_points) {
  std::string ten_thousand;
  for (int i = 0; i < 10'000; ++i) ten_thousand += "🙂";
  EXPECT_TRUE(check_message(text(ten_thousand), Rank::user, {}, {}));
  EXPECT_EQ(code_of(check_message(text(ten_thousand + "x"), Rank::user, {}, {})), Code::too_large);
  EXPECT_EQ(code_of(check_message(text(""), Rank::user, {}, {})), Code::unprocessable);
  EXPECT_EQ(code_of(check_message(text(std::string("a\0b", 3)), Rank::user, {}, {})),
            Code::unprocessable);
  SendMessage only_attachments;
  only_attachments.attachment_count = 1;
  EXPECT_TRUE(check_message(only_attachments, Rank::user, {}, {}));
}

TEST(Rules, a_user_id_is_printable_utf8_of_at_most_128_bytes) {
  for (std::string_view good :
       {"alice", "anna.müller@example.org", "0b8f2c1e-0000-4000-8000-000000000000", " "})
    EXPECT_TRUE(valid_user_id(good)) << good;
  EXPECT_FALSE(valid_user_id(""));
  EXPECT_FALSE(valid_user_id("a\nb"));
  EXPECT_FALSE(valid_user_id("\xff"));
  EXPECT_FALSE(valid_user_id(std::string(129, 'x')));
}

TEST(Decide, doors_can_ask_for_an_answer_first_and_for_one_owner) {
  Standing here = standing(Role::member, ConversationType::direct);
  Policy policy;
  policy.first_message_limit = true;
  EXPECT_TRUE(may_send(here, Rank::user, MessageType::text, policy));
  here.spoke = true;
  EXPECT_EQ(may_send(here, Rank::user, MessageType::text, policy).error().code, Code::muted);
  EXPECT_TRUE(may_send(here, Rank::user, MessageType::text, Policy{}));
  here.answered = true;
  EXPECT_TRUE(may_send(here, Rank::user, MessageType::text, policy));
  here.type = ConversationType::group;
  policy.one_owner = true;
  here.role = Role::admin;
  EXPECT_FALSE(may_set_role(here, Target::other, Role::member, Role::admin, policy));
  EXPECT_TRUE(may_remove_member(here, Target::self, Role::admin, policy));
  here.role = Role::owner;
  EXPECT_TRUE(may_set_role(here, Target::other, Role::member, Role::owner, policy));
  EXPECT_FALSE(may_set_role(here, Target::self, Role::owner, Role::member, policy));
  EXPECT_FALSE(may_remove_member(here, Target::self, Role::owner, policy));
}

}  // namespace
}  // namespace parley::engine
