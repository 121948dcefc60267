#include "net/writer.h"

#include "net/connection.h"

namespace parley::net {

Writer::Writer() : scratch_(std::make_unique<char[]>(tls_record_bytes)) {}
Writer::~Writer() = default;

void Writer::flush(const std::vector<Connection*>& dirty) {
  for (Connection* connection : dirty) {
    if (connection->wants_to_write()) connection->write({scratch_.get(), tls_record_bytes});
    connection->after_writing();
  }
}

}  // namespace parley::net
