// Pipes.
CALL(pipe, 22, none, fails, supported, (UserOut<i32> ends), "")
CALL(pipe2, 293, 59, fails, partial, (UserOut<i32> ends, Flags flags), "packet mode (O_DIRECT) is refused")
