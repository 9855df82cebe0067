#include "kernel/linux/event/inotify_file.hpp"

#include "arch/user_memory.hpp"
#include "base/format.hpp"
#include "kernel/linux/limits.hpp"

namespace spore::linux {

using fs::Ready;

namespace {

/// struct inotify_event; the name follows, with zeros up to a multiple of the header's size.
struct Header {
    i32 watch;
    u32 mask, cookie, name_size;
};
static_assert(sizeof(Header) == 16);

u32 padded(std::size_t name) { return name ? static_cast<u32>(align_up(name + 1, sizeof(Header))) : 0; }

constinit std::atomic<u64> instances = 0, watches = 0;

/// Counts one more, unless that would be more than `limit`.
bool take_one(std::atomic<u64>& count, u64 limit) {
    if (count.fetch_add(1, std::memory_order_relaxed) < limit) return true;
    count.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

}  // namespace

struct InotifyFile::Event {
    Header header;
    Text name;
    Event* next = nullptr;

    u64 size() const { return sizeof header + header.name_size; }
    bool repeats(const Header& other, std::string_view other_name) const {
        return header.watch == other.watch && header.mask == other.mask && name.view() == other_name;
    }
};

class InotifyFile::Watch final : public fs::InodeWatch {
public:
    Watch(InotifyFile& owner, fs::Dentry& entry, i32 number, u32 mask) : InodeWatch(entry), owner(owner), number(number), mask(mask) {}
    ~Watch() override { watches.fetch_sub(1, std::memory_order_relaxed); }

    void changed(const fs::ChangeNote& note) override {
        u32 what = static_cast<u32>(note.what);
        if (!(mask & what)) return;
        if ((mask & in_exclude_unlinked) && note.of_unnamed && !note.name.empty()) return;
        bool of_self = note.what == fs::Change::deleted_self || note.what == fs::Change::moved_self;
        owner.put(number, what | (note.of_directory && !of_self ? u32{in_is_directory} : 0), note.cookie, note.name);
        if (!(mask & in_one_shot)) return;
        remove();
        inode_ended();
    }
    void inode_ended() override {
        owner.put(number, in_ignored, 0, {});
        leave_list();
        delete this;
    }
    void leave_list() {
        auto** at = &owner.watches_;
        while (*at != this) at = &(*at)->following;
        *at = following;
    }

    InotifyFile& owner;
    i32 number;
    u32 mask;
    Watch* following = nullptr;
};

InotifyFile::InotifyFile(fs::OpenMode mode) : File(mode) {}

Result<Shared<InotifyFile>> InotifyFile::create(fs::OpenMode mode) {
    if (!take_one(instances, system_limits.inotify_instances.load(std::memory_order_relaxed))) return fail(Error::too_many_files);
    auto* made = new (std::nothrow) InotifyFile(mode);
    if (!made) {
        instances.fetch_sub(1, std::memory_order_relaxed);
        return fail(Error::no_memory);
    }
    auto file = Shared<InotifyFile>::adopt(made);
    file->overflow_ = TRY(make_owned<Event>(Header{-1, in_overflow, 0, 0}));
    return file;
}

InotifyFile::~InotifyFile() {
    Watch* left;
    {
        Guard guard(fs::InodeWatch::mutex());
        left = std::exchange(watches_, nullptr);
        for (auto* watch = left; watch; watch = watch->following) watch->remove();
    }
    while (left) delete std::exchange(left, left->following);  // may end inodes, so without the mutex
    while (first_) delete std::exchange(first_, first_->next);
    instances.fetch_sub(1, std::memory_order_relaxed);
}

InotifyFile::Watch* InotifyFile::find(const fs::Inode& inode) {
    for (auto* watch = watches_; watch; watch = watch->following)
        if (&watch->inode() == &inode) return watch;
    return nullptr;
}

Result<void> InotifyFile::visit_watches(Visitor visit, void* context) {
    Guard guard(fs::InodeWatch::mutex());
    for (auto* watch = watches_; watch; watch = watch->following) TRY(visit(context, watch->number, watch->inode(), watch->mask));
    return {};
}

Result<u64> InotifyFile::watch(fs::Dentry& entry, u32 mask) {
    u32 kept = mask & (in_all_events | in_exclude_unlinked | in_one_shot);
    Guard guard(fs::InodeWatch::mutex());
    if (auto* watch = find(*entry.inode())) {
        if (mask & in_mask_create) return fail(Error::exists);
        watch->mask = mask & in_mask_add ? watch->mask | kept : kept;
        return static_cast<u64>(watch->number);
    }
    if (!take_one(watches, system_limits.inotify_watches.load(std::memory_order_relaxed))) return fail(Error::no_space);
    auto* made = new (std::nothrow) Watch(*this, entry, last_number_ + 1, kept);
    if (!made) {
        watches.fetch_sub(1, std::memory_order_relaxed);
        return fail(Error::no_memory);
    }
    made->following = std::exchange(watches_, made);
    made->add();
    return static_cast<u64>(++last_number_);
}

Result<void> InotifyFile::forget(i32 number) {
    Owned<Watch> gone;  // may end an inode, so it goes after the mutex
    Guard guard(fs::InodeWatch::mutex());
    auto* watch = watches_;
    while (watch && watch->number != number) watch = watch->following;
    if (!watch) return fail(Error::invalid);
    watch->remove();
    watch->leave_list();
    put(number, in_ignored, 0, {});
    gone.reset(watch);
    return {};
}

/// An event for which there is no room, or no memory, is lost; the record kept for that says so.
void InotifyFile::put(i32 watch, u32 mask, u32 cookie, std::string_view name) {
    Header header{watch, mask, cookie, padded(name.size())};
    auto event = make_owned<Event>(header);
    if (event && !name.empty()) {
        if (auto copy = Text::copy(name)) (*event)->name = std::move(*copy);
        else event = fail(copy.error());
    }
    {
        Guard guard(lock_);
        if (last_ && last_->repeats(header, name)) return;
        bool lost = !event || count_ >= system_limits.inotify_events.load(std::memory_order_relaxed);
        auto* added = lost ? overflow_.release() : event->release();
        if (!added) return;  // it was said already
        (last_ ? last_->next : first_) = added;
        last_ = added;
        ++count_;
        readers_.wake_all();
    }
    source_.notify(Ready::in);
}

Result<u64> InotifyFile::read(fs::IoBuffer& into) {
    u64 done = 0;
    while (true) {
        Owned<Event> event;
        {
            Guard guard(lock_);
            while (!first_) {
                if (done) return done;
                if (mode_.nonblocking) return fail(Error::would_block);
                TRY(readers_.wait(lock_, sync::Interruptible::yes));
            }
            if (first_->size() > into.remaining()) return done ? Result<u64>(done) : fail(Error::invalid);
            event.reset(first_);
            first_ = event->next;
            if (!first_) last_ = nullptr;
            --count_;
        }
        const auto& header = event->header;
        auto name = event->name.view();
        TRY(into.put(bytes_of(header)));
        TRY(into.put(std::as_bytes(std::span(name))));
        TRY(into.put_zeros(header.name_size - name.size()));
        done += event->size();
        if (!(header.mask & in_overflow)) continue;
        Guard guard(lock_);
        overflow_ = std::move(event);
    }
}

Result<u64> InotifyFile::ioctl(u32 request, u64 argument) {
    constexpr u32 bytes_to_read = 0x541b;  // FIONREAD [asm-generic/ioctls.h]
    if (request != bytes_to_read) return fail(Error::not_a_terminal);
    i32 size = 0;
    {
        Guard guard(lock_);
        for (auto* event = first_; event; event = event->next) size += static_cast<i32>(event->size());
    }
    TRY(arch::copy_to_program({argument}, &size, sizeof size));
    return 0;
}

Ready InotifyFile::ready() {
    Guard guard(lock_);
    return first_ ? Ready::in : Ready::none;
}

std::string_view InotifyFile::describe(std::span<char> buffer) { return format_to(buffer, "anon_inode:inotify"); }

}  // namespace spore::linux
