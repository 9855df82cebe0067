// Waiting for words of memory.
CALL(futex, 202, 98, once, supported, (UserAddress word, u32 operation, u32 value, u64 fourth, UserAddress second, u32 third_value), "")
