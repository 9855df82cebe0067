// The directory of one process, or of one of its tasks.
#include "kernel/linux/calls/usage.hpp"
#include "kernel/linux/proc/process_files.hpp"
#include "kernel/linux/proc/settings.hpp"
#include "kernel/linux/proc/table_tree.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux::proc {

using namespace fs::generated;

Result<Shared<Process>> Subject::process() const {
    auto found = find_process(process_id);
    if (!found) return fail(Error::no_process);
    return found;
}

Result<Shared<Task>> Subject::task() const {
    TreeGuard guard(tree_lock());
    auto* process = tree().processes.find(process_id);
    if (!process) return fail(Error::no_process);
    for (auto& task : process->tasks)
        if (task_id ? task.id() == task_id : &task == process->main) return Shared<Task>(task);
    auto* first = process->tasks.first();
    if (task_id || !first) return fail(Error::no_process);
    return Shared<Task>(*first);
}

Result<Shared<Process>> process_of_directory(fs::File& file) {
    auto* entry = file.dentry();
    auto* inode = entry ? entry->inode() : nullptr;
    if (!inode || std::string_view(inode->file_system().kind()) != "proc") return fail(Error::bad_descriptor);
    Subject subject{.process_id = static_cast<i32>(inode->number() >> 20 & 0xf'ffff)};
    if (inode->number() != subject.inode_number(0)) return fail(Error::bad_descriptor);
    return subject.process();
}

NodeAttributes attributes_of(const Subject& subject, u16 permissions, u32 links) {
    NodeAttributes attributes{.permissions = permissions, .links = links};
    if (auto process = subject.process()) {
        auto who = (*process)->credentials();
        attributes.uid = who.effective_uid, attributes.gid = who.effective_gid;
    }
    return attributes;
}

Result<void> check_may_inspect(const Subject& subject) {
    if (!task::current().owner()) return {};  // the host asks, in a thread of the kernel's
    auto& own = current_task().process();
    if (own.id() == subject.process_id) return {};
    auto from = own.credentials(), to = TRY(subject.process())->credentials();
    if (from.may(Capability::trace) || (from.file_uid == to.uid && from.file_uid == to.saved_uid && from.file_uid == to.effective_uid)) return {};
    return fail(Error::access_denied);
}

namespace {

Result<void> show_memory_range(const Subject& subject, TextSink& out, VirtAddr ImageInfo::* from, VirtAddr ImageInfo::* to) {
    auto process = TRY(subject.process());
    auto memory = process->memory();
    if (!memory) return {};
    VirtAddr at, end;
    {
        Guard guard(process->image_lock);
        at = process->image.*from, end = process->image.*to;
    }
    std::byte part[256];
    while (at < end) {
        auto size = std::min<u64>(sizeof part, end - at);
        auto read = memory->read(at, {part, size});
        if (!read || *read == 0) return {};
        TRY(out.write({reinterpret_cast<const char*>(part), *read}));
        at = at + *read;
    }
    return {};
}

Result<void> show_arguments(const Subject& subject, TextSink& out) {
    return show_memory_range(subject, out, &ImageInfo::arguments, &ImageInfo::arguments_end);
}
Result<void> show_environment(const Subject& subject, TextSink& out) {
    TRY(check_may_inspect(subject));
    return show_memory_range(subject, out, &ImageInfo::environment, &ImageInfo::environment_end);
}
Result<void> show_auxiliary(const Subject& subject, TextSink& out) {
    TRY(check_may_inspect(subject));
    return show_memory_range(subject, out, &ImageInfo::auxiliary, &ImageInfo::auxiliary_end);
}

Result<void> show_name(const Subject& subject, TextSink& out) {
    auto task = TRY(subject.task());
    return out.print("{}\n", std::string_view(task->name, strnlen(task->name, sizeof task->name)));
}
Result<void> take_name(const Subject& subject, std::string_view text) {
    if (current_task().process_id() != subject.process_id) return fail(Error::invalid);
    auto task = TRY(subject.task());
    text = text.substr(0, text.find('\n')).substr(0, sizeof task->name - 1);
    std::ranges::fill(task->name, '\0');
    text.copy(task->name, sizeof task->name - 1);
    return {};
}

/// Nothing here kills for lack of memory by score; the number is kept for those who set it.
Result<void> show_score(const Subject& subject, TextSink& out) { return out.print("{}\n", TRY(subject.process())->kill_score.load(std::memory_order_relaxed)); }
Result<void> take_score(const Subject& subject, std::string_view text) {
    bool negative = text.starts_with('-');
    auto number = TRY(parse_number(negative ? text.substr(1) : text));
    if (number > 1000) return fail(Error::invalid);
    TRY(subject.process())->kill_score.store(negative ? -static_cast<i32>(number) : static_cast<i32>(number), std::memory_order_relaxed);
    return {};
}
Result<void> show_zero(const Subject&, TextSink& out) { return out.write("0\n"); }
Result<void> show_group(const Subject&, TextSink& out) { return out.write("0::/\n"); }
Result<void> show_login(const Subject&, TextSink& out) { return out.write("4294967295"); }
Result<void> take_login(const Subject&, std::string_view text) { return parse_number(text).transform([](u64) {}); }
Result<void> show_identity_map(const Subject&, TextSink& out) { return out.write("         0          0 4294967295\n"); }
Result<void> show_wait_channel(const Subject&, TextSink& out) { return out.write("0"); }
Result<void> print_bits(TextSink& out, u32 bits) {
    for (int shift = 28; shift >= 0; shift -= 4) TRY(out.print("{}", "0123456789abcdef"[bits >> shift & 15]));
    return out.write("\n");
}
Result<void> show_personality(const Subject& subject, TextSink& out) { return print_bits(out, TRY(subject.task())->personality); }
Result<void> show_schedule(const Subject& subject, TextSink& out) {
    auto task = TRY(subject.task());
    Duration ran;
    u64 slices;
    {
        TreeGuard guard(tree_lock());
        if (!task->process_link.linked) return fail(Error::no_process);
        ran = task->thread().run_time();
        slices = task->thread().voluntary_switches() + task->thread().involuntary_switches();
    }
    return out.print("{} 0 {}\n", ran.nanoseconds, slices);
}
Result<void> show_io(const Subject& subject, TextSink& out) {
    TRY(check_may_inspect(subject));
    Usage used;
    if (subject.is_task()) {
        auto task = TRY(subject.task());
        TreeGuard guard(tree_lock());  // its thread may be ending
        used = task->usage();
    } else {
        auto process = TRY(subject.process());
        used = usage_of(*process);
        TreeGuard guard(tree_lock());
        used += process->dead_children;
    }
    // Which process made a disk read or write is not known: pages are everybody's.
    return out.print("rchar: {}\nwchar: {}\nsyscr: {}\nsyscw: {}\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n", used.read_bytes, used.written_bytes,
                     used.reads, used.writes);
}

Result<Shared<fs::Dentry>> root_of(const Subject& subject) {
    auto place = TRY(subject.task())->place_seen_by_others();
    if (!place) return fail(Error::no_process);
    return place->root();
}
Result<void> show_own_mounts(const Subject& subject, TextSink& out) { return show_mounts(*TRY(root_of(subject)), out); }
Result<void> show_own_mount_info(const Subject& subject, TextSink& out) { return show_mount_info(*TRY(root_of(subject)), out); }

Result<Shared<fs::Dentry>> follow_directory(const Subject& subject) {
    TRY(check_may_inspect(subject));
    auto place = TRY(subject.task())->place_seen_by_others();
    if (!place) return fail(Error::no_process);
    return place->directory();
}
Result<Shared<fs::Dentry>> follow_root(const Subject& subject) {
    TRY(check_may_inspect(subject));
    return root_of(subject);
}
Result<Shared<fs::Dentry>> follow_program(const Subject& subject) {
    TRY(check_may_inspect(subject));
    auto process = TRY(subject.process());
    Guard guard(process->image_lock);
    auto* entry = process->image.file ? process->image.file->dentry() : nullptr;
    if (!entry) return fail(Error::not_found);
    return Shared(*entry);
}

Result<void> show_core_filter(const Subject& subject, TextSink& out) {
    return print_bits(out, TRY(subject.process())->core_filter.load(std::memory_order_relaxed));
}
/// Decimal, or hexadecimal behind "0x" [core(5)]. Unknown bits are dropped, as on Linux.
Result<void> take_core_filter(const Subject& subject, std::string_view text) {
    TRY(check_may_inspect(subject));
    u64 bits = 0;
    if (!text.starts_with("0x")) bits = TRY(parse_number(text));
    else for (char c : text.substr(2, text.find('\n') - 2)) {
        u32 letter = static_cast<u32>(c | 0x20) - 'a', digit = static_cast<u32>(c) - '0';
        if (digit > 9 && letter > 5) return fail(Error::invalid);
        bits = bits << 4 | (digit <= 9 ? digit : letter + 10);
    }
    TRY(subject.process())->core_filter.store(bits & every_core_filter, std::memory_order_relaxed);
    return {};
}

enum class Where : u8 { everywhere, process_only };

struct Row {
    std::string_view name;
    Result<void> (*show)(const Subject&, TextSink&) = nullptr;
    Result<u64> (*show_piece)(const Subject&, TextSink&, u64 from) = nullptr;  ///< instead of `show`, where there may be much
    Result<void> (*take)(const Subject&, std::string_view) = nullptr;
    Result<Shared<fs::Dentry>> (*follow)(const Subject&) = nullptr;   ///< a link
    Result<Shared<Node>> (*directory)(Subject) = nullptr;
    u16 permissions = 0444;
    Where where = Where::everywhere;
    bool watched = false;  ///< there are programs that wait for changes

    fs::FileType type() const { return follow ? fs::FileType::link : directory ? fs::FileType::directory : fs::FileType::regular; }
};

Result<Shared<Node>> make_task_list(Subject subject);
/// There is one network for all.
Result<Shared<Node>> find_network_directory(Subject) { return find_in_table(system_rows(), "", 0, "net"); }

constexpr Row rows[] = {
    {.name = "auxv", .show = show_auxiliary, .permissions = 0400},
    {.name = "cgroup", .show = show_group},
    {.name = "cmdline", .show = show_arguments},
    {.name = "comm", .show = show_name, .take = take_name, .permissions = 0644},
    {.name = "coredump_filter", .show = show_core_filter, .take = take_core_filter, .permissions = 0644},
    {.name = "cwd", .follow = follow_directory},
    {.name = "environ", .show = show_environment, .permissions = 0400},
    {.name = "exe", .follow = follow_program},
    {.name = "fd", .directory = make_descriptor_directory},
    {.name = "fdinfo", .directory = make_descriptor_info_directory},
    {.name = "gid_map", .show = show_identity_map},
    {.name = "io", .show = show_io, .permissions = 0400},
    {.name = "limits", .show = show_limits},
    {.name = "loginuid", .show = show_login, .take = take_login, .permissions = 0644},
    {.name = "maps", .show_piece = show_maps},
    {.name = "mountinfo", .show = show_own_mount_info, .watched = true},
    {.name = "mounts", .show = show_own_mounts, .watched = true},
    {.name = "net", .directory = find_network_directory},
    {.name = "ns", .directory = make_namespace_directory},
    {.name = "oom_score", .show = show_zero},
    {.name = "oom_score_adj", .show = show_score, .take = take_score, .permissions = 0644},
    {.name = "personality", .show = show_personality, .permissions = 0400},
    {.name = "root", .follow = follow_root},
    {.name = "schedstat", .show = show_schedule},
    {.name = "smaps", .show_piece = show_detailed_maps},
    {.name = "smaps_rollup", .show = show_map_sums},
    {.name = "stat", .show = show_stat},
    {.name = "statm", .show = show_memory_pages},
    {.name = "status", .show = show_status},
    {.name = "task", .directory = make_task_list, .permissions = 0555, .where = Where::process_only},
    {.name = "uid_map", .show = show_identity_map},
    {.name = "wchan", .show = show_wait_channel},
};

class ProcessText final : public GeneratedText {
public:
    ProcessText(Subject subject, const Row& row) : subject_(subject), row_(row) {}
    u64 number() const override { return subject_.inode_number(16 + static_cast<u64>(&row_ - rows)); }
    NodeAttributes attributes() override { return attributes_of(subject_, row_.permissions); }
    Result<u64> produce_piece(TextSink& out, u64 from) override {
        if (row_.show_piece) return row_.show_piece(subject_, out, from);
        TRY(row_.show(subject_, out));
        return no_more;
    }
    bool can_be_watched() const override { return row_.watched; }
    Result<void> accept(std::string_view text) override { return row_.take ? row_.take(subject_, text) : fail(Error::not_permitted); }

private:
    Subject subject_;
    const Row& row_;
};

class ProcessLink final : public GeneratedLink {
public:
    ProcessLink(Subject subject, const Row& row) : subject_(subject), row_(row) {}
    u64 number() const override { return subject_.inode_number(16 + static_cast<u64>(&row_ - rows)); }
    NodeAttributes attributes() override { return attributes_of(subject_, 0777); }
    Result<Shared<fs::Dentry>> follow(const fs::Context&) override { return row_.follow(subject_); }
    Result<Text> target() override {
        auto entry = TRY(row_.follow(subject_));
        auto root = TRY(root_of({current_task().process_id(), current_task().id()}));
        auto buffer = TRY(Text::reserve(4096));
        return Text::copy(TRY(fs::path_of(*root, *entry, buffer.buffer())));
    }

private:
    Subject subject_;
    const Row& row_;
};

class ProcessDirectory final : public GeneratedDirectory {
public:
    explicit ProcessDirectory(Subject subject) : subject_(subject) {}
    u64 number() const override { return subject_.inode_number(0); }
    NodeAttributes attributes() override { return attributes_of(subject_, 0555, 2); }
    Result<Shared<Node>> find(std::string_view name) override {
        if (!subject_.process()) return fail(Error::not_found);
        for (auto& row : rows) {
            if (row.name != name || !is_here(row)) continue;
            if (row.directory) return row.directory(subject_);
            if (row.follow) return Shared<Node>(TRY(make_shared<ProcessLink>(subject_, row)));
            return Shared<Node>(TRY(make_shared<ProcessText>(subject_, row)));
        }
        return fail(Error::not_found);
    }
    Result<void> list(NodeLister& lister) override {
        u64 key = 0;
        for (auto& row : rows)
            if (++key; is_here(row) && !lister.entry(row.name, row.type(), key)) break;
        return {};
    }

private:
    bool is_here(const Row& row) const { return row.where == Where::everywhere || !subject_.is_task(); }
    Subject subject_;
};

/// task/: a directory for each of the process's tasks.
class TaskList final : public GeneratedDirectory {
public:
    explicit TaskList(Subject subject) : subject_(subject) {}
    u64 number() const override { return subject_.inode_number(3); }
    /// Links count the directories: who wants to know whether it has one thread only looks here (Chromium).
    NodeAttributes attributes() override {
        auto process = subject_.process();
        return attributes_of(subject_, 0555, process ? 2 + (*process)->live_tasks : 2);
    }
    Result<Shared<Node>> find(std::string_view name) override {
        auto number = parse_number(name);
        if (!number || *number == 0 || *number > 0x7fff'ffff) return fail(Error::not_found);
        Subject subject{subject_.process_id, static_cast<i32>(*number)};
        if (!subject.task()) return fail(Error::not_found);
        return make_process_directory(subject);
    }
    Result<void> list(NodeLister& lister) override {
        auto at = static_cast<i32>(lister.after());
        while (auto next = next_after(at)) {
            at = *next;
            char name[12];
            if (!lister.entry(format_to(name, "{}", at), fs::FileType::directory, static_cast<u64>(at))) break;
        }
        return {};
    }

private:
    std::optional<i32> next_after(i32 id) const {
        TreeGuard guard(tree_lock());
        auto* process = tree().processes.find(subject_.process_id);
        std::optional<i32> best;
        if (process)
            for (auto& task : process->tasks)
                if (task.id() > id && (!best || task.id() < *best)) best = task.id();
        return best;
    }
    Subject subject_;
};

Result<Shared<Node>> make_task_list(Subject subject) { return Shared<Node>(TRY(make_shared<TaskList>(subject))); }

}  // namespace

Result<Shared<Node>> make_process_directory(Subject subject) { return Shared<Node>(TRY(make_shared<ProcessDirectory>(subject))); }

}  // namespace spore::linux::proc
