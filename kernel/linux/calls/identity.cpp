// Who the process acts as [credentials(7)].
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/core_file/settings.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux::calls {

namespace {

constexpr u32 keep = ~u32{0};

/// One of the two triples: user or group.
struct Ids {
    u32 Credentials::* real;
    u32 Credentials::* effective;
    u32 Credentials::* saved;
    u32 Credentials::* file;
    Capability any;  ///< with it, any id can be taken
};
constexpr Ids user{&Credentials::uid, &Credentials::effective_uid, &Credentials::saved_uid, &Credentials::file_uid, Capability::set_uid};
constexpr Ids group{&Credentials::gid, &Credentials::effective_gid, &Credentials::saved_gid, &Credentials::file_gid, Capability::set_gid};

Capabilities::UserIds user_ids(const Credentials& who) { return {who.uid, who.effective_uid, who.saved_uid, who.file_uid}; }

bool has(const Credentials& who, const Ids& ids, u32 id) { return who.*ids.real == id || who.*ids.effective == id || who.*ids.saved == id; }

/// To become a user who has too many processes without this one is no error yet: many programs do not look. execve tells of it [setuid(2)].
void note_process_count(Task& task) {
    TreeGuard guard(tree_lock());
    auto& process = task.process();
    task.too_many_processes = exceeds_process_limit(process, -static_cast<i64>(process.live_tasks));
}

/// Who acts as another than before may hold what the other must not see: no core files, unless it or the administrator says so [linux] commit_creds.
void note_change(Process& process, const Credentials& before) {
    auto who = process.credentials();
    if (who.effective_uid == before.effective_uid && who.effective_gid == before.effective_gid && who.file_uid == before.file_uid && who.file_gid == before.file_gid) return;
    process.dumpable.store(dumpable_after_change(), std::memory_order_relaxed);
}

Result<u64> set_three(Task& task, const Ids& ids, u32 real, u32 effective, u32 saved) {
    auto credentials_before = task.process().credentials();
    auto set = task.process().change_credentials([&](Credentials& who) -> Result<u64> {
        for (u32 id : {real, effective, saved})
            if (id != keep && !who.may(ids.any) && !has(who, ids, id)) return fail(Error::not_permitted);
        auto before = user_ids(who);
        if (real != keep) who.*ids.real = real;
        if (effective != keep) who.*ids.effective = effective;
        if (saved != keep) who.*ids.saved = saved;
        who.*ids.file = who.*ids.effective;
        who.capabilities.follow(before, user_ids(who));
        return 0;
    });
    note_change(task.process(), credentials_before);
    if (set && task.process().credentials().uid != credentials_before.uid) note_process_count(task);
    return set;
}
Result<u64> set_two(Task& task, const Ids& ids, u32 real, u32 effective) {
    auto before = task.process().credentials();
    for (u32 id : {real, effective})
        if (id != keep && !before.may(ids.any) && !has(before, ids, id)) return fail(Error::not_permitted);
    u32 new_effective = effective == keep ? before.*ids.effective : effective;
    bool changes_saved = real != keep || (effective != keep && effective != before.*ids.real);
    return set_three(task, ids, real, effective, changes_saved ? new_effective : keep);
}
Result<u64> set_one(Task& task, const Ids& ids, u32 id) {
    if (id == keep) return fail(Error::invalid);
    bool all = task.process().credentials().may(ids.any);
    return set_three(task, ids, all ? id : keep, id, all ? id : keep);
}
Result<u64> get_three(Task& task, const Ids& ids, UserOut<u32> real, UserOut<u32> effective, UserOut<u32> saved) {
    auto who = task.process().credentials();
    TRY(real.write(who.*ids.real));
    TRY(effective.write(who.*ids.effective));
    TRY(saved.write(who.*ids.saved));
    return 0;
}
Result<u64> set_file(Task& task, const Ids& ids, u32 id) {
    auto credentials_before = task.process().credentials();
    auto set = task.process().change_credentials([&](Credentials& who) -> Result<u64> {
        u32 before = who.*ids.file;
        auto users = user_ids(who);
        if (id != keep && (who.may(ids.any) || has(who, ids, id) || id == before)) who.*ids.file = id;
        who.capabilities.follow(users, user_ids(who));
        return before;
    });
    note_change(task.process(), credentials_before);
    return set;
}

}  // namespace

Result<u64> getuid(Task& task) { return task.process().credentials().uid; }
Result<u64> geteuid(Task& task) { return task.process().credentials().effective_uid; }
Result<u64> getgid(Task& task) { return task.process().credentials().gid; }
Result<u64> getegid(Task& task) { return task.process().credentials().effective_gid; }
Result<u64> getresuid(Task& task, UserOut<u32> real, UserOut<u32> effective, UserOut<u32> saved) { return get_three(task, user, real, effective, saved); }
Result<u64> getresgid(Task& task, UserOut<u32> real, UserOut<u32> effective, UserOut<u32> saved) { return get_three(task, group, real, effective, saved); }
Result<u64> setuid(Task& task, u32 uid) { return set_one(task, user, uid); }
Result<u64> setgid(Task& task, u32 gid) { return set_one(task, group, gid); }
Result<u64> setreuid(Task& task, u32 real, u32 effective) { return set_two(task, user, real, effective); }
Result<u64> setregid(Task& task, u32 real, u32 effective) { return set_two(task, group, real, effective); }
Result<u64> setresuid(Task& task, u32 real, u32 effective, u32 saved) { return set_three(task, user, real, effective, saved); }
Result<u64> setresgid(Task& task, u32 real, u32 effective, u32 saved) { return set_three(task, group, real, effective, saved); }
Result<u64> setfsuid(Task& task, u32 uid) { return set_file(task, user, uid); }
Result<u64> setfsgid(Task& task, u32 gid) { return set_file(task, group, gid); }

Result<u64> getgroups(Task& task, i32 size, UserOut<u32> groups) {
    auto who = task.process().credentials();
    if (size < 0 || (size > 0 && static_cast<u32>(size) < who.group_count)) return fail(Error::invalid);
    if (size > 0) TRY(groups.write_all({who.groups, who.group_count}));
    return who.group_count;
}
Result<u64> setgroups(Task& task, u64 size, UserIn<u32> groups) {
    if (!task.process().credentials().may(Capability::set_gid)) return fail(Error::not_permitted);
    if (size > Credentials::max_groups) return fail(Error::invalid);
    u32 wanted[Credentials::max_groups] = {};
    TRY(groups.read_all({wanted, size}));
    task.process().change_credentials([&](Credentials& who) {
        std::ranges::copy(wanted, who.groups);
        who.group_count = static_cast<u32>(size);
        return 0;
    });
    return 0;
}

}  // namespace spore::linux::calls
