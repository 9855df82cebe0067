// What of root's the process may do [capget(2), capabilities(7)]. The sets are the process's, where Linux has one of each thread's.
#include "kernel/linux/calls/capability.hpp"

#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux::calls {

namespace {

/// Words of 32 capabilities that each version has sets of [linux include/uapi/linux/capability.h].
constexpr struct {
    u32 version;
    unsigned words;
} versions[] = {{0x1998'0330, 1}, {0x2007'1026, 2}, {0x2008'0522, 2}};

struct Header {
    unsigned words;
    i32 id;
};
Result<Header> read_header(UserInOut<u64> user) {
    u64 head = TRY(user.read());
    for (auto& [version, words] : versions)
        if (static_cast<u32>(head) == version) return Header{words, static_cast<i32>(head >> 32)};
    TRY(user.write((head & ~u64{0xffff'ffff}) | versions[2].version));
    return fail(Error::invalid);
}

}  // namespace

Result<u64> capget(Task& task, UserInOut<u64> user, UserOut<u32> data) {
    auto header = read_header(user);
    if (!header) return data || header.error() != Error::invalid ? Result<u64>(fail(header.error())) : 0;
    if (header->id < 0) return fail(Error::invalid);
    auto process = header->id == 0 || header->id == task.id() ? Shared<Process>(task.process()) : find_process(header->id);
    if (!process) return fail(Error::no_process);
    if (!data) return 0;
    auto own = process->credentials().capabilities;
    u32 sets[6];
    for (unsigned i = 0; i < header->words; ++i) {
        unsigned shift = 32 * i;
        sets[3 * i] = static_cast<u32>(own.effective >> shift), sets[3 * i + 1] = static_cast<u32>(own.permitted >> shift);
        sets[3 * i + 2] = static_cast<u32>(own.inheritable >> shift);
    }
    TRY(data.write_all({sets, 3 * header->words}));
    return 0;
}

Result<u64> capset(Task& task, UserInOut<u64> user, UserIn<u32> data) {
    auto header = TRY(read_header(user));
    if (header.id != 0 && header.id != task.id()) return fail(Error::not_permitted);
    u32 sets[6] = {};
    TRY(data.read_all({sets, 3 * header.words}));
    auto set = [&](unsigned which) { return (u64{sets[3 + which]} << 32 | sets[which]) & every_capability; };
    return task.process().change_credentials([&](Credentials& who) -> Result<u64> {
        if (!who.capabilities.change(set(0), set(1), set(2))) return fail(Error::not_permitted);
        return 0;
    });
}

Result<u64> bound_capabilities(Task& task, u64 one, BoundAction action) {
    if (one >= capability_count) return fail(Error::invalid);
    return task.process().change_credentials([&](Credentials& who) -> Result<u64> {
        if (action == BoundAction::read) return who.capabilities.bounding >> one & 1;
        if (!who.may(Capability::set_capabilities)) return fail(Error::not_permitted);
        who.capabilities.bounding &= ~(u64{1} << one);
        return 0;
    });
}

Result<u64> change_ambient(Task& task, u64 action, u64 one, u64 fourth, u64 fifth) {
    enum : u64 { is_set = 1, raise = 2, lower = 3, clear_all = 4 };
    if (fourth || fifth || (action == clear_all ? one != 0 : one >= capability_count)) return fail(Error::invalid);
    return task.process().change_credentials([&](Credentials& who) -> Result<u64> {
        auto& own = who.capabilities;
        switch (action) {
        case is_set: return own.ambient >> one & 1;
        case raise: return own.raise_ambient(static_cast<unsigned>(one)) ? Result<u64>(0) : fail(Error::not_permitted);
        case lower: own.ambient &= ~(u64{1} << one); return 0;
        case clear_all: own.ambient = 0; return 0;
        default: return fail(Error::invalid);
        }
    });
}

}  // namespace spore::linux::calls
