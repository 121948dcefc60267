// dialects/filing: what the file routes of all dialects share: taking an upload, handing out a file.
//
// Knows:     multipart bodies, ranges, the headers that keep a file from harming who opens it.
// Does not:  who may have a file (engine); any dialect's words.
// In:        a request's body as it comes.   Out: a file on the shelf; its bytes.
// Lives on:  a loop.
// Failing:   an upload that is refused leaves nothing.
// Start at:  take_file(), give_file().
#pragma once

#include <functional>
#include <string>

#include "engine/engine.h"
#include "files/files.h"
#include "net/http.h"

namespace parley::filing {

struct Taken {
  files::Upload upload;  // not kept yet
  files::Whole whole;
  std::string name;           // as safe_name() has it
  std::string declared_type;  // without parameters; may be empty
  bool wrapped = true;        // it was a part of a multipart body
};

struct Limits {
  std::uint64_t bytes = 0;
  std::uint64_t video_bytes = 0;  // of what its first bytes say is a video
};

// The one file of a multipart body, in the part of that name (empty: in whichever has a file name), or the body itself.
// Refused: too_large as soon as it is; bad_request for what is neither, or is empty.
[[nodiscard]] Task<Result<Taken>> take_file(net::Request& request, files::Shelf& shelf,
                                            Limits limits, std::string part);
// Keeps it under a new id, and has the engine know of it. `type`: what it is to be served as.
[[nodiscard]] Task<Result<engine::File>> keep_file(engine::Engine& engine, engine::Caller caller,
                                                   Taken taken, std::string type);

// The last segment of a path, without control characters, at most 255 bytes; "file" where nothing is left.
[[nodiscard]] std::string safe_name(std::string_view name);
// The declared type where it says more than the bytes and nothing else: text is any kind of text, a ZIP file may be a
// document.
[[nodiscard]] std::string agreed_type(const std::string& declared, const std::string& sniffed);
// What a browser would run, or a machine.
[[nodiscard]] bool is_active(const std::string& type);

// The whole file or a part of it, as the request asks: Range, If-None-Match, If-Range. `refuse`: how this dialect words
// a range that is not there.
using Refuse = std::function<net::Response(const Error& error)>;
enum class Inline : std::uint8_t { pictures, pictures_and_videos };
[[nodiscard]] Task<Result<net::Response>> give_file(net::Request& request, files::Shelf& shelf,
                                                    engine::File file, Inline in_page,
                                                    Refuse refuse);
// How a file is to be saved, or shown.
[[nodiscard]] std::string disposition_of(const engine::File& file, Inline in_page);

}  // namespace parley::filing
