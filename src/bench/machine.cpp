#include "bench/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

namespace parley::bench {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

Machine this_machine() {
  utsname system{};
  ::uname(&system);
  const double bytes =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  return {static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN)), cpu_model(),
          std::string(system.sysname) + " " + system.release, bytes / (1U << 30U)};
}

}  // namespace parley::bench
