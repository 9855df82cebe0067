// io_uring's calls [io_uring(7)].
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/with_mask.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/ring/ring_file.hpp"
#include "kernel/linux/time/deadline.hpp"

namespace spore::linux::calls {

namespace {

Result<Shared<fs::File>> ring_file_of(Task& task, Descriptor descriptor, bool registered) {
    if (registered) {
        auto index = static_cast<u32>(descriptor.value);
        if (index >= TaskRings::most) return fail(Error::invalid);
        if (!task.rings || !task.rings->files[index]) return fail(Error::bad_descriptor);
        return task.rings->files[index];
    }
    auto file = TRY(task.files().get(descriptor));
    if (file->kind() != fs::FileKind::ring) return fail(Error::not_supported);
    return file;
}

}  // namespace

Result<u64> io_uring_setup(Task& task, u32 entries, UserAddress at) {
    auto parameters = TRY(UserIn<ring::Parameters>{at}.read());
    for (u32 word : parameters.reserved)
        if (word) return fail(Error::invalid);
    if (parameters.flags & ring::setup_attach) {
        // Rings of a process have one helper as it is.
        auto other = TRY(task.files().get({static_cast<i32>(parameters.attach_to)}));
        if (other->kind() != fs::FileKind::ring) return fail(Error::invalid);
    }
    auto made = TRY(ring::Ring::create(task, entries, parameters));
    auto file = TRY(ring::make_ring_file(std::move(made)));
    TRY(UserOut<ring::Parameters>{at}.write(parameters));
    return task.files().add(std::move(file), OnExec::close, task.process().limit(limit_files).soft);
}

Result<u64> io_uring_enter(Task& task, Descriptor descriptor, u32 count, u32 least, Flags flags, UserAddress at, u64 size) {
    if (flags & ~u32{ring::enter_known}) return fail(Error::invalid);
    auto file = TRY(ring_file_of(task, descriptor, flags & ring::enter_registered));
    auto& ring = ring::ring_of(*file);
    if (auto use = ring.check_use(task, flags); !use) return use.error() == Error::not_supported ? static_cast<u64>(failure(Errno::ebadfd)) : Result<u64>(fail(use.error()));
    u64 submitted = count;
    if (ring.has_poller()) {
        if (flags & (ring::enter_wake_poller | ring::enter_wait_for_room)) TRY(ring.wake_poller(task));
    } else if (count) {
        submitted = TRY(ring.submit(task, count));
    }
    if (!(flags & ring::enter_wait) || submitted < count) {
        if (!ring.uses_deferred() || (flags & ring::enter_wait)) ring.run_ready(task);
        return submitted;
    }
    auto mask = ring::EnterArgument{.mask = at.value, .mask_size = static_cast<u32>(size), .padding = 0, .timeout = 0};
    auto waited = [&]() -> Result<u64> {
        if (flags & ring::enter_extended) {
            if (size != sizeof mask) return fail(Error::invalid);
            mask = TRY(UserIn<ring::EnterArgument>{at}.read());
            if (mask.padding) return fail(Error::invalid);
        }
        auto deadline = TRY(deadline_after({{mask.timeout}}));
        return with_mask(task, {{mask.mask}}, mask.mask_size, [&]() -> Result<u64> {
            TRY(ring.wait(task, least, deadline));
            return 0;
        });
    }();
    if (submitted || waited) return submitted;
    if (waited.error() == Error::timed_out) return static_cast<u64>(failure(Errno::etime));
    return fail(waited.error());
}

Result<u64> io_uring_register(Task& task, Descriptor descriptor, u32 command, UserAddress at, u32 count) {
    constexpr u32 by_registered = 1u << 31, most_commands = 64;  // IORING_REGISTER_USE_REGISTERED_RING
    if ((command & ~by_registered) >= most_commands) return fail(Error::invalid);
    auto file = TRY(ring_file_of(task, descriptor, command & by_registered));
    return ring::ring_of(*file).change(task, command & ~by_registered, at, count);
}

}  // namespace spore::linux::calls
