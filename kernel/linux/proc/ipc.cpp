#include "kernel/linux/proc/ipc.hpp"

#include "kernel/linux/ipc/queues.hpp"
#include "kernel/linux/ipc/segments.hpp"
#include "kernel/linux/ipc/semaphores.hpp"
#include "kernel/linux/octal.hpp"
#include "kernel/linux/small_text.hpp"

namespace spore::linux::proc {

namespace {

/// What is told of an object: copied first, since printing may sleep and a table's lock does not allow that.
struct Row {
    ipc::Object object;
    u64 numbers[3] = {};   ///< behind the mode
    i32 users[2] = {};
    i64 times[2] = {};
    u64 resident = 0;
};

/// Calls `print` for every object, seen as `describe` says.
template <typename All, typename Describe, typename Print>
Result<void> print_all(All& all, Describe&& describe, Print&& print) {
    u64 count = 0, filled = 0;
    all.for_each([&](auto&) { ++count; });
    auto rows = TRY(HeapArray<Row>::create(count));
    all.for_each([&](auto& object) {
        if (filled < count) rows[filled++] = describe(object);
    });
    for (auto& row : rows.span().first(filled)) TRY(print(row));
    return {};
}

}  // namespace

Result<void> show_segments(TextSink& out, u32) {
    TRY(out.write("       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime"
                  "                   rss                  swap\n"));
    return print_all(ipc::segments(), [](ipc::Segment& segment) {
        return Row{.object = segment, .numbers = {segment.size, segment.users()}, .users = {segment.creator, segment.last_user},
                   .times = {segment.attached, segment.detached}, .resident = segment.object->pages().size() * page_size};
    }, [&](const Row& row) {
        auto& of = row.object;
        return out.print("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} 0\n", of.key, of.id, Octal(of.mode).view(), row.numbers[0], row.users[0], row.users[1],
                         row.numbers[1], of.uid, of.gid, of.creator_uid, of.creator_gid, row.times[0], row.times[1], of.changed, row.resident);
    });
}

Result<void> show_semaphores(TextSink& out, u32) {
    TRY(out.write("       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n"));
    return print_all(ipc::semaphores(), [](ipc::SemaphoreSet& set) { return Row{.object = set, .numbers = {set.count()}, .times = {set.operated()}}; },
                     [&](const Row& row) {
        auto& of = row.object;
        return out.print("{} {} {} {} {} {} {} {} {} {}\n", of.key, of.id, Octal(of.mode).view(), row.numbers[0], of.uid, of.gid, of.creator_uid, of.creator_gid,
                         row.times[0], of.changed);
    });
}

Result<void> show_queues(TextSink& out, u32) {
    TRY(out.write("       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n"));
    return print_all(ipc::queues(), [](ipc::Queue& queue) {
        auto state = queue.state();
        return Row{.object = queue, .numbers = {state.bytes, state.messages}, .users = {state.last_sender, state.last_receiver}, .times = {state.sent, state.received}};
    }, [&](const Row& row) {
        auto& of = row.object;
        return out.print("{} {} {} {} {} {} {} {} {} {} {} {} {} {}\n", of.key, of.id, Octal(of.mode).view(), row.numbers[0], row.numbers[1], row.users[0],
                         row.users[1], of.uid, of.gid, of.creator_uid, of.creator_gid, row.times[0], row.times[1], of.changed);
    });
}

}  // namespace spore::linux::proc
