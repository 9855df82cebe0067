// Pipes.
#include "kernel/fs/pipe.hpp"

#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/uapi/open.hpp"

namespace spore::linux::calls {

Result<u64> pipe2(Task& task, UserOut<i32> ends, Flags flags) {
    if (flags & ~u32{o_close_on_exec | o_nonblock | o_direct}) return fail(Error::invalid);
    if (flags & o_direct) return fail(Error::invalid);  // packet mode
    auto on_exec = flags & o_close_on_exec ? OnExec::close : OnExec::keep;
    u64 limit = task.process().limit(limit_files).soft;
    auto pipe = TRY(fs::create_pipe({.nonblocking = (flags & o_nonblock) != 0}));
    auto& files = task.files();
    i32 numbers[2];
    numbers[0] = static_cast<i32>(TRY(files.add(std::move(pipe.reader), on_exec, limit)));
    auto second = files.add(std::move(pipe.writer), on_exec, limit);
    if (!second) {
        (void)files.close({numbers[0]});
        return fail(second.error());
    }
    numbers[1] = static_cast<i32>(*second);
    if (auto told = ends.write_all(numbers); !told) {
        for (i32 number : numbers) (void)files.close({number});
        return fail(told.error());
    }
    return 0;
}
Result<u64> pipe(Task& task, UserOut<i32> ends) { return pipe2(task, ends, {0}); }

}  // namespace spore::linux::calls
