// The text index of one data file: a file of its own beside it, made from the log, a little behind it. Lost, it is made
// again; that it is another file keeps its writing out of the way of commits.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "store/sqlite/database.h"
#include "store/text_index.h"

namespace parley::store::sqlite {

[[nodiscard]] std::string text_index_path(const std::string& data_path);

// A message's row in the index: 2^16 places of one conversation are a block, blocks have numbers, and rows of a block
// stand together. So a conversation's part of a list is found at once, and numbers in lists stay small.
inline constexpr std::uint64_t places_in_block = 1U << 16U;
[[nodiscard]] inline std::int64_t row_of(std::int64_t block_number, Seq seq) {
  return block_number * static_cast<std::int64_t>(places_in_block) +
         static_cast<std::int64_t>(seq.value % places_in_block);
}

class SqliteTextIndex final : public TextIndex {
 public:
  // The file is there, and is an index of this program.
  explicit SqliteTextIndex(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Result<std::vector<std::uint64_t>> marks() override;
  Result<std::vector<Seq>> newest(const ConversationId& where, const Tokens& sought, Seq below,
                                  std::size_t limit) override;
  Result<std::optional<std::vector<Place>>> few(const std::vector<ConversationId>& among,
                                                const Tokens& sought) override;
  // The snapshot begins with the first question after this.
  void end();

 private:
  struct Block {
    std::int64_t number = 0;
    std::uint64_t first_seq = 0;
  };
  Result<void> begin();
  Result<std::vector<std::uint64_t>> rows_with(const Tokens& sought, std::size_t rows_max);
  Result<std::optional<Place>> first_place(std::uint64_t block_number);
  // By the numbers of all their blocks.
  Result<std::unordered_map<std::uint64_t, Place>> first_places(
      const std::vector<ConversationId>& among);
  // The newest first.
  Result<std::vector<Block>> blocks_of(const ConversationId& where);

  std::unique_ptr<Database> database_;
};

}  // namespace parley::store::sqlite
