// app: puts a process together: subcommands, wiring, signals.
//
// Knows:     every room, and the order in which they are started and stopped.
// Does not:  rules, rows, frames.
// In:        the command line, the environment, signals.   Out: an exit code.
// Lives on:  the main thread; each loop has its own.
// Failing:   a bad configuration refuses the start with every reason; a start that fails half-way undoes itself.
// Start at:  main.cpp, then node.h.
#pragma once
