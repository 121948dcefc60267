// The wire, machine-readable: spec/openapi.json and spec/asyncapi.json, as they stand there.
#pragma once

#include <string_view>

namespace parley::native {

extern const std::string_view openapi;
extern const std::string_view asyncapi;

}  // namespace parley::native
