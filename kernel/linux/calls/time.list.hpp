// Clocks and sleeping.
CALL(clock_gettime, 228, 113, fails, supported, (i32 clock, UserOut<Timespec> result), "")
CALL(clock_getres, 229, 114, fails, supported, (i32 clock, UserOut<Timespec> result), "")
CALL(clock_settime, 227, 112, fails, supported, (i32 clock, UserIn<Timespec> time), "")
CALL(gettimeofday, 96, 169, fails, supported, (UserOut<Timeval> result, UserOut<u64> zone), "")
CALL(time, 201, none, fails, supported, (UserOut<i64> result), "")
CALL(nanosleep, 35, 101, once, supported, (UserIn<Timespec> wanted, UserOut<Timespec> remaining), "")
CALL(clock_nanosleep, 230, 115, once, supported, (i32 clock, Flags flags, UserIn<Timespec> wanted, UserOut<Timespec> remaining), "")
