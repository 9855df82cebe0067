// Waiting for several files.
CALL(poll, 7, none, once, supported, (UserInOut<PollDescriptor> descriptors, u32 count, i32 milliseconds), "")
CALL(ppoll, 271, 73, once, supported, (UserInOut<PollDescriptor> descriptors, u32 count, UserInOut<Timespec> timeout, UserIn<SignalSet> mask, u64 size), "")
CALL(select, 23, none, once, supported, (i32 count, UserInOut<u64> readable, UserInOut<u64> writable, UserInOut<u64> exceptional, UserInOut<Timeval> timeout), "")
CALL(pselect6, 270, 72, once, supported, (i32 count, UserInOut<u64> readable, UserInOut<u64> writable, UserInOut<u64> exceptional, UserInOut<Timespec> timeout, UserIn<SignalMaskArgument> mask), "")
