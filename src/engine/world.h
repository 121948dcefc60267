// For this room's tests: an engine over the memory store, in virtual time.
#pragma once

#include <gtest/gtest.h>

#include "base/virtual_time.h"
#include "engine/stream.h"
#include "hub/feed.h"
#include "store/memory/memory.h"

namespace parley::engine {

struct World {
  VirtualTime time;
  SeededRandom random{42};
  Policy policy;
  std::unique_ptr<store::Store> store;
  hub::Hub hub{store->beginning()};
  hub::LocalBus bus;
  Engine engine{*store, hub, bus, time, random, Limits{}};
  hub::Feed feed{{{&time, &hub, [this](const Event& event) { engine.notice(event); }}}};
  std::uint64_t connections = 0;

  // What the store of the others is behind, if it is not plain.
  using Dress =
      std::function<std::unique_ptr<store::Store>(std::unique_ptr<store::Store>, Executor&)>;
  explicit World(const Dress& dress = {})
      : store(dress ? dress(store::make_memory_store(time), time)
                    : store::make_memory_store(time)) {
    store->listen(feed);
    bus.add({&time, &hub});
  }
  ~World() { store->stop(); }

  Caller caller(std::string user) { return {{std::move(user)}, Rank::user, {0, 0}, &policy}; }
  Caller connected(std::string user) {
    return {{std::move(user)}, Rank::user, {0, ++connections}, &policy};
  }

  // Runs the task until it has its value, moving time if it has to wait.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> value;
    auto started = std::make_shared<Task<T>>(std::move(task));
    time.run([&value, started] {
      spawn(std::move(*started), [&value](T result) { value.emplace(std::move(result)); });
    });
    for (int i = 0; !value && i < 1000; ++i) time.run_for(std::chrono::milliseconds{1});
    PARLEY_ASSERT(value.has_value());
    return std::move(*value);
  }

  ConversationId direct(const std::string& one, const std::string& other) {
    CreateConversation command;
    command.type = ConversationType::direct;
    command.members = {{other}};
    return run(engine.create(caller(one), command))->view.conversation.id;
  }
  ConversationId group(const std::string& owner, std::vector<std::string> others) {
    CreateConversation command;
    for (std::string& user : others) command.members.push_back({std::move(user)});
    return run(engine.create(caller(owner), command))->view.conversation.id;
  }
  static SendMessage text(ConversationId where, std::string what, std::string once = {}) {
    SendMessage command;
    command.where = where;
    command.text = std::move(what);
    command.once = command.client_id = std::move(once);
    return command;
  }
  Result<Sent> send(const Caller& who, ConversationId where, std::string what,
                    std::string once = {}) {
    Turn turn;
    return run(engine.send(who, text(where, std::move(what), std::move(once)), turn));
  }
  Result<Pointer> read(const std::string& who, ConversationId where, std::uint64_t upto) {
    Turn turn;
    return run(engine.mark_read(caller(who), where, Seq{upto}, turn));
  }
  std::uint64_t unread(const std::string& who, ConversationId where) {
    auto view = run(engine.conversation(caller(who), where));
    return unread_count(view->conversation, view->mine);
  }
};

}  // namespace parley::engine
