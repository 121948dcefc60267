// dialects/line: the commands of one connection, in the order in which they came.
//
// Knows:     which command may start while others are under way, and in which order their answers leave.
// Does not:  know frames, names, sockets: it runs what it is given and says what comes of it.
// In:        commands from a session.   Out: answers, in the order of the commands.
// Lives on:  one loop. A session owns it by Ref, as commands may outlive their connection.
// Failing:   what a closed line still runs is finished, and said to nobody.
// Start at:  Line::alone(), Line::overlapping().
#pragma once

#include <functional>
#include <list>
#include <string>

#include "base/gate.h"
#include "base/ref.h"
#include "base/task.h"
#include "engine/commands.h"

namespace parley::line {

class Line final : public RefCounted {
 public:
  // What is to be said in the end; empty: nothing.
  using Command = std::move_only_function<Task<std::string>(engine::Turn& turn)>;
  using Say = std::move_only_function<void(std::string answer)>;

  // `gate`: held by each command under way.
  Line(Say say, Gate& gate) : say_(std::move(say)), gate_(gate) {}

  // Begins when all before it have ended, and nothing begins before it has.
  void alone(Command command) { add(std::move(command), false); }
  // Among its like it begins as soon as the one before has passed its turn.
  void overlapping(Command command) { add(std::move(command), true); }
  // What has not begun never does.
  void close();
  [[nodiscard]] std::size_t waiting() const { return entries_.size(); }

 private:
  struct Entry final : RefCounted {
    explicit Entry(Line& line) : turn([&line] { line.pump(); }) {}
    Command command;
    engine::Turn turn;
    std::string answer;
    bool overlaps = false;
    bool begun = false;
    bool ended = false;
  };

  void add(Command command, bool overlaps);
  void pump();
  void begin_what_may();
  void begin(const Ref<Entry>& entry);

  std::list<Ref<Entry>> entries_;
  Say say_;
  Gate& gate_;
  bool pumping_ = false;
  bool again_ = false;
  bool closed_ = false;
};

}  // namespace parley::line
