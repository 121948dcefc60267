// Texts made from the options' declarations.
#pragma once

#include <ostream>
#include <string>

namespace parley::config {

// The options for `parley serve --help`, in groups, 100 columns wide.
[[nodiscard]] std::string help_text();
// docs/configuration.md, whole.
void write_docs(std::ostream& out);

}  // namespace parley::config
