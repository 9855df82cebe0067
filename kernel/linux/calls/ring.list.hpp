// Rings of operations (io_uring).
CALL(io_uring_setup, 425, 425, fails, partial, (u32 entries, UserAddress parameters), "IORING_SETUP_IOPOLL is refused; with IORING_SETUP_SQPOLL the kernel wants to be woken for each submission")
CALL(io_uring_enter, 426, 426, fails, supported, (Descriptor ring, u32 submit, u32 least, Flags flags, UserAddress argument, u64 size), "")
CALL(io_uring_register, 427, 427, fails, partial, (Descriptor ring, u32 command, UserAddress argument, u32 count), "tags and credentials are refused")
