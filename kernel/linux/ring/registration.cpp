// io_uring_register: what a program tells a ring once [io_uring_register(2)].
#include <algorithm>

#include "kernel/linux/process/process.hpp"
#include "kernel/linux/ring/ring_file.hpp"

namespace spore::linux::ring {

namespace {

enum Command : u32 {
    buffers = 0, no_buffers = 1, files = 2, no_files = 3, event = 4, no_event = 5, change_files = 6, later_event = 7, probe = 8, restrict = 11, enable = 12,
    tagged_files = 13, change_tagged_files = 14, tagged_buffers = 15, helper_limits = 19, rings = 20, no_rings = 21, buffer_ring = 22, no_buffer_ring = 23,
};
constexpr u32 most_buffers = 16'384, most_files = 65'536;

/// What may be registered: not rings, which would hold themselves.
Result<Shared<fs::File>> file_for_table(Task& task, i32 number) {
    if (number == -1) return Shared<fs::File>();
    auto file = TRY(task.files().get({number}));
    if (file->kind() == fs::FileKind::ring || file->mode().path_only) return fail(Error::bad_descriptor);
    return file;
}

Result<void> register_files(Task& task, Registered& registered, UserIn<i32> descriptors, u32 count) {
    if (registered.files.size()) return fail(Error::busy);
    if (count == 0) return fail(Error::invalid);
    if (count > most_files || count > task.process().limit(limit_files).soft) return fail(Error::too_many_files);
    auto table = TRY(HeapArray<Shared<fs::File>>::create(count));
    for (u32 i = 0; descriptors && i < count; ++i) table[i] = TRY(file_for_table(task, TRY(descriptors.read(i))));
    registered.files = std::move(table);
    return {};
}

/// Every page is there, and can be written.
Result<void> check_memory(Task& task, const fs::Piece& piece) {
    if (!piece.base || !piece.size || piece.size > 1_GiB || !is_program_range({piece.base}, piece.size)) return fail(Error::bad_address);
    u64 end = piece.base + piece.size;
    for (u64 at = piece.base; at < end; at = align_down(at, page_size) + page_size) {
        std::byte one;
        TRY(arch::copy_from_program(&one, {at}, 1));
        if (task.memory().handle_fault({at}, {true, true, false}) != memory::FaultOutcome::served) return fail(Error::bad_address);
    }
    return {};
}

Result<void> register_buffers(Task& task, Registered& registered, UserIn<fs::Piece> pieces, u32 count) {
    if (registered.buffers.size()) return fail(Error::busy);
    if (count == 0 || count > most_buffers) return fail(Error::invalid);
    auto table = TRY(HeapArray<fs::Piece>::create(count));
    auto limit = task.process().credentials().may(Capability::lock_memory) ? Limit::infinite : task.process().limit(limit_locked).soft;
    u64 locked = 0;  // as Linux would have it; here nothing is ever paged out
    for (u32 i = 0; pieces && i < count; ++i) {
        auto piece = table[i] = TRY(pieces.read(i));
        if (!piece.base && !piece.size) continue;
        TRY(check_memory(task, piece));
        locked += align_up(piece.base + piece.size, page_size) - align_down(piece.base, page_size);
        if (locked > limit) return fail(Error::no_memory);
    }
    registered.buffers = std::move(table);
    return {};
}

/// Rings that the task names by small numbers in io_uring_enter. How many of them, when not all.
Result<u64> for_each_update(VirtAddr at, u32 count, auto&& change) {
    if (count == 0 || count > TaskRings::most) return fail(Error::invalid);
    for (u32 i = 0; i < count; ++i) {
        auto changed = [&]() -> Result<void> {
            auto update = TRY(UserIn<Update>{at}.read(i));
            if (update.reserved) return fail(Error::invalid);
            return change(update, i);
        }();
        if (!changed) return i ? Result<u64>(i) : fail(changed.error());
    }
    return count;
}

Result<u64> register_rings(Task& task, VirtAddr at, u32 count) {
    auto own = TRY(TaskRings::of(task));
    return for_each_update(at, count, [&](Update update, u32 i) -> Result<void> {
        auto file = TRY(task.files().get({static_cast<i32>(update.data)}));
        if (file->kind() != fs::FileKind::ring) return fail(Error::not_supported);
        constexpr u32 anywhere = ~u32{0};
        if (update.offset != anywhere && update.offset >= TaskRings::most) return fail(Error::invalid);
        u32 first = update.offset == anywhere ? 0 : update.offset, end = update.offset == anywhere ? TaskRings::most : first + 1;
        while (first < end && own->files[first]) ++first;
        if (first == end) return fail(Error::busy);
        update.offset = first;
        TRY(UserOut<Update>{at}.write(update, i));
        own->files[first] = std::move(file);
        return {};
    });
}

Result<u64> unregister_rings(Task& task, VirtAddr at, u32 count) {
    return for_each_update(at, count, [&](const Update& update, u32) -> Result<void> {
        if (update.data || update.offset >= TaskRings::most) return fail(Error::invalid);
        if (task.rings) task.rings->files[update.offset].reset();
        return {};
    });
}

Result<void> register_buffer_ring(Task& task, Registered& registered, const BufferRing& ring) {
    TRY(registered.check_buffer_ring(ring));
    TRY(check_memory(task, {ring.address, u64{ring.entries} * sizeof(ProvidedBuffer)}));
    return registered.add_buffer_ring(ring);
}

Result<void> tell_operations(VirtAddr at, u32 count) {
    if (count > 256) return fail(Error::invalid);
    u64 size = sizeof(Probe) + count * sizeof(ProbedOperation);
    for (u64 i = 0; i < size / sizeof(u64); ++i)
        if (TRY(UserIn<u64>{at}.read(i))) return fail(Error::invalid);
    u8 told = static_cast<u8>(std::min<u32>(count, last_operation + 1u));
    for (u8 i = 0; i < told; ++i) {
        constexpr u16 supported = 1;
        TRY(UserOut<ProbedOperation>{at + sizeof(Probe)}.write({i, 0, find_operation(i) ? supported : u16{0}, 0}, i));
    }
    return UserOut<Probe>{at}.write({last_operation, told, 0, {}});
}

/// struct io_uring_restriction
struct Restriction {
    u16 kind;
    u8 value, reserved;
    u32 reserved_2[3];
};
Result<Restrictions> read_restrictions(UserIn<Restriction> from, u32 count) {
    enum Kind : u16 { command = 0, operation = 1, allowed_flags = 2, required_flags = 3 };
    Restrictions read{.on = true};
    if (count > 64) return fail(Error::invalid);
    for (u32 i = 0; i < count; ++i) {
        auto one = TRY(from.read(i));
        if ((one.kind == command || one.kind == operation) && one.value >= 64) return fail(Error::invalid);
        switch (one.kind) {
        case command: read.commands |= u64{1} << one.value; break;
        case operation: read.operations |= u64{1} << one.value; break;
        case allowed_flags: read.allowed_flags = one.value; break;
        case required_flags: read.required_flags = one.value; break;
        default: return fail(Error::invalid);
        }
    }
    return read;
}

}  // namespace

Result<u64> update_files(Task& task, Registered& registered, u32 first, UserIn<i32> descriptors, u32 count) {
    if (!registered.files.size()) return fail(Error::no_such_device_address);
    if (u64{first} + count > registered.files.size()) return fail(Error::invalid);
    for (u32 i = 0; i < count; ++i) {
        auto changed = [&]() -> Result<void> {
            constexpr i32 left_alone = -2;
            i32 number = TRY(descriptors.read(i));
            if (number == left_alone) return {};
            (void)TRY(registered.put_file(first + i, TRY(file_for_table(task, number))));
            return {};
        }();
        if (!changed) return i ? Result<u64>(i) : fail(changed.error());
    }
    return count;
}

Result<u64> Ring::change(Task& task, u32 command, VirtAddr at, u32 count) {
    auto done = [](Result<void> result) -> Result<u64> {
        if (!result) return fail(result.error());
        return 0;
    };
    const auto at_work = static_cast<u64>(failure(Errno::ebadfd));  // what is for a ring that is not yet [io_uring_register(2)]
    Use use(*this);
    if (registered_.restrictions.on && !disabled_ && !(registered_.restrictions.commands >> command & 1)) return fail(Error::access_denied);
    if ((setup_ & setup_one_submitter) && submitter_ && submitter_ != task.id()) return fail(Error::exists);
    switch (command) {
    case buffers: return done(register_buffers(task, registered_, {at}, count));
    case tagged_buffers:
    case tagged_files: {
        auto all = TRY(UserIn<TaggedRegister>{at}.read());
        constexpr u32 sparse = 1;
        if (count != sizeof all || all.reserved || (all.flags & ~sparse) || all.tags || ((all.flags & sparse) && all.data)) return fail(Error::invalid);
        return done(command == tagged_files ? register_files(task, registered_, {{all.data}}, all.count) : register_buffers(task, registered_, {{all.data}}, all.count));
    }
    case no_buffers:
        if (at.value || count) return fail(Error::invalid);
        if (!registered_.buffers.size()) return fail(Error::no_such_device_address);
        registered_.buffers = {};
        return 0;
    case files: return done(at.value ? register_files(task, registered_, {at}, count) : Result<void>(fail(Error::bad_address)));
    case no_files:
        if (at.value || count) return fail(Error::invalid);
        if (!registered_.files.size()) return fail(Error::no_such_device_address);
        registered_.files = {};
        return 0;
    case change_files: {
        auto update = TRY(UserIn<Update>{at}.read());
        if (update.reserved || !count) return fail(Error::invalid);
        return update_files(task, registered_, update.offset, {{update.data}}, count);
    }
    case change_tagged_files: {
        auto update = TRY(UserIn<TaggedUpdate>{at}.read());
        if (count != sizeof update || update.reserved || update.reserved_2 || update.tags) return fail(Error::invalid);
        return update_files(task, registered_, update.offset, {{update.data}}, update.count);
    }
    case event:
    case later_event: {
        if (count != 1) return fail(Error::invalid);
        auto file = TRY(task.files().get({TRY(UserIn<i32>{at}.read())}));
        if (file->kind() != fs::FileKind::event) return fail(Error::invalid);
        TRY(let_watch(task));
        Guard state(lock_);
        if (event_) return fail(Error::busy);
        event_ = std::move(file), event_for_all_ = command == event;
        return 0;
    }
    case no_event: {
        if (at.value || count) return fail(Error::invalid);
        Shared<fs::File> before;
        Guard state(lock_);
        if (!event_) return fail(Error::no_such_device_address);
        std::swap(before, event_);
        return 0;
    }
    case probe: return done(tell_operations(at, count));
    case restrict: {
        if (!disabled_) return at_work;
        if (registered_.restrictions.on) return fail(Error::busy);
        registered_.restrictions = TRY(read_restrictions({at}, count));
        return 0;
    }
    case enable:
        if (at.value || count) return fail(Error::invalid);
        if (!disabled_) return at_work;
        if (setup_ & setup_one_submitter) submitter_ = task.id();
        disabled_ = false;
        return 0;
    case helper_limits: {
        // There is one helper, whatever the program asks for.
        if (count != 2) return fail(Error::invalid);
        for (u64 i = 0; i < 2; ++i) {
            u32 wanted = TRY(UserIn<u32>{at}.read(i));
            TRY(UserOut<u32>{at}.write(helper_limits_[i], i));
            if (wanted) helper_limits_[i] = wanted;
        }
        return 0;
    }
    case rings: return register_rings(task, at, count);
    case no_rings: return unregister_rings(task, at, count);
    case buffer_ring:
        if (count != 1) return fail(Error::invalid);
        return done(register_buffer_ring(task, registered_, TRY(UserIn<BufferRing>{at}.read())));
    case no_buffer_ring: {
        if (count != 1) return fail(Error::invalid);
        auto ring = TRY(UserIn<BufferRing>{at}.read());
        if (ring.reserved[0] || ring.reserved[1] || ring.reserved[2] || ring.flags) return fail(Error::invalid);
        return done(registered_.remove_buffer_ring(ring.group));
    }
    default: return fail(Error::invalid);
    }
}

}  // namespace spore::linux::ring
