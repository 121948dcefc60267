#include "store/sqlite/text_index.h"

#include <algorithm>

namespace parley::store::sqlite {
namespace {

// Asking for one conversation after the other costs about as much as reading so many rows for each of them.
constexpr std::size_t rows_for_each_conversation = 400;
constexpr std::size_t rows_read_max = 400'000;
constexpr std::size_t rows_read_min = 1'000;
// After so many it is looked how many there may be, for they are in the order of the blocks. Old blocks may have more in
// them than young ones, so that is believed of few rows only where they would be ten times too many.
constexpr std::size_t rows_between_estimates = 1'000;
constexpr std::size_t doubt = 9;

bool will_be_too_many(std::size_t rows, std::uint64_t blocks_so_far, std::uint64_t blocks,
                      std::size_t rows_max) {
  const std::uint64_t in_all = rows * blocks / blocks_so_far;
  return in_all > rows_max + doubt * rows_max * rows_between_estimates / rows;
}

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
  const std::size_t rows_max =
      std::clamp(among.size() * rows_for_each_conversation, rows_read_min, rows_read_max);
  TRY(found, rows_with(sought, rows_max));
  if (found.size() == rows_max) return std::nullopt;
  std::vector<Place> places;
  auto place_rows = [&](auto first_of) -> Result<std::optional<std::vector<Place>>> {
    std::uint64_t number = 0;
    std::optional<Place> first;  // of that block, where it is one of theirs
    for (const std::uint64_t row : found) {
      if (row / places_in_block != number) {
        number = row / places_in_block;
        TRY(place, first_of(number));
        first = place;
      }
      if (first)
        places.emplace_back(first->first, Seq{first->second.value + row % places_in_block});
    }
    return places;
  };
  if (found.size() > among.size()) {
    TRY(theirs, first_places(among));
    return place_rows([&](std::uint64_t number) -> Result<std::optional<Place>> {
      const auto at = theirs.find(number);
      return at == theirs.end() ? std::nullopt : std::optional(at->second);
    });
  }
  return place_rows([&](std::uint64_t number) -> Result<std::optional<Place>> {
    TRY(place, first_place(number));
    return place && std::ranges::binary_search(among, place->first) ? place : std::nullopt;
  });
}

Result<std::unordered_map<std::uint64_t, Place>> SqliteTextIndex::first_places(
    const std::vector<ConversationId>& among) {
  std::unordered_map<std::uint64_t, Place> places;
  for (const ConversationId& one : among) {
    TRY(blocks, blocks_of(one));
    for (const Block& block : blocks)
      places.emplace(static_cast<std::uint64_t>(block.number), Place{one, Seq{block.first_seq}});
  }
  return places;
}

// All of them in order, so those of a block stand together; where they are or will be too many, so many as that.
Result<std::vector<std::uint64_t>> SqliteTextIndex::rows_with(const Tokens& sought,
                                                              std::size_t rows_max) {
  std::uint64_t last_block = 0;
  {
    auto rows = database_->use("SELECT max(number) FROM blocks");
    TRY_DO(rows.step());
    last_block = rows.count();
  }
  std::vector<std::uint64_t> found;
  auto rows = database_->use("SELECT rowid FROM words WHERE words MATCH ? LIMIT ?");
  const std::string match = all_of(sought);
  rows.bind(std::string_view(match)).bind(std::uint64_t{rows_max});
  for (;;) {
    TRY(there, rows.step());
    if (!there) return found;
    found.push_back(rows.count());
    if (found.size() % rows_between_estimates != 0) continue;
    if (will_be_too_many(found.size(), found.back() / places_in_block, last_block, rows_max)) {
      found.resize(rows_max);
      return found;
    }
  }
}

Result<std::optional<Place>> SqliteTextIndex::first_place(std::uint64_t block_number) {
  auto rows = database_->use("SELECT conversation_id, block FROM blocks WHERE number = ?");
  rows.bind(block_number);
  TRY(there, rows.step());
  if (!there) return std::nullopt;
  const auto where = rows.id<ConversationId>();
  return Place{where, Seq{rows.count() * places_in_block}};
}

}  // namespace parley::store::sqlite
