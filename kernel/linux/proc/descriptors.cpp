// fd and fdinfo: a process's open files [proc_pid_fd(5)].
#include "kernel/fs/special_file.hpp"
#include "kernel/linux/event/event_file.hpp"
#include "kernel/linux/event/inotify_file.hpp"
#include "kernel/linux/event/signal_file.hpp"
#include "kernel/linux/event/timer_file.hpp"
#include "kernel/linux/octal.hpp"
#include "kernel/linux/poll/epoll.hpp"
#include "kernel/linux/poll/waiter.hpp"
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

/// A number in hexadecimal or decimal, with what stands before it to make it so wide.
struct Padded {
    char text[24];
    std::string_view view;
    Padded(u64 number, std::size_t width, char with = ' ', bool hexadecimal = true) {
        char digits[24];
        auto shown = hexadecimal ? format_to(digits, "{:x}", number) : format_to(digits, "{}", number);
        std::size_t lead = shown.size() < width ? width - shown.size() : 0;
        std::fill_n(text, lead, with);
        shown.copy(text + lead, shown.size());
        view = {text, lead + shown.size()};
    }
};

/// A device's number as Linux's kernel holds it, from the form that stat has [makedev(3)].
u64 kernel_device(u64 device) { return (device >> 8 & 0xfff) << 20 | (device & 0xff) | (device >> 12 & 0xfff00); }

struct Place {
    u64 inode = 1, device = 0;
    explicit Place(Result<fs::Stat> stat) {
        if (stat && stat->inode) inode = stat->inode, device = kernel_device(stat->device);
    }
};

Result<void> show_watch(void* context, i32 number, fs::Inode& inode, u32 mask) {
    Place place(inode.stat());
    return static_cast<TextSink*>(context)->print("inotify wd:{:x} ino:{:x} sdev:{:x} mask:{:x} ignored_mask:0 \n", number, place.inode, place.device, mask);
}

/// What there is to tell of files of some kinds [proc_pid_fdinfo(5)].
Result<void> show_state(fs::File& file, TextSink& out) {
    switch (file.kind()) {
    case fs::FileKind::event: {
        auto state = state_of_event_file(file);
        return out.print("eventfd-count: {}\neventfd-id: {}\neventfd-semaphore: {}\n", Padded(state.count, 16).view, state.id, state.takes == EventCount::one ? 1 : 0);
    }
    case fs::FileKind::signal: return out.print("sigmask:\t{}\n", Padded(static_cast<SignalFile&>(file).mask().bits, 16, '0').view);
    case fs::FileKind::timer: {
        auto& timer = static_cast<TimerFile&>(file);
        auto setting = timer.setting();
        auto left = Timespec::of(setting.remaining), interval = Timespec::of(setting.interval);
        return out.print("clockid: {}\nticks: {}\nsettime flags: 0{}\nit_value: ({}, {})\nit_interval: ({}, {})\n", timer.clock(), setting.expired ? 1 : 0,
                         setting.flags, left.seconds, left.nanoseconds, interval.seconds, interval.nanoseconds);
    }
    case fs::FileKind::epoll:
        return static_cast<Epoll&>(file).for_each_watched([&](fs::File& watched, i32 descriptor, const EpollEvent& event) {
            auto position = watched.seek(0, fs::Whence::current);
            Place place(watched.stat());
            return out.print("tfd: {} events: {} data: {}  pos:{} ino:{:x} sdev:{:x}\n", Padded(static_cast<u32>(descriptor), 8, ' ', false).view,
                             Padded(event.events | static_cast<u32>(always_told), 8).view, Padded(event.data, 16).view, position ? *position : 0, place.inode,
                             place.device);
        });
    case fs::FileKind::inotify: return static_cast<InotifyFile&>(file).visit_watches(show_watch, &out);
    default: return {};
    }
}

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
        TRY(out.print("pos:\t{}\nflags:\t0{}\nmnt_id:\t{}\nino:\t{}\n", position ? *position : 0, flags.view(), entry ? entry->mount().id() + 20 : 15, inode ? inode->number() : 1));
        return show_state(*file, out);
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
