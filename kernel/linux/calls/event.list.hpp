// epoll and eventfd.
CALL(epoll_create, 213, none, fails, supported, (i32 size), "")
CALL(epoll_create1, 291, 20, fails, supported, (Flags flags), "")
CALL(epoll_ctl, 233, 21, fails, supported, (Descriptor epoll, i32 operation, Descriptor file, UserIn<EpollEvent> event), "")
CALL(epoll_wait, 232, none, once, supported, (Descriptor epoll, UserOut<EpollEvent> events, i32 most, i32 milliseconds), "")
CALL(epoll_pwait, 281, 22, once, supported, (Descriptor epoll, UserOut<EpollEvent> events, i32 most, i32 milliseconds, UserIn<SignalSet> mask), "")
CALL(epoll_pwait2, 441, 441, once, supported, (Descriptor epoll, UserOut<EpollEvent> events, i32 most, UserIn<Timespec> timeout, UserIn<SignalSet> mask), "")
CALL(eventfd, 284, none, fails, supported, (u32 initial), "")
CALL(eventfd2, 290, 19, fails, supported, (u32 initial, Flags flags), "")
