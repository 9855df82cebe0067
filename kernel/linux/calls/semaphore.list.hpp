// Semaphores by key.
CALL(semget, 64, 190, fails, supported, (i32 key, i32 count, Flags flags), "")
CALL(semctl, 66, 191, fails, supported, (i32 id, i32 index, i32 command, u64 argument), "")
CALL(semtimedop, 220, 192, fails, supported, (i32 id, UserIn<SemaphoreOperation> operations, u64 count, UserIn<Timespec> timeout), "")
CALL(semop, 65, 193, fails, supported, (i32 id, UserIn<SemaphoreOperation> operations, u64 count), "")
