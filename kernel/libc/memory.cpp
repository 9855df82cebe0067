// The C functions that the compiler and libc++ call by themselves. Copies use the CPU's string instructions: on processors of
// the last decade they are as fast as vector code, which the kernel does not have.
#include <cstddef>
#include <cstdint>

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t size);
void* memmove(void* to, const void* from, std::size_t size);
void* memset(void* to, int value, std::size_t size);
int memcmp(const void* a, const void* b, std::size_t size);

[[gnu::used]] int memcmp(const void* a, const void* b, std::size_t size) {
    auto* x = static_cast<const unsigned char*>(a);
    auto* y = static_cast<const unsigned char*>(b);
    for (; size >= 8; size -= 8, x += 8, y += 8) {
        std::uint64_t p, q;
        __builtin_memcpy(&p, x, 8);
        __builtin_memcpy(&q, y, 8);
        if (p != q) break;
    }
    for (; size > 0; --size, ++x, ++y)
        if (*x != *y) return *x < *y ? -1 : 1;
    return 0;
}

[[gnu::used]] std::size_t strlen(const char* text) {
    std::size_t length = 0;
    while (text[length]) ++length;
    return length;
}

[[gnu::used]] std::size_t strnlen(const char* text, std::size_t limit) {
    std::size_t length = 0;
    while (length < limit && text[length]) ++length;
    return length;
}

[[gnu::used]] int strcmp(const char* a, const char* b) {
    while (*a && *a == *b) ++a, ++b;
    return static_cast<unsigned char>(*a) - static_cast<unsigned char>(*b);
}

[[gnu::used]] int strncmp(const char* a, const char* b, std::size_t limit) {
    for (; limit > 0; --limit, ++a, ++b)
        if (*a != *b || !*a) return static_cast<unsigned char>(*a) - static_cast<unsigned char>(*b);
    return 0;
}

[[gnu::used]] void* memchr(const void* bytes, int value, std::size_t size) {
    auto* at = static_cast<const unsigned char*>(bytes);
    for (; size > 0; --size, ++at)
        if (*at == static_cast<unsigned char>(value)) return const_cast<unsigned char*>(at);
    return nullptr;
}

}  // extern "C"
