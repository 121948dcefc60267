#include "base/executor.h"

namespace parley {
namespace {
thread_local Executor* running_here = nullptr;
}

Executor* Executor::current() { return running_here; }

Executor::Scope::Scope(Executor& executor) : before_(running_here) { running_here = &executor; }
Executor::Scope::~Scope() { running_here = before_; }

}  // namespace parley
