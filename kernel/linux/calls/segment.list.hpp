// Shared memory by key.
CALL(shmget, 29, 194, fails, supported, (i32 key, u64 size, Flags flags), "")
CALL(shmat, 30, 196, fails, supported, (i32 id, u64 address, Flags flags), "")
CALL(shmctl, 31, 195, fails, supported, (i32 id, i32 command, UserBytes buffer), "")
CALL(shmdt, 67, 197, fails, supported, (UserAddress start), "")
