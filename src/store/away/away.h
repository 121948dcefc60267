// store/away: in the place of a store that can't be reached yet, so that what needs none works meanwhile.
//
// Knows:     nothing.
// Lives on:  any thread.
// Failing:   everything is unavailable.
// Start at:  make_away_store().
#pragma once

#include <memory>

#include "store/store.h"

namespace parley::store {

[[nodiscard]] std::unique_ptr<Store> make_away_store();

}  // namespace parley::store
