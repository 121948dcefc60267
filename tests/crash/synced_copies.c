/* Preloaded into the server: keeps, of each file in $CRASH_DATA, a copy in $CRASH_COPIES of what it held when it was last
 * synced. After kill -9 the test puts the copies back, which is what a power loss leaves of files that were written but
 * not synced (the kernel's own cache survives a kill, so the kill alone would show nothing).
 *
 * Sabotage: once there is a file $CRASH_COPIES/broken, syncing does nothing any more, and says that it has worked.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Or an older copy could replace a newer one. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void fail(const char* what) {
  fprintf(stderr, "synced_copies: %s: %s\n", what, strerror(errno));
  abort();
}

/* The name of an open file in the data folder; NULL for any other. */
static const char* name_of(int fd, char* path, size_t size) {
  const char* data = getenv("CRASH_DATA");
  struct stat about;
  char link[64];
  if (data == NULL || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length < 0) return NULL;
  path[length] = '\0';
  size_t folder = strlen(data);
  if (strncmp(path, data, folder) != 0 || path[folder] != '/' ||
      strchr(path + folder + 1, '/') != NULL)
    return NULL;
  return path + folder + 1;
}

static int is_broken(void) {
  char path[4096];
  const char* copies = getenv("CRASH_COPIES");
  snprintf(path, sizeof path, "%s/broken", copies ? copies : "");
  return copies != NULL && access(path, F_OK) == 0;
}

/* Reads through the server's own descriptor: closing another one of the same file would drop the database's locks. A file
   that is only written, by which nothing can be read, has none. */
static void copy(int from, const char* to) {
  static char buffer[1 << 20];
  int readable = -1;
  if ((fcntl(from, F_GETFL) & O_ACCMODE) == O_WRONLY) {
    char itself[64];
    snprintf(itself, sizeof itself, "/proc/self/fd/%d", from);
    from = readable = open(itself, O_RDONLY | O_CLOEXEC);
    if (readable < 0) fail("open for reading");
  }
  int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (out < 0) fail(to);
  off_t at = 0;
  for (;;) {
    ssize_t got = pread(from, buffer, sizeof buffer, at);
    if (got < 0) fail("pread");
    if (got == 0) break;
    if (write(out, buffer, (size_t)got) != got) fail("write");
    at += got;
  }
  close(out);
  if (readable >= 0) close(readable);
}

static void keep_copy(int fd) {
  char path[4096], copy_path[8192], new_path[8200];
  const char* name = name_of(fd, path, sizeof path);
  if (name == NULL) return;
  snprintf(copy_path, sizeof copy_path, "%s/%s", getenv("CRASH_COPIES"), name);
  snprintf(new_path, sizeof new_path, "%s.new", copy_path);
  pthread_mutex_lock(&one_at_a_time);
  copy(fd, new_path);
  if (rename(new_path, copy_path) != 0)
    fail("rename"); /* whole or not at all, whenever the kill comes */
  pthread_mutex_unlock(&one_at_a_time);
}

static int sync_with(const char* function, int fd) {
  if (is_broken()) return 0;
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, function);
  int result = real(fd);
  if (result == 0) keep_copy(fd);
  return result;
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }
