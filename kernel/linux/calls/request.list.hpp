// Asynchronous input and output: requests, and events that tell of their ends.
CALL(io_setup, 206, 0, fails, supported, (u32 capacity, UserInOut<u64> context), "")
CALL(io_destroy, 207, 1, fails, supported, (u64 context), "")
CALL(io_submit, 209, 2, fails, partial, (u64 context, i64 count, UserIn<u64> requests), "a request is done before io_submit returns; IOCB_CMD_POLL is refused")
CALL(io_cancel, 210, 3, fails, supported, (u64 context, UserAddress request, UserAddress event), "")
CALL(io_getevents, 208, 4, fails, supported, (u64 context, i64 least, i64 most, UserAddress events, UserIn<Timespec> timeout), "")
CALL(io_pgetevents, 333, 292, fails, supported, (u64 context, i64 least, i64 most, UserAddress events, UserIn<Timespec> timeout, UserIn<SignalMaskArgument> mask), "")
