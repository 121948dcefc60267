// Chance as a parameter: the system's for serving, a seeded one for tests and the simulator.
#pragma once

#include <cstdint>
#include <random>
#include <span>

namespace parley {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

// From the kernel; fit for secrets. One per loop.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace parley
