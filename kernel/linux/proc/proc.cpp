// The root of /proc, and where it and /sys are mounted.
#include "kernel/linux/proc/proc.hpp"

#include "kernel/linux/proc/process_files.hpp"
#include "kernel/linux/proc/settings.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux {

using namespace fs::generated;

namespace {

/// A link whose text is made for whoever reads it.
class TextLink final : public GeneratedLink {
public:
    using Make = std::string_view (*)(std::span<char> buffer);
    TextLink(u64 number, Make make) : number_(number), make_(make) {}
    u64 number() const override { return number_; }
    Result<Text> target() override {
        if (!task::current().owner()) return fail(Error::not_found);  // the host asks, who is no process
        char buffer[64];
        return Text::copy(make_(buffer));
    }

private:
    u64 number_;
    Make make_;
};

struct Link {
    std::string_view name;
    TextLink::Make make;
};
constexpr Link links[] = {
    {"self", [](std::span<char> buffer) { return format_to(buffer, "{}", current_task().process_id()); }},
    {"thread-self", [](std::span<char> buffer) { return format_to(buffer, "{}/task/{}", current_task().process_id(), current_task().id()); }},
    {"mounts", [](std::span<char>) { return std::string_view("self/mounts"); }},
};

class ProcRoot final : public GeneratedDirectory {
public:
    Result<Shared<Node>> find(std::string_view name) override {
        if (auto id = proc::parse_number(name)) return find_process_directory(name, *id);
        u64 number = 8;
        for (auto& link : links)
            if (++number; link.name == name) return Shared<Node>(TRY(make_shared<TextLink>(number, link.make)));
        if (name == "sys") return proc::make_table_tree(proc::settings());
        return proc::find_in_table(proc::system_rows(), "", 0, name);
    }
    Result<void> list(NodeLister& lister) override {
        TRY(proc::list_table(proc::system_rows(), "", lister));
        u64 key = links_key;
        for (auto& link : links)
            if (!lister.entry(link.name, fs::FileType::link, key++)) return {};
        if (!lister.entry("sys", fs::FileType::directory, key)) return {};
        u64 from = lister.after() > processes_key ? lister.after() - processes_key + 1 : 1;
        while (true) {
            i32 id;
            {
                TreeGuard guard(tree_lock());
                auto* process = tree().processes.next(static_cast<i32>(from));
                if (!process) return {};
                id = process->id();
            }
            char name[12];
            if (!lister.entry(format_to(name, "{}", id), fs::FileType::directory, processes_key + static_cast<u64>(id))) return {};
            from = static_cast<u64>(id) + 1;
        }
    }

private:
    static constexpr u64 links_key = 1 << 16, processes_key = 1 << 17;

    static Result<Shared<Node>> find_process_directory(std::string_view name, u64 number) {
        if (name[0] == '0' || number > 0x7fff'ffff) return fail(Error::not_found);
        auto id = static_cast<i32>(number);
        if (find_process(id)) return proc::make_process_directory({.process_id = id});
        // A thread's number is not listed, but found [proc(5)].
        if (auto task = find_task(id)) return proc::make_process_directory({.process_id = task->process_id(), .task_id = id});
        return fail(Error::not_found);
    }
};

Result<void> mount_at(fs::Dentry& root, std::string_view path, const char* kind, u64 magic, Shared<Node> tree) {
    fs::Context context{.root = root, .directory = root};
    auto at = fs::resolve(context, root, path, fs::Follow::yes);
    if (!at) return {};  // the image's owner wants none
    return fs::mount(**at, TRY(GeneratedFileSystem::create(kind, magic, std::move(tree))), false);
}

}  // namespace

Result<void> mount_kernel_files(fs::Dentry& root) {
    constexpr u64 proc_magic = 0x9fa0, sysfs_magic = 0x6265'6572;  // [linux/magic.h]
    TRY(mount_at(root, "/proc", "proc", proc_magic, TRY(make_shared<ProcRoot>())));
    return mount_at(root, "/sys", "sysfs", sysfs_magic, TRY(proc::make_table_tree(proc::sys_rows())));
}

}  // namespace spore::linux
