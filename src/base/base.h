// base: the tools without words: results, tasks, ids, time, JSON, logs, metrics.
//
// Knows:     the C++ library and the machine.
// Does not:  anything about chat, sockets or storage.
// Lives on:  any thread, unless a header says otherwise.
// Failing:   values, never exceptions, cross its edge (see result.h); a broken invariant stops the process.
// Start at:  result.h (errors), task.h (coroutines), executor.h (where code runs).
#pragma once
