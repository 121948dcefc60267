// What is known of files, and which messages show them. Their bytes are somebody else's (files/).
//
// Documents beside the conversations: a file under its id; a mark while no message shows it, so that what nobody ever
// shows can be found; and one for each message that does, written with the message.
#pragma once

#include <string>
#include <vector>

#include "store/reader.h"

namespace parley::engine {

struct File {
  std::string id;
  UserId uploader;
  std::string name, mime, sha256;
  std::uint64_t bytes = 0;
  Time at{};
};

inline constexpr std::string_view files_space = "files";
inline constexpr std::string_view loose_files_space = "files.loose";
inline constexpr std::string_view file_uses_space = "files.uses";

[[nodiscard]] std::string json_of(const File& file);
// Nothing of that id: nothing.
[[nodiscard]] Result<std::optional<File>> find_file(store::Reader& reader, const std::string& id);

// The messages that show it and are still there.
[[nodiscard]] Result<std::vector<Message>> messages_with(store::Reader& reader,
                                                         const std::string& id);
// Whether this person has uploaded it, or sees a message with it.
[[nodiscard]] Result<bool> may_have(store::Reader& reader, const UserId& user, const File& file);

// The ids in a message's attachments, and the one in its metadata.
[[nodiscard]] std::vector<std::string> files_in(const std::string& attachments,
                                                const std::string& metadata);
// The attachments, with what is known of these files in place of what was said of them.
[[nodiscard]] std::string with_facts(const std::string& attachments,
                                     const std::vector<File>& files);
// Without that one; empty where it was the last.
[[nodiscard]] std::string without_file(const std::string& attachments, const std::string& id);

[[nodiscard]] std::vector<store::RecordSet> shown_by(const std::vector<File>& files,
                                                     const MessageId& message);
// To be looked at: no message may show them any more.
[[nodiscard]] std::vector<store::RecordSet> perhaps_loose(const std::vector<std::string>& files);

}  // namespace parley::engine
