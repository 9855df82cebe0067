#include "kernel/linux/event/inotify_file.hpp"

#include <boost/intrusive/set.hpp>

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
    void leave_list();
    const fs::File* watcher() const override { return &owner; }

    InotifyFile& owner;
    i32 number;
    u32 mask;
    boost::intrusive::set_member_hook<> by_number;
};

struct InotifyFile::Watches {
    struct NumberOf {
        using type = i32;
        type operator()(const Watch& watch) const { return watch.number; }
    };
    boost::intrusive::set<Watch, boost::intrusive::member_hook<Watch, boost::intrusive::set_member_hook<>, &Watch::by_number>,
                          boost::intrusive::key_of_value<NumberOf>, boost::intrusive::constant_time_size<false>> all;
};

void InotifyFile::Watch::leave_list() { owner.watches_->all.erase(owner.watches_->all.iterator_to(*this)); }

InotifyFile::InotifyFile(fs::OpenMode mode) : File(mode) {}

Result<Shared<InotifyFile>> InotifyFile::create(fs::OpenMode mode) {
    if (!take_one(instances, system_limits.inotify_instances.load(std::memory_order_relaxed))) return fail(Error::too_many_files);
    auto* made = new (std::nothrow) InotifyFile(mode);
    if (!made) {
        instances.fetch_sub(1, std::memory_order_relaxed);
        return fail(Error::no_memory);
    }
    auto file = Shared<InotifyFile>::adopt(made);
    file->watches_ = TRY(make_owned<Watches>());
    file->overflow_ = TRY(make_owned<Event>(Header{-1, in_overflow, 0, 0}));
    return file;
}

InotifyFile::~InotifyFile() {
    while (watches_) {
        Owned<Watch> gone;  // may end an inode, so it goes after the mutex
        Guard guard(fs::InodeWatch::mutex());
        auto first = watches_->all.begin();
        if (first == watches_->all.end()) break;
        gone.reset(&*first);
        gone->remove();
        gone->leave_list();
    }
    while (first_) delete std::exchange(first_, first_->next);
    instances.fetch_sub(1, std::memory_order_relaxed);
}

/// Among those who watch the inode, who are fewer than what one file watches.
InotifyFile::Watch* InotifyFile::find(const InotifyFile& of, const fs::Inode& inode) {
    for (auto* watch = inode.watches; watch; watch = watch->next())
        if (watch->watcher() == &of) return static_cast<Watch*>(watch);
    return nullptr;
}

Result<void> InotifyFile::visit_watches(Visitor visit, void* context) {
    Guard guard(fs::InodeWatch::mutex());
    for (auto at = watches_->all.rbegin(); at != watches_->all.rend(); ++at) TRY(visit(context, at->number, at->inode(), at->mask));
    return {};
}

Result<u64> InotifyFile::watch(fs::Dentry& entry, u32 mask) {
    u32 kept = mask & (in_all_events | in_exclude_unlinked | in_one_shot);
    Guard guard(fs::InodeWatch::mutex());
    if (auto* watch = find(*this, *entry.inode())) {
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
    watches_->all.insert(*made);
    made->add();
    return static_cast<u64>(++last_number_);
}

Result<void> InotifyFile::forget(i32 number) {
    Owned<Watch> gone;  // may end an inode, so it goes after the mutex
    Guard guard(fs::InodeWatch::mutex());
    auto found = watches_->all.find(number);
    if (found == watches_->all.end()) return fail(Error::invalid);
    gone.reset(&*found);
    gone->remove();
    gone->leave_list();
    put(number, in_ignored, 0, {});
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
