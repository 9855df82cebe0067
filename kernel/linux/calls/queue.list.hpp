// Message queues by key.
CALL(msgget, 68, 186, fails, supported, (i32 key, Flags flags), "")
CALL(msgctl, 71, 187, fails, supported, (i32 id, i32 command, UserBytes buffer), "")
CALL(msgrcv, 70, 188, once, supported, (i32 id, UserBytes buffer, u64 size, i64 type, Flags flags), "")
CALL(msgsnd, 69, 189, once, supported, (i32 id, UserBytes buffer, u64 size, Flags flags), "")
