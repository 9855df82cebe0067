// ns: the namespaces that a process is in [namespaces(7)]. There is one of each kind, which all are in: programs read the links to learn whether
// two processes share them, and open them to ask the same of descriptors.
#include "kernel/linux/proc/process_files.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/user.hpp"

namespace spore::linux::proc {

using namespace fs::generated;

namespace {

struct Namespace {
    std::string_view name, kind;
    u64 number;  ///< of the first of its kind, as Linux has it [linux include/linux/proc_ns.h]
    u32 flag;    ///< CLONE_NEW… of its kind
};
constexpr u32 user_flag = 0x1000'0000, process_flag = 0x2000'0000;
constexpr Namespace namespaces[] = {
    {"cgroup", "cgroup", 0xeffffffb, 0x200'0000}, {"ipc", "ipc", 0xefffffff, 0x800'0000}, {"mnt", "mnt", 0xf0000001, 0x2'0000}, {"net", "net", 0xf0000000, 0x4000'0000},
    {"pid", "pid", 0xeffffffc, process_flag}, {"pid_for_children", "pid", 0xeffffffc, process_flag}, {"time", "time", 0xeffffffa, 0x80},
    {"time_for_children", "time", 0xeffffffa, 0x80}, {"user", "user", 0xeffffffd, user_flag}, {"uts", "uts", 0xeffffffe, 0x400'0000},
};

/// Holds nothing, and answers questions about its namespace [ioctl_ns(2)].
class NamespaceFile final : public fs::File {
public:
    NamespaceFile(fs::Dentry& entry, const Namespace& which, fs::OpenMode mode) : File(mode), entry_(entry), which_(which) {}
    Result<fs::Stat> stat() override { return inode()->stat(); }
    Result<u64> read(fs::IoBuffer&) override { return fail(Error::invalid); }
    fs::Inode* inode() override { return entry_->inode(); }
    fs::Dentry* dentry() override { return entry_.get(); }
    std::string_view describe(std::span<char> buffer) override { return format_to(buffer, "{}:[{}]", which_.kind, which_.number); }
    Result<u64> ioctl(u32 request, u64 argument) override {
        enum Request : u32 { get_user = 0xb701, get_parent = 0xb702, get_kind = 0xb703, get_owner = 0xb704 };
        switch (request) {
        case get_kind: return which_.flag;
        // The first ones have no parent, and the user namespace that they belong to is its own owner: what lies outside is not to be seen.
        case get_parent: return fail(which_.flag == user_flag || which_.flag == process_flag ? Error::not_permitted : Error::invalid);
        case get_user: return fail(Error::not_permitted);
        case get_owner:
            if (which_.flag != user_flag) return fail(Error::invalid);
            TRY(UserOut<u32>{{argument}}.write(0));
            return 0;
        default: return fail(Error::not_a_terminal);
        }
    }

private:
    Shared<fs::Dentry> entry_;
    const Namespace& which_;
};

/// What a link leads to: a file that is known by its number.
class NamespaceInode final : public fs::Inode {
public:
    NamespaceInode(fs::FileSystem& file_system, const Namespace& which) : Inode(file_system, which.number, fs::FileType::regular), which_(which) {}
    Result<Shared<fs::File>> open(fs::Dentry& entry, fs::OpenMode mode) override {
        if (mode.write) return fail(Error::not_permitted);
        return Shared<fs::File>(TRY(make_shared<NamespaceFile>(entry, which_, mode)));
    }
    Result<fs::Stat> stat() override {
        return fs::Stat{.inode = number(), .device = file_system().device(), .type = fs::FileType::regular, .permissions = 0444, .links = 1};
    }

private:
    const Namespace& which_;
};

class NamespaceLink final : public GeneratedLink {
public:
    NamespaceLink(Subject subject, const Namespace& which) : subject_(subject), which_(which) {}
    u64 number() const override { return subject_.inode_number(0x400 + static_cast<u64>(&which_ - namespaces)); }
    NodeAttributes attributes() override { return attributes_of(subject_, 0777); }
    Result<Text> target() override {
        TRY(check_may_inspect(subject_));
        char buffer[32];
        return Text::copy(name(buffer));
    }
    Result<Shared<fs::Dentry>> follow(const fs::Context& context) override {
        TRY(check_may_inspect(subject_));
        (void)TRY(subject_.process());
        auto& mount = context.root.mount();
        Shared<fs::Inode> inode = TRY(make_shared<NamespaceInode>(mount.file_system(), which_));
        char buffer[32];
        return fs::Dentry::create(Shared(mount), nullptr, name(buffer), std::move(inode));
    }

private:
    std::string_view name(std::span<char> buffer) const { return format_to(buffer, "{}:[{}]", which_.kind, which_.number); }

    Subject subject_;
    const Namespace& which_;
};

class Namespaces final : public GeneratedDirectory {
public:
    explicit Namespaces(Subject subject) : subject_(subject) {}
    u64 number() const override { return subject_.inode_number(4); }
    NodeAttributes attributes() override { return attributes_of(subject_, 0511, 2); }
    Result<Shared<Node>> find(std::string_view name) override {
        for (auto& which : namespaces)
            if (which.name == name) return Shared<Node>(TRY(make_shared<NamespaceLink>(subject_, which)));
        return fail(Error::not_found);
    }
    Result<void> list(NodeLister& lister) override {
        TRY(check_may_inspect(subject_));
        u64 key = 0;
        for (auto& which : namespaces)
            if (!lister.entry(which.name, fs::FileType::link, ++key)) break;
        return {};
    }

private:
    Subject subject_;
};

}  // namespace

Result<Shared<Node>> make_namespace_directory(Subject subject) { return Shared<Node>(TRY(make_shared<Namespaces>(subject))); }

}  // namespace spore::linux::proc
