// Shared memory by key [shmget(2), shmop(2), shmctl(2)].
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/ipc_format.hpp"
#include "kernel/linux/ipc/segments.hpp"
#include "kernel/linux/process/process.hpp"

namespace spore::linux::calls {

namespace {

using ipc::now;
using ipc::Segment;
using ipc::segments;

/// struct shmid64_ds
struct UserSegment {
    UserPermission permission;
    u64 size = 0;
    i64 attached = 0, detached = 0, changed = 0;
    i32 creator = 0, last_user = 0;
    u64 users = 0;
    u64 unused_2[2] = {};
};
static_assert(sizeof(UserSegment) == 112);

/// struct shminfo
struct Limits {
    u64 largest = system_limits.segment_bytes.load(std::memory_order_relaxed), smallest = 1, segments = Segment::most(), of_process = segments;
    u64 pages = system_limits.segment_pages.load(std::memory_order_relaxed);
    u64 unused[4] = {};
};
/// struct shm_info
struct Summary {
    i32 segments = 0, padding = 0;
    u64 pages = 0, resident = 0, swapped = 0, unused[2] = {};
};

UserSegment describe(Segment& from) {
    constexpr u32 removed = 01000, locked = 02000;
    UserSegment to{.permission = UserPermission(from)};
    to.permission.mode |= (from.removed ? removed : 0) | (from.locked ? locked : 0);
    to.size = from.size, to.attached = from.attached, to.detached = from.detached, to.changed = from.changed;
    to.creator = from.creator, to.last_user = from.last_user, to.users = from.users();
    return to;
}

/// One of those that a process has attached: where it begins, and what of it is mapped.
struct Attached {
    u64 start;
    const memory::MappedObject* object = nullptr;
    u64 first = 0, end = 0;  ///< the lowest area
};
void look_at_area(void* context, const memory::AddressSpace::AreaInfo& area) {
    auto& wanted = *static_cast<Attached*>(context);
    if (!area.object || wanted.end || area.start.value < wanted.start || area.start.value - wanted.start != area.offset) return;
    if (wanted.object && area.object != wanted.object) return;
    if (!segments().with_object(area.object, [](Segment&) {})) return;
    wanted.object = area.object, wanted.first = area.start.value, wanted.end = area.end.value;
}

}  // namespace

Result<u64> shmget(Task& task, i32 key, u64 size, Flags flags) {
    constexpr u32 huge_pages = 04000;
    if ((flags & huge_pages) && (flags & ipc::create_flag)) return fail(Error::no_memory);  // no page is set aside for them
    return TRY(segments().get({key, flags}, size, task.process().credentials(), task.process().id()));
}

Result<u64> shmat(Task& task, i32 id, u64 address, Flags flags) {
    constexpr u32 read_only = 010000, rounds = 020000, replaces = 040000, executes = 0100000;
    if (!is_aligned(address, page_size) && !(flags & rounds)) return fail(Error::invalid);
    address = align_down(address, page_size);
    if (address == 0 && (flags & replaces)) return fail(Error::invalid);
    bool writes = !(flags & read_only);
    auto who = task.process().credentials();
    memory::MapRequest request{.hint = {address}, .access = {true, writes, (flags & executes) != 0}, .access_limit = {true, writes, true},
                               .sharing = memory::Sharing::shared};
    if (address) request.placement = flags & replaces ? memory::Placement::exactly : memory::Placement::exactly_if_free;
    TRY(segments().with(id, [&](Segment& segment) -> Result<void> {
        if (!segment.allows(who, ipc::may_read | (writes ? ipc::may_write : 0))) return fail(Error::access_denied);
        request.object = segment.object;
        request.size = align_up(segment.size, page_size);
        ++segment.attaching;
        return {};
    }));
    bool fits = !address || (address >= arch::program_start && is_program_range({address}, request.size));
    auto mapped = fits ? task.memory().map(request) : fail(Error::invalid);
    segments().with_object(request.object.get(), [&](Segment& segment) {
        --segment.attaching;
        if (mapped) segment.attached = now(), segment.last_user = task.process().id();
    });
    if (!mapped) return fail(mapped.error() == Error::exists ? Error::invalid : mapped.error());
    return mapped->value;
}

Result<u64> shmdt(Task& task, UserAddress start) {
    if (!is_aligned(start.value, page_size)) return fail(Error::invalid);
    Attached found{.start = start.value};
    while (true) {
        found.end = 0;
        task.memory().visit_areas(look_at_area, &found);
        if (!found.end) break;
        TRY(task.memory().unmap({found.first}, found.end - found.first));
    }
    bool was = found.object && segments().with_object(found.object, [&](Segment& segment) { segment.detached = now(), segment.last_user = task.process().id(); });
    segments().sweep();
    return was ? Result<u64>(0) : fail(Error::invalid);
}

Result<u64> shmctl(Task& task, i32 id, i32 command, UserBytes buffer) {
    enum Command : i32 { lock = 11, unlock = 12, tell_by_index = 13, summary = 14, tell_by_index_any = 15 };
    auto who = task.process().credentials();
    switch (command) {
    case ipc_remove: {
        TRY(segments().with(id, [&](Segment& segment) -> Result<void> {
            if (!segment.is_owned_by(who)) return fail(Error::not_permitted);
            segment.removed = true, segment.key = ipc::private_key;
            return {};
        }));
        segments().sweep();
        return 0;
    }
    case lock:
    case unlock:
        return segments().with(id, [&](Segment& segment) -> Result<u64> {
            if (!segment.is_owned_by(who)) return fail(Error::not_permitted);
            return segment.locked = command == lock, 0;
        });
    case ipc_set: {
        auto wanted = TRY(UserIn<UserSegment>{buffer}.read());
        return segments().with(id, [&](Segment& segment) -> Result<u64> {
            if (!segment.is_owned_by(who)) return fail(Error::not_permitted);
            segment.change_owner(wanted.permission.uid, wanted.permission.gid, wanted.permission.mode);
            return 0;
        });
    }
    case ipc_tell:
    case tell_by_index:
    case tell_by_index_any: {
        auto state = TRY(segments().with(id, [&](Segment& segment) -> Result<UserSegment> {
            if (command != tell_by_index_any && !segment.allows(who, ipc::may_read)) return fail(Error::access_denied);
            return describe(segment);
        }));
        TRY(UserOut<UserSegment>{buffer}.write(state));
        return command == ipc_tell ? 0 : static_cast<u64>(id);  // the index is the identifier
    }
    case ipc_limits:
    case summary: {
        i32 highest = 0;
        Summary all;
        segments().for_each([&](Segment& segment) {
            highest = std::max(highest, segment.id);
            ++all.segments, all.pages += segment.pages(), all.resident += segment.object->pages().size();
        });
        if (command == ipc_limits) TRY(UserOut<Limits>{buffer}.write({}));
        else TRY(UserOut<Summary>{buffer}.write(all));
        return static_cast<u64>(highest);
    }
    default: return fail(Error::invalid);
    }
}

}  // namespace spore::linux::calls
