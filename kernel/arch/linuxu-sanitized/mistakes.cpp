// Mistakes that the tests want to see found: SPORE_MISTAKE=<name> in the environment makes one, when memory and the first thread are there.
#include <cstring>
#include <string_view>

#include "arch/boot.hpp"
#include "arch/user_memory.hpp"
#include "base/bytes.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/memory/heap.hpp"
#include "kernel/memory/kernel_stack.hpp"
#include "start.hpp"

namespace spore::arch {
namespace {

constinit std::string_view chosen;  // on the host's stack
constinit char table[20] = {1};

/// What the compiler cannot see through.
template <typename T>
T hidden(T value) {
    asm volatile("" : "+r"(value) : : "memory");
    return value;
}

u8* object(std::size_t size) { return static_cast<u8*>(hidden(memory::allocate(size))); }

void write_behind_object() { object(29)[hidden(29)] = 1; }
void read_behind_object() { (void)hidden(*reinterpret_cast<u64*>(object(40) + hidden(40))); }
void copy_behind_object() { std::memcpy(object(100), object(200), hidden(std::size_t{101})); }
void clear_behind_object() { std::memset(object(1999), 0, hidden(std::size_t{2000})); }
void read_freed_object() {
    auto* freed = object(64);
    memory::deallocate(freed);
    for (int i = 0; i < 8; ++i) object(64);  // the memory is not given out again at once
    (void)hidden(freed[hidden(3)]);
}
void free_twice() {
    auto* freed = object(64);
    memory::deallocate(freed);
    memory::deallocate(hidden(freed));
}
void write_freed_large_object() {
    auto* freed = object(64_KiB);
    memory::deallocate(freed);
    freed[hidden(40'000)] = 1;
}
void read_free_frame() {
    auto* frame = MUST(memory::allocate_frames(), "boot has memory");
    memory::release(*frame);
    (void)hidden(*hidden(memory::bytes_of_frame(*frame)));
}
[[gnu::noinline]] void write_behind_local() {
    u8 buffer[20];
    hidden(&buffer[0])[hidden(20)] = 1;
}
[[gnu::noinline]] u8* keep_local() {
    u8* kept;
    {
        u8 scoped[16];
        kept = hidden(&scoped[0]);
        *kept = 1;
    }
    (void)hidden(*hidden(kept));
    return kept;
}
void write_ended_local() { keep_local(); }
void write_behind_global() { hidden(&table[0])[hidden(20)] = 1; }
void write_idle_stack() {
    auto* top = static_cast<u8*>(MUST(memory::allocate_kernel_stack(), "boot has memory"));
    memory::free_kernel_stack(top);
    *hidden(top - hidden(512)) = 1;
}
void give_program_too_much() { (void)copy_to_program({program_start}, object(10), hidden(std::size_t{11})); }

struct Mistake {
    std::string_view name;
    void (*make)();
};
constexpr Mistake mistakes[] = {
    {"heap-write", write_behind_object},    {"heap-read", read_behind_object},      {"heap-copy", copy_behind_object},
    {"heap-clear", clear_behind_object},    {"freed-read", read_freed_object},      {"freed-twice", free_twice},
    {"freed-large", write_freed_large_object}, {"freed-frame", read_free_frame},    {"local-write", write_behind_local},
    {"local-scope", write_ended_local},     {"global-write", write_behind_global},  {"idle-stack", write_idle_stack},
    {"program-copy", give_program_too_much},
};

}  // namespace

void choose_mistake(const char* word) { chosen = word; }

// In place of spore::arch::start_cpus(u32).
extern "C" u32 __real__ZN5spore4arch10start_cpusEj(u32 wanted);
extern "C" [[gnu::used]] u32 __wrap__ZN5spore4arch10start_cpusEj(u32 wanted) {
    for (auto& mistake : mistakes)
        if (mistake.name == chosen) mistake.make(), core::panic("the mistake '{}' was not found", chosen);
    if (!chosen.empty()) core::panic("there is no mistake '{}'", chosen);
    return __real__ZN5spore4arch10start_cpusEj(wanted);
}

}  // namespace spore::arch
