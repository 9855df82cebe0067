// Changes files at random in every way there is, and compares what they hold with a model in memory: file_model SEED STEPS FILE…
// What each file holds at first is taken as it is. The same on Linux, whose answers are the standard.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { limit = 300000, page = 4096, most_files = 4 };

static struct model {
    const char* name;
    int file;
    size_t size;
    unsigned char bytes[limit];
} files[most_files];
static int file_count;
static uint64_t state;
static unsigned long step;
static char last[200];
static unsigned char buffer[limit];

static uint64_t next_random(void) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}
static size_t below(size_t end) { return end ? next_random() % end : 0; }
/// Mostly small, often at a page's edge.
static size_t some_size(size_t most) {
    size_t size = below(below(3) ? 2 * page : limit);
    if (!below(4)) size -= size % page;
    return size < most ? size : most;
}

static void wrong(const char* what, const struct model* m, size_t at) {
    printf("step %lu, %s: %s at %zu of %zu, errno %d (%s)\n", step, m->name, what, at, m->size, errno, last);
    exit(1);
}
__attribute__((format(printf, 1, 2))) static void note(const char* format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(last, sizeof last, format, list);
    va_end(list);
}

static void set_size(struct model* m, size_t size) {
    if (size > m->size) memset(m->bytes + m->size, 0, size - m->size);
    m->size = size;
}
static void take(struct model* m, size_t at, const unsigned char* bytes, size_t size) {
    if (!size) return;
    if (at + size > m->size) set_size(m, at + size);
    memcpy(m->bytes + at, bytes, size);
}
static void fill(size_t size) {
    for (size_t i = 0; i < size; ++i) buffer[i] = (unsigned char)(next_random() >> 32);
}

static void compare(struct model* m, size_t at, const unsigned char* bytes, size_t size) {
    for (size_t i = 0; i < size; ++i)
        if (bytes[i] != m->bytes[at + i]) wrong("another byte", m, at + i);
}
static void check_size(struct model* m) {
    struct stat found;
    if (fstat(m->file, &found) || (size_t)found.st_size != m->size) wrong("another size", m, (size_t)found.st_size);
}
static void check_all(struct model* m) {
    check_size(m);
    ssize_t got = pread(m->file, buffer, limit, 0);
    if (got != (ssize_t)m->size) wrong("read whole", m, (size_t)got);
    compare(m, 0, buffer, m->size);
}

static void read_some(struct model* m) {
    size_t at = below(m->size + page), size = some_size(limit), left = at < m->size ? m->size - at : 0;
    note("read %zu from %zu", size, at);
    struct iovec parts[2] = {{buffer, size / 3}, {buffer + size / 3, size - size / 3}};
    ssize_t got = below(2) ? pread(m->file, buffer, size, (off_t)at) : preadv(m->file, parts, 2, (off_t)at);
    if (got != (ssize_t)(size < left ? size : left)) wrong("read", m, (size_t)got);
    compare(m, at, buffer, (size_t)got);
}
static void write_some(struct model* m) {
    size_t at = below(m->size + 2 * page), size = some_size(at < limit ? limit - at : 0);
    if (at >= limit) return;
    note("write %zu to %zu", size, at);
    fill(size);
    struct iovec parts[2] = {{buffer, size / 3}, {buffer + size / 3, size - size / 3}};
    ssize_t put = below(2) ? pwrite(m->file, buffer, size, (off_t)at) : pwritev(m->file, parts, 2, (off_t)at);
    if (put != (ssize_t)size) wrong("write", m, (size_t)put);
    take(m, at, buffer, size);
}
static void append(struct model* m) {
    size_t size = some_size(limit - m->size);
    note("append %zu", size);
    fill(size);
    int file = open(m->name, O_WRONLY | O_APPEND);
    if (file < 0 || write(file, buffer, size) != (ssize_t)size || close(file)) wrong("append", m, size);
    take(m, m->size, buffer, size);
}
static void cut(struct model* m) {
    size_t size = below(4) ? below(m->size + page) : below(limit);
    if (!below(4)) size -= size % page;
    if (size > limit) return;
    note("truncate to %zu", size);
    if (below(2) ? ftruncate(m->file, (off_t)size) : truncate(m->name, (off_t)size)) wrong("truncate", m, size);
    set_size(m, size);
}
/// On file systems that have no such call, and that the caller says to be such.
static int cannot_allocate(void) { return errno == EOPNOTSUPP && getenv("CANNOT_ALLOCATE"); }
static void allocate(struct model* m) {
    size_t at = below(m->size + page), size = 1 + some_size(limit - 1);
    int keep = below(2) ? FALLOC_FL_KEEP_SIZE : 0;
    if (at + size > limit) return;
    note("fallocate %zu from %zu, mode %d", size, at, keep);
    if (fallocate(m->file, keep, (off_t)at, (off_t)size)) {
        if (cannot_allocate()) return;
        wrong("fallocate", m, at);
    }
    if (!keep && at + size > m->size) set_size(m, at + size);
}
static void punch(struct model* m) {
    size_t at = below(m->size + page), size = 1 + some_size(limit - 1);
    note("punch %zu from %zu", size, at);
    if (fallocate(m->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)size)) {
        if (cannot_allocate()) return;
        wrong("punch", m, at);
    }
    if (at < m->size) memset(m->bytes + at, 0, at + size < m->size ? size : m->size - at);
}
static void map(struct model* m) {
    if (!m->size) return;
    size_t first = below(m->size), at = first - first % page, size = 1 + some_size(m->size - at - 1);
    int shared = below(3) != 0, writes = below(2) != 0;
    note("map %zu from %zu, %s%s", size, at, shared ? "shared" : "private", writes ? ", written" : "");
    unsigned char* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, shared ? MAP_SHARED : MAP_PRIVATE, m->file, (off_t)at);
    if (memory == MAP_FAILED) wrong("mmap", m, at);
    compare(m, at, memory, size);
    // The rest of the last page reads as zeros.
    for (size_t i = size; at + i >= m->size && i % page; ++i)
        if (memory[i]) wrong("beyond the end", m, at + i);
    if (writes) {
        size_t from = below(size), count = 1 + below(size - from);
        fill(count);
        memcpy(memory + from, buffer, count);
        if (shared) take(m, at + from, buffer, count);
        if (shared && below(2)) {
            ssize_t got = pread(m->file, buffer, count, (off_t)(at + from));
            if (got != (ssize_t)count) wrong("read of what was mapped", m, at + from);
            compare(m, at + from, buffer, count);
        }
        if (shared && below(2) && msync(memory, size, MS_SYNC)) wrong("msync", m, at);
    }
    if (munmap(memory, size)) wrong("munmap", m, at);
}
static void copy(struct model* from) {
    struct model* to = &files[below((size_t)file_count)];
    size_t at = below(from->size + 1), size = some_size(from->size - at), target = below(to->size + page);
    if (target + size > limit) return;
    if (to == from && target < at + size && at < target + size) return;  // may not overlap [copy_file_range(2)]
    note("copy %zu from %zu of %s to %zu", size, at, from->name, target);
    off_t in = (off_t)at, out = (off_t)target;
    for (size_t left = size; left;) {
        ssize_t done = copy_file_range(from->file, &in, to->file, &out, left, 0);
        if (done <= 0) wrong("copy_file_range", to, target);
        left -= (size_t)done;
    }
    memcpy(buffer, from->bytes + at, size);
    take(to, target, buffer, size);
}
static void send(struct model* from) {
    struct model* to = &files[below((size_t)file_count)];
    size_t at = below(from->size + 1), size = some_size(from->size - at), target = below(to->size + 1);
    if (to == from || target + size > limit) return;
    note("sendfile %zu from %zu of %s to %zu", size, at, from->name, target);
    off_t in = (off_t)at;
    if (lseek(to->file, (off_t)target, SEEK_SET) < 0) wrong("lseek", to, target);
    for (size_t left = size; left;) {
        ssize_t done = sendfile(to->file, from->file, &in, left);
        if (done <= 0) wrong("sendfile", to, target);
        left -= (size_t)done;
    }
    take(to, target, from->bytes + at, size);
}
/// What is told to be a hole reads as zeros; the end of the file is one.
static void holes(struct model* m) {
    note("holes");
    for (size_t at = 0; at < m->size;) {
        off_t data = lseek(m->file, (off_t)at, SEEK_DATA);
        if (data < 0 && errno != ENXIO) wrong("SEEK_DATA", m, at);
        size_t end = data < 0 ? m->size : (size_t)data;
        if (end < at || end > m->size) wrong("a place outside", m, end);
        for (size_t i = at; i < end; ++i)
            if (m->bytes[i]) wrong("a hole with data", m, i);
        if (data < 0) break;
        off_t hole = lseek(m->file, data, SEEK_HOLE);
        if (hole <= data || (size_t)hole > m->size) wrong("SEEK_HOLE", m, (size_t)data);
        at = (size_t)hole;
    }
}
static void open_again(struct model* m) {
    int anew = !below(3);
    note(anew ? "open and empty" : "open again");
    if (close(m->file)) wrong("close", m, 0);
    m->file = open(m->name, O_RDWR | (anew ? O_TRUNC : 0));
    if (m->file < 0) wrong("open", m, 0);
    if (anew) set_size(m, 0);
}

int main(int count, char** arguments) {
    static void (*const operations[])(struct model*) = {read_some, write_some, append, cut, allocate, punch, map, map, copy, send, holes, open_again};
    if (count < 4 || count - 3 > most_files) return 2;
    state = strtoull(arguments[1], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
    unsigned long steps = strtoul(arguments[2], NULL, 10);
    for (int i = 3; i < count; ++i) {
        struct model* m = &files[file_count++];
        m->name = arguments[i];
        m->file = open(m->name, O_RDWR | O_CREAT, 0644);
        ssize_t size = m->file < 0 ? -1 : pread(m->file, m->bytes, limit, 0);
        if (size < 0) wrong("open", m, 0);
        m->size = (size_t)size;
    }
    for (step = 1; step <= steps; ++step) {
        struct model* m = &files[below((size_t)file_count)];
        operations[below(sizeof operations / sizeof *operations)](m);
        check_size(m);
        if (!below(100)) check_all(m);
    }
    for (int i = 0; i < file_count; ++i) check_all(&files[i]);
    puts("alike");
    return 0;
}
