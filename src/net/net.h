// net: bytes ⇄ frames: loops, HTTP/1.1, WebSocket, TLS, timers and bounded outgoing queues.
//
// Knows:     sockets, loops, HTTP, WebSocket, TLS.
// Does not:  chat: what a path or a frame means is its caller's affair.
// In:        bytes from clients.   Out: requests and whole messages, as views, to the handler of a listener.
// Lives on:  one Loop per core, each with its own acceptor (SO_REUSEPORT), connections and timers.
// Failing:   a slow, huge or malformed client is answered or closed with the right code; others don't notice.
// Start at:  loop.h, then server.h; docs/decisions has the measurements behind the wire path.
#pragma once
