// What fuzzers whose inputs are played by programs of the kernel's do around each input.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "kernel/linux/dispatch.hpp"
#include "kernel/linux/strace.hpp"
#include "kernel/memory/frame.hpp"
#include "tests/fuzz/input.hpp"

namespace spore::fuzz {

/// With SPORE_TEST_LOG, what an input means: its system calls.
inline void show_calls_if_asked() {
    if (!std::getenv("SPORE_TEST_LOG")) return;
    linux::set_strace_sink([](std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); });
    linux::watch_calls(linux::CallWatcher::strace, true);
}

/// Plays an input, at most its first 2000 bytes: no frame may be kept, and the fakes may not have reported anything.
template <typename Play>
void must_keep_nothing(const u8* data, std::size_t size, Play&& play) {
    auto kept = [&] {
        u64 free = memory::memory_use().free;
        Input input(data, std::min<std::size_t>(size, 2000));
        play(input);
        return static_cast<i64>(free - memory::memory_use().free);
    };
    // What caches keep for the next time is kept once.
    if (kept() != 0 && kept() != 0) {
        std::fprintf(stderr, "%lld bytes of frames are not free any more\n", static_cast<long long>(kept()));
        std::abort();
    }
    must(!testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed());
}

}  // namespace spore::fuzz

/// AddressSanitizer would keep a second stack for every thread that there ever was.
extern "C" const char* __asan_default_options() { return "detect_stack_use_after_return=0"; }
