// The figures as one page that needs nothing else: tables and drawings.
#pragma once

#include <span>
#include <string>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/outcome.h"

namespace parley::bench {

[[nodiscard]] std::string as_html(const Options& options, const Machine& machine,
                                  std::span<const Outcome> outcomes);

}  // namespace parley::bench
