// The address space.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/transfer.hpp"
#include "kernel/linux/calls/with_task.hpp"
#include "kernel/linux/machine/numbers.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux::calls {

namespace {

enum Protection : u32 { prot_read = 1, prot_write = 2, prot_exec = 4, prot_branch_targets = 0x10, prot_grows_down = 0x0100'0000, prot_grows_up = 0x0200'0000 };
enum MapFlag : u32 {
    map_shared = 1, map_private = 2, map_shared_validate = 3, map_type = 0xf, map_fixed = 0x10, map_anonymous = 0x20, map_32bit = machine::number(0x40, 0),
    map_grows_down = 0x100, map_locked = 0x2000, map_no_reserve = 0x4000, map_populate = 0x8000, map_stack = 0x20000,
    map_huge_pages = 0x40000, map_fixed_no_replace = 0x100000,
    // What MAP_SHARED_VALIDATE lets pass [linux] LEGACY_MAP_MASK: besides these MAP_DENYWRITE, MAP_EXECUTABLE, MAP_NONBLOCK, and the huge pages' sizes.
    map_known = map_type | map_fixed | map_anonymous | map_32bit | map_grows_down | map_locked | map_no_reserve | map_populate | map_stack | map_huge_pages |
                0x800 | 0x1000 | 0x10000 | 0x7c00'0000,
};

Result<arch::Access> access_of(u32 protection) {
    u32 known = prot_read | prot_write | prot_exec | prot_grows_down | prot_grows_up;
    if (arch::can_check_branch_targets()) known |= prot_branch_targets;
    if (protection & ~known) return fail(Error::invalid);
    // What can be written or executed can be read: so it is on these CPUs, and in Linux's tables for them.
    bool any = protection & (prot_read | prot_write | prot_exec);
    return arch::Access{any, (protection & prot_write) != 0, (protection & prot_exec) != 0, (protection & prot_branch_targets) != 0};
}

Result<void> check_range(VirtAddr start, u64 size) {
    if (!is_aligned(start.value, page_size)) return fail(Error::invalid);
    if (size > arch::program_end || !is_program_range(start, align_up(size, page_size))) return fail(Error::no_memory);
    return {};
}

/// no_memory unless all of it is mapped.
Result<void> check_no_holes(Task& task, VirtAddr start, u64 size) {
    if (!task.memory().is_mapped(start, size)) return fail(Error::no_memory);
    return {};
}

using Area = memory::AddressSpace::AreaInfo;

/// invalid unless all areas of the range suit what is asked.
Result<void> check_areas(Task& task, VirtAddr start, u64 size, bool (*suits)(const Area& area)) {
    struct Search {
        VirtAddr start, end;
        bool (*suits)(const Area& area);
        bool all = true;
    } search{start, start + size, suits};
    task.memory().visit_areas([](void* context, const Area& area) {
        auto& s = *static_cast<Search*>(context);
        if (area.start < s.end && s.start < area.end) s.all &= s.suits(area);
    }, &search);
    if (!search.all) return fail(Error::invalid);
    return {};
}

/// What mlock and munlock mean: whole pages.
struct LockedRange {
    VirtAddr start;
    u64 size;
};
Result<LockedRange> locked_range(VirtAddr start, u64 size) {
    u64 lead = start.value % page_size;
    LockedRange range{{start.value - lead}, size ? size + lead : 0};
    TRY(check_range(range.start, range.size));
    range.size = align_up(range.size, page_size);
    return range;
}

/// Before memory is locked: the address space learns how much may be [mlock(2), mmap(2)]. not_permitted where nothing may.
Result<void> prepare_lock(Task& task) {
    auto limit = task.process().credentials().may(Capability::lock_memory) ? Limit::infinite : task.process().limit(limit_locked).soft;
    if (limit == 0) return fail(Error::not_permitted);
    task.memory().set_lock_limit(align_down(limit, page_size));
    return {};
}

/// What a file's mapping needs from it, and what mprotect may make of it.
Result<void> add_file(memory::MapRequest& request, fs::File& file) {
    auto mode = file.mode();
    if (mode.path_only) return fail(Error::bad_descriptor);
    if (!mode.read) return fail(Error::access_denied);
    auto writes = fs::MapWrites::nowhere;
    if (request.sharing == memory::Sharing::shared) {
        if (mode.write) writes = fs::MapWrites::to_file;
        else if (request.access.write) return fail(Error::access_denied);
        else request.access_limit.write = false;
    }
    auto object = file.map(writes);
    if (!object && object.error() == Error::not_permitted && writes == fs::MapWrites::to_file && !request.access.write) {
        // Sealed against writing: it can still be looked at [linux] memfd_check_seals_mmap.
        request.access_limit.write = false;
        object = file.map(fs::MapWrites::nowhere);
    }
    request.object = TRY(std::move(object));
    return {};
}

}  // namespace

Result<u64> mmap(Task& task, u64 address, u64 size, Flags protection, Flags flags, Descriptor descriptor, u64 offset) {
    if (!is_aligned(offset, page_size)) return fail(Error::invalid);
    Shared<fs::File> file;
    if (!(flags & map_anonymous)) file = TRY(task.files().get(descriptor));
    if (size == 0) return fail(Error::invalid);
    u64 whole = align_up(size, page_size);
    if (size > arch::program_end || whole == 0) return fail(Error::no_memory);
    if (offset + whole < offset) return fail(Error::overflow);
    memory::MapRequest request{.hint = {address}, .size = whole, .access = TRY(access_of(protection)), .offset = offset};
    switch (flags & map_type) {
    case map_private: break;
    case map_shared_validate:
        if (flags & map_anonymous) return fail(Error::invalid);
        if (flags & ~map_known) return fail(Error::not_supported);
        [[fallthrough]];
    case map_shared: request.sharing = memory::Sharing::shared; break;
    default: return fail(Error::invalid);
    }
    if (flags & map_huge_pages) return fail(Error::no_memory);  // no page is set aside for hugetlbfs; programs fall back
    if (flags & (map_fixed | map_fixed_no_replace)) {
        if (!is_aligned(address, page_size)) return fail(Error::invalid);
        if (!is_program_range({address}, whole)) return fail(Error::no_memory);
        if (address < arch::program_start) return fail(Error::not_permitted);
        request.placement = flags & map_fixed_no_replace ? memory::Placement::exactly_if_free : memory::Placement::exactly;
    } else {
        request.hint = {align_down(address, page_size)};
        // The second GiB, or nothing: code there reaches all other code there [mmap(2)].
        if (flags & map_32bit) request.from = {0x4000'0000}, request.below = {0x8000'0000};
    }
    request.locked = (flags & map_locked) != 0;
    if (request.locked) TRY(prepare_lock(task));
    request.populate = (flags & (map_populate | map_locked)) && !(flags & map_no_reserve);
    request.grows_down = (flags & map_grows_down) != 0;
    request.no_reserve = (flags & map_no_reserve) != 0;
    if (flags & map_anonymous) request.offset = 0;
    else TRY(add_file(request, *file));
    return TRY(task.memory().map(request)).value;
}

[[gnu::always_inline]] Result<u64> munmap(Task& task, UserAddress start, u64 size) {
    if (size == 0 || !is_aligned(start.value, page_size) || size > arch::program_end || !is_program_range(start, align_up(size, page_size)))
        return fail(Error::invalid);
    TRY(task.memory().unmap(start, align_up(size, page_size)));
    return 0;
}
Result<u64> mprotect(Task& task, UserAddress start, u64 size, Flags protection) {
    auto access = TRY(access_of(protection));
    TRY(check_range(start, size));
    if (size == 0) return 0;
    TRY(task.memory().protect(start, align_up(size, page_size), access));
    return 0;
}

// Protection keys: the processor's are not used, so these answer as Linux does on a processor that has none [pkeys(7)].
Result<u64> pkey_alloc(Task&, Flags flags, Flags rights) {
    constexpr u32 disable_access = 1, disable_write = 2;
    if (flags || (rights & ~(disable_access | disable_write))) return fail(Error::invalid);
    return fail(Error::no_space);
}
Result<u64> pkey_free(Task&, i32) { return fail(Error::invalid); }
Result<u64> pkey_mprotect(Task& task, UserAddress start, u64 size, Flags protection, i32 key) {
    constexpr i32 none_wanted = -1;
    if (key != none_wanted) return fail(Error::invalid);
    return mprotect(task, start, size, protection);
}
Result<u64> mremap(Task& task, UserAddress start, u64 old_size, u64 new_size, Flags flags, UserAddress new_start) {
    constexpr u32 may_move = 1, fixed = 2, keep_old = 4;
    if ((flags & ~(may_move | fixed | keep_old)) || ((flags & (fixed | keep_old)) && !(flags & may_move))) return fail(Error::invalid);
    if ((flags & keep_old) && (old_size != new_size || !is_aligned(new_start.value, page_size))) return fail(Error::invalid);
    if (new_size == 0 || old_size == 0 || new_size > arch::program_end || old_size > arch::program_end) return fail(Error::invalid);
    if (!is_aligned(start.value, page_size)) return fail(Error::invalid);
    VirtAddr wanted = new_start;
    if (flags & fixed) {
        if (!is_aligned(wanted.value, page_size) || !is_program_range(wanted, align_up(new_size, page_size))) return fail(Error::invalid);
        u64 old_end = start.value + align_up(old_size, page_size), new_end = wanted.value + align_up(new_size, page_size);
        if (start.value < new_end && wanted.value < old_end) return fail(Error::invalid);
    }
    return TRY(task.memory().remap(start, align_up(old_size, page_size), align_up(new_size, page_size), (flags & may_move) != 0,
                                   flags & fixed ? &wanted : nullptr,
                                   flags & keep_old ? memory::OldPlace::kept : memory::OldPlace::unmapped)).value;
}

Result<u64> madvise(Task& task, UserAddress start, u64 size, i32 advice) {
    enum Advice : i32 {
        normal = 0, random = 1, sequential = 2, will_need = 3, dont_need = 4, free = 8, remove = 9, dont_fork = 10, do_fork = 11, mergeable = 12,
        unmergeable = 13, huge_page = 14, no_huge_page = 15, dont_dump = 16, do_dump = 17, wipe_on_fork = 18, keep_on_fork = 19, cold = 20,
        page_out = 21, populate_read = 22, populate_write = 23, collapse = 25,
    };
    if (!is_aligned(start.value, page_size)) return fail(Error::invalid);
    TRY(check_range(start, size));
    if (size == 0) return 0;
    size = align_up(size, page_size);
    auto populate = [&]() -> Result<u64> { return TRY(task.memory().populate(start, size)), 0; };
    switch (advice) {
    case normal: case random: case sequential: case mergeable: case unmergeable: case huge_page: case no_huge_page:
    case cold: case page_out: case do_fork: case keep_on_fork: case collapse:
    case will_need: TRY(check_no_holes(task, start, size)); return 0;
    case dont_dump:
    case do_dump: TRY(task.memory().set_dumped(start, size, advice == do_dump)); return 0;
    case populate_read: TRY(check_areas(task, start, size, [](const Area& area) { return area.access.read; })); return populate();
    case populate_write: TRY(check_areas(task, start, size, [](const Area& area) { return area.access.write; })); return populate();
    case free: TRY(check_areas(task, start, size, [](const Area& area) { return !area.object; })); [[fallthrough]];  // a file's pages hold what it does not
    case dont_need: TRY(task.memory().discard(start, size)); return 0;
    default: return fail(Error::invalid);  // advice that would change behaviour, which is not there: dont_fork, wipe_on_fork, remove
    }
}

Result<u64> brk(Task& task, UserAddress wanted) { return task.memory().set_break(wanted).value; }

Result<u64> msync(Task& task, UserAddress start, u64 size, Flags flags) {
    constexpr u32 asynchronous = 1, invalidate = 2, synchronous = 4;
    if ((flags & ~(asynchronous | invalidate | synchronous)) || (flags & (asynchronous | synchronous)) == (asynchronous | synchronous))
        return fail(Error::invalid);
    if (!is_aligned(start.value, page_size)) return fail(Error::invalid);
    TRY(check_range(start, size));
    if ((flags & invalidate) && !check_areas(task, start, size, [](const Area& area) { return !area.locked; })) return fail(Error::busy);
    TRY(check_no_holes(task, start, size));
    // Mapped pages are the file's own: others see at once what changes in them. What is left is to send it where the file comes from.
    if (flags & synchronous) TRY(task.memory().write_back(start, size));
    return 0;
}

Result<u64> mincore(Task& task, UserAddress start, u64 size, UserBytes result) {
    if (!is_aligned(start.value, page_size)) return fail(Error::invalid);
    TRY(check_range(start, size));
    u8 flags[512];
    for (u64 pages = align_up(size, page_size) / page_size, done = 0; done < pages;) {
        auto part = std::span(flags).first(std::min<u64>(sizeof flags, pages - done));
        TRY(task.memory().residency(VirtAddr(start) + done * page_size, part.size() * page_size, part));
        TRY(arch::copy_to_program(result + done, part.data(), part.size()));
        done += part.size();
    }
    return 0;
}

namespace {
/// As on Linux, pages that cannot be had are missed when they are touched.
void populate_all(memory::AddressSpace& space) {
    struct Search {
        VirtAddr from, start, end;
    };
    for (Search search{};; search.from = search.end) {
        search.start = search.end = {};
        space.visit_areas([](void* context, const memory::AddressSpace::AreaInfo& area) {
            auto& s = *static_cast<Search*>(context);
            if (!s.end.value && area.end > s.from) s.start = area.start, s.end = area.end;
        }, &search);
        if (!search.end.value) return;
        (void)space.populate(search.start, search.end - search.start);
    }
}
}  // namespace

Result<u64> mlock2(Task& task, UserAddress start, u64 size, Flags flags) {
    constexpr u32 on_fault = 1;
    if (flags & ~on_fault) return fail(Error::invalid);
    TRY(prepare_lock(task));
    auto range = TRY(locked_range(start, size));
    TRY(task.memory().set_locked(range.start, range.size, true));
    // What cannot be had now [mlock(2), EAGAIN].
    if (!(flags & on_fault) && range.size)
        if (auto there = task.memory().populate(range.start, range.size); !there) return fail(there.error() == Error::no_memory ? Error::would_block : Error::no_memory);
    return 0;
}
Result<u64> mlock(Task& task, UserAddress start, u64 size) { return mlock2(task, start, size, {0}); }
Result<u64> munlock(Task& task, UserAddress start, u64 size) {
    auto range = TRY(locked_range(start, size));
    TRY(task.memory().set_locked(range.start, range.size, false));
    return 0;
}
Result<u64> mlockall(Task& task, Flags flags) {
    constexpr u32 current = 1, future = 2, on_fault = 4;
    using Future = memory::AddressSpace::LockFuture;
    if (!(flags & (current | future)) || (flags & ~(current | future | on_fault))) return fail(Error::invalid);
    TRY(prepare_lock(task));
    if (flags & current) {
        TRY(task.memory().set_all_locked(true));
        if (!(flags & on_fault)) populate_all(task.memory());
    }
    task.memory().lock_future(!(flags & future) ? Future::no : flags & on_fault ? Future::on_fault : Future::at_once);
    return 0;
}
Result<u64> munlockall(Task& task) {
    task.memory().lock_future(memory::AddressSpace::LockFuture::no);
    TRY(task.memory().set_all_locked(false));
    return 0;
}

namespace {

enum class Direction : u8 { from_other, to_other };

/// Copies between the caller's pieces and another process's, a page at a time; what was copied before a piece that is not there counts.
Result<u64> exchange_memory(Task& task, i32 pid, UserIn<fs::Piece> local, u64 local_count, UserIn<fs::Piece> remote, u64 remote_count, Flags flags,
                            Direction direction) {
    constexpr u64 most = 1024;
    if (flags || local_count > most || remote_count > most) return fail(Error::invalid);
    auto own = TRY(Pieces::read(local, static_cast<i64>(local_count)));
    auto process = find_process(pid);
    if (!process) return fail(Error::no_process);
    auto memory = process->memory();
    if (!memory) return fail(Error::no_process);
    if (!may_look_into(task.process(), *process)) return fail(Error::not_permitted);
    auto buffer = own.buffer();
    auto bytes = TRY(HeapArray<std::byte>::create(page_size));
    u64 done = 0;
    auto step = [&](VirtAddr at, MutableByteSpan part) -> Result<u64> {
        if (direction == Direction::to_other) {
            TRY(buffer.take(part));
            return memory->write(at, part);
        }
        u64 got = TRY(memory->read(at, part));
        TRY(buffer.put(part.first(got)));
        return got;
    };
    for (u64 i = 0; i < remote_count; ++i) {
        auto piece = TRY(remote.read(i));
        for (u64 at = 0; at < piece.size && buffer.remaining();) {
            auto part = bytes.span().first(std::min({u64{page_size}, piece.size - at, buffer.remaining()}));
            auto got = step({piece.base + at}, part);
            if (!got) return done ? Result<u64>(done) : fail(Error::bad_address);
            at += *got, done += *got;
            if (*got < part.size()) return done;
        }
    }
    return done;
}

}  // namespace

Result<u64> process_vm_readv(Task& task, i32 pid, UserIn<fs::Piece> local, u64 local_count, UserIn<fs::Piece> remote, u64 remote_count, Flags flags) {
    return exchange_memory(task, pid, local, local_count, remote, remote_count, flags, Direction::from_other);
}
Result<u64> process_vm_writev(Task& task, i32 pid, UserIn<fs::Piece> local, u64 local_count, UserIn<fs::Piece> remote, u64 remote_count, Flags flags) {
    return exchange_memory(task, pid, local, local_count, remote, remote_count, flags, Direction::to_other);
}

}  // namespace spore::linux::calls
