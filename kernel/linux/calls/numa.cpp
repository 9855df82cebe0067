// Memory policies on a machine with one node, whose number is 0 [numa(7), set_mempolicy(2)].
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/with_task.hpp"
#include "kernel/linux/errno.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux::calls {

namespace {

enum Mode : u32 { by_default = 0, preferred = 1, bind = 2, interleave = 3, local = 4, preferred_many = 5, mode_count = 6 };
constexpr u32 balancing = 1u << 13, relative_nodes = 1u << 14, static_nodes = 1u << 15, mode_flags = balancing | relative_nodes | static_nodes;
constexpr u64 longest_mask = page_size * 8;  // bits that a program may give; those of the first word are looked at
constexpr u64 only_node = 1;

/// A set of nodes; `bits` is one more than the mask has [linux] get_nodes.
Result<u64> read_nodes(UserIn<u64> user, u64 bits) {
    if (bits <= 1 || !user) return 0;
    --bits;
    if (bits > longest_mask) return fail(Error::invalid);
    u64 nodes = 0;
    for (u64 at = 0; at < bits; at += 64) {
        u64 word = TRY(user.read(at / 64));
        if (bits - at < 64) word &= (u64{1} << (bits - at)) - 1;
        if (at == 0) nodes = word;
        else if (word) return fail(Error::invalid);
    }
    return nodes;
}

/// The policy of a mode with its flags and the nodes that are named for it.
Result<MemoryPolicy> make_policy(u32 mode_and_flags, u64 nodes) {
    u32 mode = mode_and_flags & ~mode_flags, flags = mode_and_flags & mode_flags;
    bool maps_nodes = flags & (static_nodes | relative_nodes);
    if (mode >= mode_count || (flags & (static_nodes | relative_nodes)) == (static_nodes | relative_nodes)) return fail(Error::invalid);
    if ((flags & balancing) && mode != bind) return fail(Error::invalid);
    if (mode == by_default) return nodes ? Result<MemoryPolicy>(fail(Error::invalid)) : MemoryPolicy{};
    if (mode == local || (mode == preferred && !nodes)) return nodes || maps_nodes ? Result<MemoryPolicy>(fail(Error::invalid)) : MemoryPolicy{local, 0};
    // Relative numbers count among the nodes there are, around and around; others must name one that there is.
    if (!nodes || (!(flags & relative_nodes) && !(nodes & only_node))) return fail(Error::invalid);
    return MemoryPolicy{static_cast<u16>(mode | flags), maps_nodes ? nodes : only_node};
}

/// The bytes of the program's mask, whatever its length.
Result<void> write_nodes(UserBytes user, u64 bits, u64 nodes) {
    u64 size = align_up(bits - 1, 64) / 8;
    if (size > page_size) return fail(Error::invalid);
    for (u64 at = 0; at < size; at += sizeof nodes) TRY(UserOut<u64>{user + at}.write(at ? 0 : nodes));
    return {};
}

/// What move_pages says of a page.
Result<i32> node_of_page(memory::AddressSpace& space, VirtAddr at) {
    u8 there = 0;
    if (!space.residency({align_down(at.value, page_size)}, page_size, {&there, 1})) return static_cast<i32>(failure(Errno::efault));
    return there ? 0 : static_cast<i32>(failure(Errno::enoent));
}

/// The process that a call means, 0 for the caller's, if it may look into it.
Result<Shared<Process>> subject_of(Task& task, i32 pid) {
    auto process = pid == 0 ? Shared<Process>(task.process()) : find_process(pid);
    if (!process) return fail(Error::no_process);
    if (!may_look_into(task.process(), *process)) return fail(Error::not_permitted);
    return process;
}

enum MoveFlag : u32 { strict = 1, move_own = 2, move_all = 4 };
Result<void> check_move_flags(Task& task, u32 flags, u32 known) {
    if (flags & ~known) return fail(Error::invalid);
    if ((flags & move_all) && !task.process().credentials().may(Capability::nice)) return fail(Error::not_permitted);
    return {};
}

}  // namespace

Result<u64> get_mempolicy(Task& task, UserOut<i32> mode, UserBytes user_nodes, u64 node_bits, UserAddress at, u64 flags) {
    enum : u64 { of_node = 1, of_address = 2, of_allowed = 4 };
    if (user_nodes && node_bits < 1) return fail(Error::invalid);
    if (flags & ~u64{of_node | of_address | of_allowed}) return fail(Error::invalid);
    auto policy = task.memory_policy;
    i32 told = policy.mode;
    if (flags & of_allowed) {
        if (flags & (of_node | of_address)) return fail(Error::invalid);
        told = 0, policy.nodes = only_node;
    } else if (flags & of_address) {
        if (!task.memory().visit_area_at(at, [](void*, const memory::AddressSpace::AreaInfo&) {}, nullptr)) return fail(Error::bad_address);
        if (flags & of_node) {
            TRY(task.memory().populate({align_down(at.value, page_size)}, page_size));
            told = 0;
        }
    } else if (at) {
        return fail(Error::invalid);
    } else if (flags & of_node) {
        if ((policy.mode & ~mode_flags) != interleave) return fail(Error::invalid);
        told = 0;  // where the next page comes from
    }
    if (mode) TRY(mode.write(told));
    if (user_nodes) TRY(write_nodes(user_nodes, node_bits, policy.nodes));
    return 0;
}

Result<u64> set_mempolicy(Task& task, i32 mode, UserIn<u64> user, u64 node_bits) {
    u64 nodes = TRY(read_nodes(user, node_bits));
    task.memory_policy = TRY(make_policy(static_cast<u32>(mode), nodes));
    return 0;
}

Result<u64> mbind(Task& task, UserAddress start, u64 size, u64 mode, UserIn<u64> user, u64 node_bits, u32 flags) {
    u64 nodes = TRY(read_nodes(user, node_bits));
    if (mode >> 16) return fail(Error::invalid);
    TRY(check_move_flags(task, flags, strict | move_own | move_all));
    u64 end = start.value + align_up(size, page_size);
    if (!is_aligned(start.value, page_size) || end < start.value) return fail(Error::invalid);
    if (size == 0) return 0;
    (void)TRY(make_policy(static_cast<u32>(mode), nodes));
    if (!is_program_range(start, end - start.value) || !task.memory().is_mapped(start, end - start.value)) return fail(Error::bad_address);
    return 0;
}

Result<u64> set_mempolicy_home_node(Task&, UserAddress start, u64 size, u64 node, u64 flags) {
    u64 end = start.value + align_up(size, page_size);
    if (!is_aligned(start.value, page_size) || flags || node != 0 || end < start.value) return fail(Error::invalid);
    if (size == 0) return 0;
    return fail(Error::not_found);
}

Result<u64> migrate_pages(Task& task, i32 pid, u64 node_bits, UserIn<u64> user_from, UserIn<u64> user_to) {
    (void)TRY(read_nodes(user_from, node_bits));
    u64 to = TRY(read_nodes(user_to, node_bits));
    (void)TRY(subject_of(task, pid));
    if ((to & ~only_node) && !task.process().credentials().may(Capability::nice)) return fail(Error::not_permitted);
    if (!(to & only_node)) return fail(Error::invalid);
    return 0;  // pages that were left where they are: there is nowhere to go
}

Result<u64> move_pages(Task& task, i32 pid, u64 count, UserIn<u64> pages, UserIn<i32> nodes, UserOut<i32> status, i32 flags) {
    TRY(check_move_flags(task, static_cast<u32>(flags), move_own | move_all));
    auto process = TRY(subject_of(task, pid));
    auto memory = process->memory();
    if (!memory) return fail(Error::invalid);
    for (u64 i = 0; i < count; ++i) {
        u64 at = TRY(pages.read(i));
        if (nodes && TRY(nodes.read(i)) != 0) return fail(Error::no_device);
        TRY(status.write(TRY(node_of_page(*memory, {at})), i));
    }
    return 0;
}

}  // namespace spore::linux::calls
