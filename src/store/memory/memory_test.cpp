#include "store/memory/memory.h"

#include "store/conformance/conformance.h"

namespace parley::store {
namespace {

template <std::uint32_t lanes, int delay_ms>
class MemoryStorage final : public Storage {
 public:
  std::unique_ptr<Store> open() override {
    return make_memory_store(time_,
                             {.lanes = lanes, .commit_delay = std::chrono::milliseconds{delay_ms}});
  }
  bool kept() const override { return false; }
  bool indexed() const override { return false; }
  VirtualTime* time() override { return &time_; }

 private:
  VirtualTime time_;
};

template <std::uint32_t lanes, int delay_ms>
std::unique_ptr<Storage> new_storage() {
  return std::make_unique<MemoryStorage<lanes, delay_ms>>();
}

INSTANTIATE_TEST_SUITE_P(Memory, Conformance,
                         testing::Values(&new_storage<1, 0>, &new_storage<4, 3>));

}  // namespace
}  // namespace parley::store
