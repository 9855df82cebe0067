// fd and fdinfo: a process's open files [proc_pid_fd(5)].
#include "kernel/fs/special_file.hpp"
#include "kernel/linux/octal.hpp"
#include "kernel/linux/proc/process_files.hpp"
#include "kernel/linux/proc/table_tree.hpp"
#include "kernel/linux/uapi/open.hpp"

namespace spore::linux::proc {

using namespace fs::generated;

namespace {

/// What opens as the very description it stands for: a file that has neither a place in the tree nor an inode to open anew.
class DescriptionInode final : public fs::Inode {
public:
    DescriptionInode(fs::FileSystem& file_system, Shared<fs::File> file, fs::FileType type)
        : Inode(file_system, 1, type), file_(std::move(file)) {}
    Result<fs::Stat> stat() override { return file_->stat(); }
    Result<Shared<fs::File>> open(fs::Dentry&, fs::OpenMode mode) override {
        auto own = file_->mode();
        if ((mode.read && !own.read) || (mode.write && !own.write)) return fail(Error::access_denied);
        return file_;
    }
    Result<void> truncate(u64) override { return {}; }

private:
    Shared<fs::File> file_;
};

Result<Shared<fs::File>> file_of(const Subject& subject, i32 descriptor) {
    auto files = TRY(subject.task())->files_seen_by_others();
    if (!files) return fail(Error::not_found);
    auto file = files->get({descriptor});
    if (!file) return fail(Error::not_found);
    return file;
}

class DescriptorLink final : public GeneratedLink {
public:
    DescriptorLink(Subject subject, i32 descriptor) : subject_(subject), descriptor_(descriptor) {}
    u64 number() const override { return subject_.inode_number(0x10000 + static_cast<u32>(descriptor_)); }
    NodeAttributes attributes() override {
        u16 permissions = 0500;
        if (auto file = file_of(subject_, descriptor_)) {
            auto mode = (*file)->mode();
            permissions = static_cast<u16>(0100 | (mode.read ? 0400 : 0) | (mode.write ? 0200 : 0));
        }
        return attributes_of(subject_, permissions);
    }
    Result<Text> target() override {
        TRY(check_may_inspect(subject_));
        char buffer[512];
        return Text::copy(TRY(file_of(subject_, descriptor_))->describe(buffer));
    }
    Result<Shared<fs::Dentry>> follow(const fs::Context& context) override {
        TRY(check_may_inspect(subject_));
        auto file = TRY(file_of(subject_, descriptor_));
        if (auto* entry = file->dentry()) return Shared(*entry);
        char buffer[128];
        auto name = file->describe(buffer);
        auto& mount = context.root.mount();
        if (auto* inode = file->inode()) return fs::Dentry::create(Shared(mount), nullptr, name, Shared(*inode));
        auto stat = file->stat();
        auto type = stat && stat->type != fs::FileType::unknown ? stat->type : fs::FileType::regular;
        Shared<fs::Inode> inode = TRY(make_shared<DescriptionInode>(mount.file_system(), file, type));
        return fs::Dentry::create(Shared(mount), nullptr, name, std::move(inode));
    }

private:
    Subject subject_;
    i32 descriptor_;
};

class DescriptorInfo final : public GeneratedText {
public:
    DescriptorInfo(Subject subject, i32 descriptor) : subject_(subject), descriptor_(descriptor) {}
    u64 number() const override { return subject_.inode_number(0x20000 + static_cast<u32>(descriptor_)); }
    NodeAttributes attributes() override { return attributes_of(subject_, 0444); }
    Result<void> produce(TextSink& out) override {
        TRY(check_may_inspect(subject_));
        auto file = TRY(file_of(subject_, descriptor_));
        auto position = file->seek(0, fs::Whence::current);
        Octal flags(flags_of(file->mode()) | o_large_file);
        auto* entry = file->dentry();
        auto* inode = file->inode();
        return out.print("pos:\t{}\nflags:\t0{}\nmnt_id:\t{}\nino:\t{}\n", position ? *position : 0, flags.view(), entry ? entry->mount().id() + 20 : 15, inode ? inode->number() : 1);
    }

private:
    Subject subject_;
    i32 descriptor_;
};

template <typename Item>
class Descriptors final : public GeneratedDirectory {
public:
    explicit Descriptors(Subject subject) : subject_(subject) {}
    u64 number() const override { return subject_.inode_number(is_links ? 1 : 2); }
    NodeAttributes attributes() override { return attributes_of(subject_, is_links ? 0500 : 0555, 2); }
    Result<Shared<Node>> find(std::string_view name) override {
        auto number = parse_number(name);
        if (!number || *number > 0x7fff'ffff || (name.size() > 1 && name[0] == '0')) return fail(Error::not_found);
        auto descriptor = static_cast<i32>(*number);
        (void)TRY(file_of(subject_, descriptor));
        return Shared<Node>(TRY(make_shared<Item>(subject_, descriptor)));
    }
    Result<void> list(NodeLister& lister) override {
        TRY(check_may_inspect(subject_));
        auto files = TRY(subject_.task())->files_seen_by_others();
        if (!files) return {};
        // A descriptor's key is the number after it.
        for (auto at = files->next(static_cast<i32>(lister.after())); at; at = files->next(*at + 1)) {
            char name[12];
            if (!lister.entry(format_to(name, "{}", *at), is_links ? fs::FileType::link : fs::FileType::regular, static_cast<u64>(*at) + 1)) return {};
        }
        return {};
    }

private:
    static constexpr bool is_links = std::is_same_v<Item, DescriptorLink>;
    Subject subject_;
};

}  // namespace

Result<Shared<Node>> make_descriptor_directory(Subject subject) { return Shared<Node>(TRY(make_shared<Descriptors<DescriptorLink>>(subject))); }
Result<Shared<Node>> make_descriptor_info_directory(Subject subject) { return Shared<Node>(TRY(make_shared<Descriptors<DescriptorInfo>>(subject))); }

}  // namespace spore::linux::proc
