// Pipes, and moving bytes through them.
CALL(pipe, 22, none, fails, supported, (UserOut<i32> ends), "")
CALL(pipe2, 293, 59, fails, supported, (UserOut<i32> ends, Flags flags), "")
CALL(splice, 275, 76, restarts, supported, (Descriptor from, UserInOut<i64> from_offset, Descriptor to, UserInOut<i64> to_offset, u64 size, Flags flags), "")
CALL(tee, 276, 77, restarts, supported, (Descriptor from, Descriptor to, u64 size, Flags flags), "")
CALL(vmsplice, 278, 75, restarts, supported, (Descriptor pipe, UserIn<fs::Piece> pieces, u64 count, Flags flags), "")
