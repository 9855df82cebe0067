// Message queues by name.
CALL(mq_open, 240, 180, fails, supported, (UserString name, Flags flags, ModeBits mode, UserIn<QueueAttributes> size), "")
CALL(mq_unlink, 241, 181, fails, supported, (UserString name), "")
CALL(mq_timedsend, 242, 182, restarts, supported, (Descriptor queue, UserData text, u64 size, u32 priority, UserIn<Timespec> deadline), "")
CALL(mq_timedreceive, 243, 183, restarts, supported, (Descriptor queue, UserBuffer text, u64 size, UserOut<u32> priority, UserIn<Timespec> deadline), "")
CALL(mq_notify, 244, 184, fails, supported, (Descriptor queue, UserIn<SignalEvent> event), "")
CALL(mq_getsetattr, 245, 185, fails, supported, (Descriptor queue, UserIn<QueueAttributes> wanted, UserOut<QueueAttributes> old), "")
