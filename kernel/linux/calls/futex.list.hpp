// Waiting for words of memory.
CALL(futex, 202, 98, once, supported, (UserAddress word, u32 operation, u32 value, u64 fourth, UserAddress second, u32 third_value), "")
CALL(futex_waitv, 449, 449, restarts, partial, (UserIn<FutexWait> words, u32 count, Flags flags, UserIn<Timespec> timeout, i32 clock), "words of 32 bits, without FUTEX2_NUMA")
