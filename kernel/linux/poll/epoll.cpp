// Each watched file has an Item, which observes it and puts itself on the list of those that may be ready. wait() looks at the items on the
// list, tells those that are ready, and keeps the level-triggered ones listed until a look finds them idle.
//
// Locks: items_lock_ (sleeps not, but is held over allocation-free work only) guards the items; ready_lock_, taken inside notify(),
// guards the list. A file leaves the set when its last descriptor is closed: an Item holds its file weakly through the descriptor table's owners.
#include "kernel/linux/poll/epoll.hpp"

#include "base/format.hpp"
#include "kernel/sync/mutex.hpp"

namespace spore::linux {

namespace {

constexpr u32 always_told = 0x08 | 0x10;
constexpr u32 condition_bits = 0x0fff'ffff;

constexpr char epoll_kind = 0;

class EpollFile;

struct Item final : fs::PollObserver {
    void notify(fs::Ready) override;

    EpollFile* owner = nullptr;
    i32 descriptor = -1;
    Shared<fs::File> file;
    fs::PollSource* source = nullptr;
    u32 events = 0;
    u64 data = 0;
    bool disarmed = false;  ///< one-shot, and told
    ListLink<Item> item_link;
    ListLink<Item> ready_link;
};

class EpollFile final : public Epoll {
public:
    EpollFile() : Epoll({.read = true, .write = true}) {}
    ~EpollFile() override {
        while (Item* item = items_.pop_front()) forget(*item);
    }

    Result<void> add(i32 descriptor, Shared<fs::File> file, const EpollEvent& event) override {
        auto* source = file->poll_source();
        if (!source) return fail(Error::not_permitted);
        auto item = TRY(make_owned<Item>());
        Guard guard(items_lock_);
        if (find(descriptor, *file)) return fail(Error::exists);
        item->owner = this, item->descriptor = descriptor, item->file = std::move(file), item->source = source;
        item->events = event.events, item->data = event.data;
        source->attach(*item);
        items_.push_back(*item);
        if (current(*item)) enlist(*item);
        (void)item.release();
        return {};
    }
    Result<void> modify(i32 descriptor, fs::File& file, const EpollEvent& event) override {
        Guard guard(items_lock_);
        auto* item = find(descriptor, file);
        if (!item) return fail(Error::not_found);
        item->events = event.events, item->data = event.data, item->disarmed = false;
        if (current(*item)) enlist(*item);
        return {};
    }
    Result<void> remove(i32 descriptor, fs::File& file) override {
        Guard guard(items_lock_);
        auto* item = find(descriptor, file);
        if (!item) return fail(Error::not_found);
        items_.remove(*item);
        forget(*item);
        return {};
    }

    Result<u64> wait(Task& task, std::span<EpollEvent> into, Instant deadline) override {
        while (true) {
            if (u64 found = collect(into)) return found;
            if (task.wants_attention()) return fail(Error::interrupted);
            Guard guard(ready_lock_);
            if (!ready_.empty()) continue;
            auto woken = waiting_.wait(ready_lock_, sync::Interruptible::yes, deadline);
            if (woken || !ready_.empty()) continue;
            if (woken.error() == Error::timed_out) return 0;
            return fail(woken.error());
        }
    }

    /// May be called under a source's lock.
    void enlist(Item& item) {
        {
            Guard guard(ready_lock_);
            if (!item.ready_link.linked) ready_.push_back(item);
            waiting_.wake_one();
        }
        source_.notify(fs::Ready::in);
    }

    fs::Ready ready() override {
        Guard guard(items_lock_);
        for (auto& item : items_)
            if (item.ready_link.linked && current(item)) return fs::Ready::in;
        return fs::Ready::none;
    }
    fs::PollSource* poll_source() override { return &source_; }
    std::string_view describe(std::span<char> buffer) override { return format_to(buffer, "anon_inode:[eventpoll]"); }
    const void* kind() const override { return &epoll_kind; }

private:
    static u32 current(Item& item) {
        if (item.disarmed) return 0;
        return static_cast<u32>(item.file->ready()) & ((item.events & condition_bits) | always_told);
    }
    Item* find(i32 descriptor, fs::File& file) {
        for (auto& item : items_)
            if (item.descriptor == descriptor && item.file.get() == &file) return &item;
        return nullptr;
    }
    void forget(Item& item) {
        item.source->detach(item);
        {
            Guard guard(ready_lock_);
            if (item.ready_link.linked) ready_.remove(item);
        }
        delete &item;
    }

    /// One pass over the items that may be ready.
    u64 collect(std::span<EpollEvent> into) {
        Guard guard(items_lock_);
        u64 found = 0;
        List<Item, &Item::ready_link> again;
        while (found < into.size()) {
            Item* item;
            {
                Guard ready_guard(ready_lock_);
                item = ready_.pop_front();
            }
            if (!item) break;
            // Off the list before the look: what changes from here on lists it again.
            u32 now = current(*item);
            if (!now) continue;
            into[found++] = {now, item->data};
            if (item->events & epoll_one_shot) item->disarmed = true;
            else if (!(item->events & epoll_edge)) keep(*item, again);
        }
        Guard ready_guard(ready_lock_);
        while (Item* item = again.pop_front()) ready_.push_back(*item);
        return found;
    }
    /// A level-triggered item stays listed, after the others; notify() may have listed it already.
    void keep(Item& item, List<Item, &Item::ready_link>& again) {
        Guard guard(ready_lock_);
        if (!item.ready_link.linked) again.push_back(item);
    }

    sync::Mutex items_lock_;
    List<Item, &Item::item_link> items_;
    sync::Spin ready_lock_;
    List<Item, &Item::ready_link> ready_;
    sync::WaitQueue waiting_;
    fs::PollSource source_;
};

void Item::notify(fs::Ready what) {
    u32 bits = static_cast<u32>(what);
    if (bits && !(bits & ((events & condition_bits) | always_told))) return;
    owner->enlist(*this);
}

}  // namespace

Result<Shared<fs::File>> make_epoll() { return Shared<fs::File>(TRY(make_shared<EpollFile>())); }

Epoll* epoll_of(fs::File& file) { return file.kind() == &epoll_kind ? static_cast<EpollFile*>(&file) : nullptr; }

}  // namespace spore::linux
