#include "store/mongo/statements.h"

namespace parley::store::mongo {

void Statements::update(std::string_view collection, const Doc& filter, const Doc& change,
                        Missing missing, Many many) {
  Doc what;
  what.put("q", filter).put("u", change);
  if (missing == Missing::made) what.put("upsert", true);
  if (many == Many::all) what.put("multi", true);
  all_.push_back({std::string(collection), false, std::move(what)});
}

void Statements::remove(std::string_view collection, const Doc& filter) {
  all_.push_back({std::string(collection), true, Doc().put("q", filter).put("limit", 0)});
}

std::vector<std::string> Statements::pieces(std::size_t size) const {
  std::vector<std::string> pieces(1);
  for (const Statement& one : all_) {
    const Doc doc =
        Doc().put("in", one.collection).put("removes", one.removes).put("what", one.what);
    if (!pieces.back().empty() && pieces.back().size() + doc.bytes().size() > size)
      pieces.emplace_back();
    pieces.back() += doc.bytes();
  }
  return pieces;
}

bool Statements::add(std::string_view piece) {
  bson_reader_t* reader =
      bson_reader_new_from_data(reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size());
  bool at_the_end = false;
  while (const bson_t* doc = bson_reader_read(reader, &at_the_end)) {
    Fields fields(doc);
    Statement one;
    one.collection = fields.text("in");
    one.removes = fields.flag("removes");
    one.what = Doc(fields.in("what"));
    all_.push_back(std::move(one));
  }
  bson_reader_destroy(reader);
  return at_the_end;
}

}  // namespace parley::store::mongo
