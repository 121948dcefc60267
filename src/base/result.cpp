#include "base/result.h"

#include <array>

namespace parley {
namespace {

struct Row {
  std::string_view name;
  std::string_view title;
  unsigned http;
  unsigned short websocket;
};

constexpr auto rows = std::to_array<Row>({
#define PARLEY_CODE(code, http, websocket, title) {#code, title, http, websocket},
#include "base/codes.def"
#undef PARLEY_CODE
});

const Row& row(Code code) { return rows[static_cast<std::size_t>(code)]; }

}  // namespace

std::string_view name_of(Code code) { return row(code).name; }
std::string_view title_of(Code code) { return row(code).title; }
unsigned http_status(Code code) { return row(code).http; }
unsigned short close_code(Code code) { return row(code).websocket; }

}  // namespace parley
