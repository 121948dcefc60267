// jemalloc reads its options here before main(). What was freed goes back to the system within a second, by a thread of
// its own: many connections come at once, and need more while they do than when they are there.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
}
