// Writes the text index: follows the log in batches.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "store/sqlite/database.h"
#include "store/text_index.h"

namespace parley::store::sqlite {

// Lives on: one thread.
class TextIndexer {
 public:
  // Makes the file anew where it is none, damaged, of another version, or of other data.
  [[nodiscard]] static Result<std::unique_ptr<TextIndexer>> open(const std::string& data_path,
                                                                 std::uint32_t store_number);
  // Takes in what came next. True: there may be more.
  [[nodiscard]] Result<bool> step();

 private:
  // A message as the index is to have it; by its position.
  struct Entry {
    ConversationId conversation;
    Seq seq;
    std::string text;  // empty: not at all
  };
  struct Batch {
    std::map<std::uint64_t, Entry> entries;
    std::uint64_t upto = 0;
    MessageId last;  // the event there
    bool full = false;
  };
  struct Change;

  TextIndexer(std::unique_ptr<Database> data, std::unique_ptr<Database> index)
      : data_(std::move(data)), index_(std::move(index)) {}
  Result<bool> is_of(std::uint32_t store_number);
  Result<Batch> gather();
  Result<void> write(const Batch& batch);
  Result<std::optional<Change>> change(std::uint64_t position, const Entry& entry);
  Result<void> apply(const Change& change);
  Result<std::int64_t> block_number(const ConversationId& where, Seq seq);

  std::unique_ptr<Database> data_, index_;
  std::uint64_t mark_ = 0;
};

}  // namespace parley::store::sqlite
