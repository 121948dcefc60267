// What one batch does to the documents, in order: each statement leaves the same whether it is carried out once or again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/mongo/bson.h"

namespace parley::store::mongo {

struct Statement {
  std::string collection;
  bool removes = false;
  Doc what;  // as the commands update and delete take it
};

class Statements {
 public:
  enum class Many : std::uint8_t { one, all };
  enum class Missing : std::uint8_t { left, made };

  void update(std::string_view collection, const Doc& filter, const Doc& change, Missing missing,
              Many many = Many::one);
  // The whole document, there or not.
  void put(std::string_view collection, const Doc& filter, const Doc& document) {
    update(collection, filter, document, Missing::made);
  }
  void remove(std::string_view collection, const Doc& filter);

  [[nodiscard]] const std::vector<Statement>& all() const { return all_; }
  [[nodiscard]] bool empty() const { return all_.empty(); }

  // As bytes, in pieces of about that size (a statement is never cut); and back.
  [[nodiscard]] std::vector<std::string> pieces(std::size_t size) const;
  // False: these bytes are no statements.
  [[nodiscard]] bool add(std::string_view piece);

 private:
  std::vector<Statement> all_;
};

}  // namespace parley::store::mongo
