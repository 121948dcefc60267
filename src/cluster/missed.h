// What the log says of positions that no notice has told of.
#pragma once

#include <vector>

#include "cluster/order.h"
#include "store/reader.h"

namespace parley::cluster {

struct Missed {
  std::uint32_t lane = 0;
  std::uint64_t upto = 0;  // nothing is missing up to here
  std::vector<hub::News> events;
  bool more = false;
  // Where there is no more: how far people have read as it stands after all that, so that whoever counts new messages by
  // themselves counts none twice.
  std::vector<hub::News> readings;
};
struct MissedPage {
  std::vector<Missed> lanes;
  std::vector<Pointer> readings;  // of lanes with more: to be told with their last page
};

// Of conversations that are not of interest only what is for all is given. As it stands now, where it has changed since.
// A reading that nobody but the reader may know leaves no trace in the log; the reader's other devices learn of it when
// they resume.
// `readings`: those that the page before has left.
[[nodiscard]] Result<MissedPage> read_missed(store::Reader& reader,
                                             const std::vector<Order::Behind>& behind,
                                             Hearing& hearing, std::vector<Pointer> readings);

}  // namespace parley::cluster
