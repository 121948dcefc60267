#include "store/sqlite/text_index.h"

#include <algorithm>
#include <unordered_map>

namespace parley::store::sqlite {
namespace {

// Asking for one conversation after the other costs about as much as reading so many rows for each of them.
constexpr std::size_t rows_for_each_conversation = 400;
constexpr std::size_t rows_read_max = 30'000;
constexpr std::size_t rows_read_min = 1'000;

// Tokens have no quotes in them.
std::string all_of(const Tokens& sought) {
  std::string match;
  for (const std::string& token : sought) match += '"' + token + "\" ";
  return match;
}

}  // namespace

std::string text_index_path(const std::string& data_path) { return data_path + ".search"; }

Result<void> SqliteTextIndex::begin() {
  if (sqlite3_get_autocommit(database_->raw()) == 0) return {};
  return database_->use("BEGIN DEFERRED").run();
}

void SqliteTextIndex::end() {
  if (sqlite3_get_autocommit(database_->raw()) == 0) [[maybe_unused]]
    auto done = database_->use("COMMIT").run();
}

Result<std::vector<std::uint64_t>> SqliteTextIndex::marks() {
  TRY_DO(begin());
  auto rows = database_->use("SELECT position FROM about");
  TRY_DO(rows.step());
  return std::vector<std::uint64_t>{rows.count()};
}

Result<std::vector<SqliteTextIndex::Block>> SqliteTextIndex::blocks_of(
    const ConversationId& where) {
  auto rows = database_->use(
      "SELECT number, block FROM blocks WHERE conversation_id = ? ORDER BY block DESC");
  rows.bind(where);
  std::vector<Block> blocks;
  for (;;) {
    TRY(there, rows.step());
    if (!there) return blocks;
    Block block;
    block.number = rows.number();
    block.first_seq = rows.count() * places_in_block;
    blocks.push_back(block);
  }
}

Result<std::vector<Seq>> SqliteTextIndex::newest(const ConversationId& where, const Tokens& sought,
                                                 Seq below, std::size_t limit) {
  TRY_DO(begin());
  TRY(blocks, blocks_of(where));
  const std::string match = all_of(sought);
  std::vector<Seq> seqs;
  for (const Block& block : blocks) {
    if (below.value != 0 && block.first_seq >= below.value) continue;
    const Seq last{below.value == 0 ? block.first_seq + places_in_block - 1
                                    : std::min(below.value, block.first_seq + places_in_block) - 1};
    auto rows = database_->use(
        "SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC "
        "LIMIT ?");
    rows.bind(std::string_view(match)).bind(row_of(block.number, Seq{}));
    rows.bind(row_of(block.number, last)).bind(std::uint64_t{limit - seqs.size()});
    for (;;) {
      TRY(there, rows.step());
      if (!there) break;
      seqs.push_back(Seq{block.first_seq + rows.count() % places_in_block});
    }
    if (seqs.size() == limit) break;
  }
  return seqs;
}

Result<std::optional<std::vector<Place>>> SqliteTextIndex::few(
    const std::vector<ConversationId>& among, const Tokens& sought) {
  TRY_DO(begin());
  struct Part {
    const ConversationId* conversation;
    std::uint64_t first_seq;
  };
  std::unordered_map<std::uint64_t, Part> parts;  // by the block's number
  for (const ConversationId& one : among) {
    TRY(blocks, blocks_of(one));
    for (const Block& block : blocks)
      parts[static_cast<std::uint64_t>(block.number)] = {&one, block.first_seq};
  }
  const std::size_t rows_max =
      std::clamp(among.size() * rows_for_each_conversation, rows_read_min, rows_read_max);
  auto rows = database_->use("SELECT rowid FROM words WHERE words MATCH ? LIMIT ?");
  const std::string match = all_of(sought);
  rows.bind(std::string_view(match)).bind(std::uint64_t{rows_max});
  std::vector<Place> places;
  std::size_t read = 0;
  for (;; ++read) {
    TRY(there, rows.step());
    if (!there) break;
    const std::uint64_t row = rows.count();
    if (const auto part = parts.find(row / places_in_block); part != parts.end())
      places.emplace_back(*part->second.conversation,
                          Seq{part->second.first_seq + row % places_in_block});
  }
  if (read == rows_max) return std::nullopt;
  return places;
}

}  // namespace parley::store::sqlite
