// model: the words: users, conversations, members, messages, events, cursors.
//
// Knows:     what the things of a conversation are called and what belongs to them.
// Does not:  rules (engine), wires (dialects), rows (store).
// Lives on:  anywhere: plain values.
// Start at:  conversation.h, then event.h: a conversation is a log of events.
#pragma once
