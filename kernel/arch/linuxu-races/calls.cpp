// What the compiler calls: the interface of ThreadSanitizer's runtime [llvm compiler-rt/lib/tsan/rtl/tsan_interface.h].
// Atomic operations are made here, all in the strictest order: they cost a call already.
#include <cstddef>
#include <cstring>

#include "races.hpp"

#define RUNTIME extern "C" [[gnu::used, gnu::noinline]]
#define FRAME reinterpret_cast<::spore::u64>(__builtin_frame_address(0))

#pragma clang attribute push(__attribute__((disable_sanitizer_instrumentation)), apply_to = function)

using namespace spore;
using arch::races::look;

RUNTIME void __tsan_init() {}  // of constructors, which a kernel does not run

namespace {
u64 number(const volatile void* pointer) { return reinterpret_cast<u64>(pointer); }
}  // namespace

#define ACCESSES(size)                                                                                               \
    RUNTIME void __tsan_read##size(void* at) { look({number(at), size, false, false, FRAME}); }                      \
    RUNTIME void __tsan_write##size(void* at) { look({number(at), size, true, false, FRAME}); }                      \
    RUNTIME void __tsan_unaligned_read##size(void* at) { look({number(at), size, false, false, FRAME}); }            \
    RUNTIME void __tsan_unaligned_write##size(void* at) { look({number(at), size, true, false, FRAME}); }            \
    RUNTIME void __tsan_volatile_read##size(void* at) { look({number(at), size, false, true, FRAME}); }              \
    RUNTIME void __tsan_volatile_write##size(void* at) { look({number(at), size, true, true, FRAME}); }              \
    RUNTIME void __tsan_unaligned_volatile_read##size(void* at) { look({number(at), size, false, true, FRAME}); }    \
    RUNTIME void __tsan_unaligned_volatile_write##size(void* at) { look({number(at), size, true, true, FRAME}); }
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

#define CHANGE(bits, type, name, operation)                                             \
    RUNTIME type __tsan_atomic##bits##_##name(volatile type* at, type value, int) {     \
        look({number(at), sizeof(type), true, true, FRAME});                            \
        return operation(at, value, __ATOMIC_SEQ_CST);                                  \
    }
#define ATOMICS(bits, type)                                                                                    \
    RUNTIME type __tsan_atomic##bits##_load(const volatile type* at, int) {                                    \
        look({number(at), sizeof(type), false, true, FRAME});                                                  \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                                          \
    }                                                                                                          \
    RUNTIME void __tsan_atomic##bits##_store(volatile type* at, type value, int) {                             \
        look({number(at), sizeof(type), true, true, FRAME});                                                   \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                                         \
    }                                                                                                          \
    RUNTIME type __tsan_atomic##bits##_compare_exchange_val(volatile type* at, type expected, type value, int, int) { \
        look({number(at), sizeof(type), true, true, FRAME});                                                   \
        __atomic_compare_exchange_n(at, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);          \
        return expected;                                                                                       \
    }                                                                                                          \
    CHANGE(bits, type, exchange, __atomic_exchange_n)                                                          \
    CHANGE(bits, type, fetch_add, __atomic_fetch_add)                                                          \
    CHANGE(bits, type, fetch_sub, __atomic_fetch_sub)                                                          \
    CHANGE(bits, type, fetch_and, __atomic_fetch_and)                                                          \
    CHANGE(bits, type, fetch_or, __atomic_fetch_or)                                                            \
    CHANGE(bits, type, fetch_xor, __atomic_fetch_xor)
ATOMICS(8, u8)
ATOMICS(16, u16)
ATOMICS(32, u32)
ATOMICS(64, u64)
RUNTIME void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
RUNTIME void __tsan_atomic_signal_fence(int) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

RUNTIME void* __tsan_memcpy(void* to, const void* from, std::size_t size) {
    look({number(from), size, false, false, FRAME});
    look({number(to), size, true, false, FRAME});
    return memcpy(to, from, size);
}
RUNTIME void* __tsan_memmove(void* to, const void* from, std::size_t size) {
    look({number(from), size, false, false, FRAME});
    look({number(to), size, true, false, FRAME});
    return memmove(to, from, size);
}
RUNTIME void* __tsan_memset(void* to, int value, std::size_t size) {
    look({number(to), size, true, false, FRAME});
    return memset(to, value, size);
}
RUNTIME void __tsan_vptr_read(void** at) { look({number(at), sizeof *at, false, false, FRAME}); }
RUNTIME void __tsan_vptr_update(void** at, void* value) {
    if (*at != value) look({number(at), sizeof *at, true, false, FRAME});
}

#pragma clang attribute pop
