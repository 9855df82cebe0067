#include "kernel/linux/poll/epoll.hpp"

#include "base/defer.hpp"
#include "base/format.hpp"
#include "kernel/device/poller.hpp"
#include "kernel/linux/poll/waiter.hpp"

namespace spore::linux {

using fs::Ready;

namespace {

/// Adding one set to another: nobody else may change who is in whom meanwhile.
constinit sync::Mutex nesting;
constexpr unsigned deepest = 5;  // [linux] EP_MAX_NESTS + 1

constexpr u32 private_bits = Epoll::exclusive | Epoll::wake_up | Epoll::one_shot | Epoll::edge;
/// It was one-shot, and told.
bool spent(u32 events) { return !(events & ~private_bits); }
Ready wanted_of(u32 events) { return from_program(events & ~private_bits) | always_told; }

}  // namespace

Result<Shared<Epoll>> Epoll::create() { return make_shared<Epoll>(); }

Epoll::~Epoll() {
    // A file that ends now would look for its items here: it is made to wait, and then finds none.
    Guard guard(watchers_mutex());
    for (auto& bucket : buckets_)
        while (auto* item = bucket.items.first()) erase(*item);
}

std::string_view Epoll::describe(std::span<char> buffer) { return format_to(buffer, "anon_inode:[eventpoll]"); }

Epoll::Item* Epoll::find(const fs::File& file, i32 descriptor) {
    if (!buckets_.size()) return nullptr;
    for (auto& item : buckets_[Item::hash(file, descriptor) & (buckets_.size() - 1)].items)
        if (item.file == &file && item.descriptor == descriptor) return &item;
    return nullptr;
}

Result<void> Epoll::ensure_buckets() {
    constexpr u64 most = 65'536;  // a mebibyte in one place: the lists of very large sets get longer
    if (count_ < buckets_.size() * 2 || buckets_.size() >= most) return {};
    auto more = TRY(HeapArray<Bucket>::create(buckets_.size() ? buckets_.size() * 4 : 16));
    for (auto& bucket : buckets_)
        while (auto* item = bucket.items.pop_front()) more[item->hash() & (more.size() - 1)].items.push_back(*item);
    buckets_ = std::move(more);
    return {};
}

void Epoll::insert(Item& item) {
    buckets_[item.hash() & (buckets_.size() - 1)].items.push_back(item);
    ++count_;
    if (item.file->kind() == fs::FileKind::epoll) ++nested_items_;
    item.file->watch(item);
    item.file->poll_source()->attach(item);
}

/// The file is still whole. With the mutex held, or the set's end.
void Epoll::erase(Item& item) {
    item.file->poll_source()->detach(item);
    item.file->unwatch(item);
    {
        Guard guard(ready_lock_);
        if (item.ready_link.linked) ready_.remove(item);
    }
    if (item.file->kind() == fs::FileKind::epoll) --nested_items_;
    buckets_[item.hash() & (buckets_.size() - 1)].items.remove(item);
    --count_;
    delete &item;
}

/// Whether `other` is among those that this set watches, at whatever depth. Depth is bounded, as is every chain that was let in.
bool Epoll::reaches(const Epoll& other, unsigned depth) {
    if (this == &other) return true;
    if (depth == 0) return false;
    Guard guard(mutex_);
    if (!nested_items_) return false;
    for (auto& bucket : buckets_)
        for (auto& item : bucket.items)
            if (item.file->kind() == fs::FileKind::epoll && static_cast<Epoll*>(item.file)->reaches(other, depth - 1)) return true;
    return false;
}

unsigned Epoll::nested_depth() {
    Guard guard(mutex_);
    unsigned most = 0;
    if (nested_items_)
        for (auto& bucket : buckets_)
            for (auto& item : bucket.items)
                if (item.file->kind() == fs::FileKind::epoll) most = std::max(most, static_cast<Epoll*>(item.file)->nested_depth() + 1);
    return most;
}

Result<void> Epoll::check_nesting(Epoll& outer, Epoll& inner) {
    if (inner.reaches(outer, deepest) || inner.nested_depth() + 1 >= deepest) return fail(Error::symlink_loop);
    return {};
}

Result<void> Epoll::add(Shared<fs::File> file, i32 descriptor, EpollEvent event) {
    if (!file->poll_source()) return fail(Error::not_permitted);
    bool nests = file->kind() == fs::FileKind::epoll;
    if (event.events & exclusive) {
        constexpr u32 allowed = 0x1 | 0x4 | 0x8 | 0x10 | wake_up | edge | exclusive;  // IN OUT ERR HUP [epoll_ctl(2)]
        if (nests || (event.events & ~allowed)) return fail(Error::invalid);
    }
    if (nests) {
        nesting.lock();
        if (auto checked = check_nesting(*this, static_cast<Epoll&>(*file)); !checked) {
            nesting.unlock();
            return checked;
        }
    }
    defer { if (nests) nesting.unlock(); };

    auto made = TRY(make_owned<Item>(*this, *file, descriptor, event));
    Guard guard(mutex_);
    if (find(*file, descriptor)) return fail(Error::exists);
    TRY(ensure_buckets());
    auto& item = *made.release();
    insert(item);
    if (any(file->ready() & item.wanted())) make_ready(item);
    return {};
}

Result<void> Epoll::modify(fs::File& file, i32 descriptor, EpollEvent event) {
    Guard guard(mutex_);
    auto* item = find(file, descriptor);
    if (!item) return fail(Error::not_found);
    if ((event.events | item->events.load(std::memory_order_relaxed)) & exclusive) return fail(Error::invalid);
    item->events.store(event.events, std::memory_order_release);
    item->data = event.data;
    if (any(file.ready() & item->wanted())) make_ready(*item);
    return {};
}

Result<void> Epoll::remove(fs::File& file, i32 descriptor) {
    Guard guard(mutex_);
    auto* item = find(file, descriptor);
    if (!item) return fail(Error::not_found);
    erase(*item);
    return {};
}

// An item hears of its source, under the source's lock.
bool Epoll::Item::notify(Ready what) {
    u32 bits = events.load(std::memory_order_acquire);
    if (spent(bits)) return false;
    if (!any(what & wanted_of(bits)) || !owner.make_ready(*this)) return false;
    // Both ways at once, as an end: whoever is woken may be none that looks at the other way.
    return (what & (Ready::in | Ready::out)) != (Ready::in | Ready::out);
}
Ready Epoll::Item::wanted() const {
    u32 bits = events.load(std::memory_order_relaxed);
    return spent(bits) ? Ready::none : wanted_of(bits);
}
// The file's last owner is gone. The set cannot be, since File::watchers_mutex() is held.
void Epoll::Item::file_closing(fs::File&) {
    auto& set = owner;
    Guard guard(set.mutex_);
    set.erase(*this);
}

bool Epoll::make_ready(Item& item) {
    bool woken;
    {
        Guard guard(ready_lock_);
        if (item.ready_link.linked) return false;
        ready_.push_back(item);
        woken = waiting_.wake_one();
    }
    source_.notify(Ready::in);
    return woken;
}

bool Epoll::has_ready() {
    Guard guard(ready_lock_);
    return !ready_.empty();
}

/// Whether a wait would find something. Items that turn out not to be ready leave the list.
Ready Epoll::ready() {
    if (!has_ready()) return Ready::none;
    Guard guard(mutex_);
    u64 tries = count_;
    while (tries--) {
        Item* item;
        {
            Guard ready_guard(ready_lock_);
            item = ready_.pop_front();
        }
        if (!item) break;
        if (!any(item->file->ready() & item->wanted())) continue;
        Guard ready_guard(ready_lock_);
        if (!item->ready_link.linked) ready_.push_front(*item);
        return Ready::in;
    }
    return Ready::none;
}

/// Which of the items are ready, in front, and their events. How many.
u64 Epoll::find_ready(std::span<Item*> items, EpollEvent* events) {
    u64 found = 0;
    for (auto* item : items) {
        u32 bits = item->events.load(std::memory_order_relaxed);
        auto ready = item->file->ready() & wanted_of(bits);
        if (!any(ready) || spent(bits)) continue;
        items[found] = item;
        events[found++] = {to_program(ready, bits), item->data};
    }
    return found;
}

Result<u64> Epoll::collect(Sink& sink, u64 most) {
    Guard guard(mutex_);
    // What becomes ready from here on goes to a new list, and waits for the next call: nothing is told twice in one.
    ReadyList batch;
    u64 told = 0, found, taken;
    ready_lock_.lock();
    std::swap(batch, ready_);
    do {
        Item* items[at_once];
        EpollEvent events[at_once];
        u64 count = 0;
        // Off the list before they are asked: a change after the answer puts them on the new one.
        for (u64 room = std::min(most - told, at_once); count < room && !batch.empty(); ++count) items[count] = batch.pop_front();
        ready_lock_.unlock();
        found = find_ready({items, count}, events);
        taken = found ? sink.take({events, found}) : 0;
        told += taken;
        ready_lock_.lock();
        for (auto* item : std::span(items, taken)) {
            u32 bits = item->events.load(std::memory_order_relaxed);
            if (bits & one_shot) item->events.store(bits & private_bits, std::memory_order_release);
            else if (!(bits & edge) && !item->ready_link.linked) ready_.push_back(*item);  // it stays until found otherwise
        }
        for (u64 at = found; at-- > taken;)
            if (!items[at]->ready_link.linked) batch.push_front(*items[at]);
    } while (taken == found && told < most && !batch.empty());
    if (!batch.empty()) {
        // First come those that there was no room for, so that all have their turn.
        batch.append(ready_);
        std::swap(batch, ready_);
    }
    if (!ready_.empty()) waiting_.wake_one();
    ready_lock_.unlock();
    if (taken < found && !told) return fail(Error::bad_address);
    return told;
}

Result<u64> Epoll::wait(Sink& sink, u64 most, Instant deadline) {
    device::look_before_wait();
    most = device::events_at_once(most);
    while (true) {
        if (has_ready()) {
            u64 told = TRY(collect(sink, most));
            if (told) {
                device::expect_wait(static_cast<u32>(told));
                return told;
            }
        }
        if (deadline == Instant{}) return 0;
        Guard guard(ready_lock_);
        while (ready_.empty()) {
            auto waited = waiting_.wait(ready_lock_, sync::Interruptible::yes, deadline);
            if (!waited && waited.error() == Error::timed_out && ready_.empty()) return 0;
            if (!waited && waited.error() == Error::interrupted && ready_.empty()) return fail(Error::interrupted);
        }
    }
}

}  // namespace spore::linux
