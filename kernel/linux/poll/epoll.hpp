// epoll: a set of files that is watched for as long as it lives. Sources put their items on the ready list when they change, so a
// wait costs what is ready, not what is watched.
//
// Locks, in order: File::watchers_mutex(), the outer set's mutex, the inner set's (sets may nest, without loops), the lock of a
// source, ready_lock_. notify() comes under a source's lock; files are asked ready() under the mutex only.
#pragma once

#include "kernel/fs/file.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/linux/uapi/types.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::linux {

class Epoll final : public fs::File {
public:
    static Result<Shared<Epoll>> create();
    Epoll() : File({.read = true, .write = true}) {}
    ~Epoll() override;

    /// `event` has the EPOLL* bits of epoll_ctl(2).
    Result<void> add(Shared<fs::File> file, i32 descriptor, EpollEvent event);
    Result<void> modify(fs::File& file, i32 descriptor, EpollEvent event);
    Result<void> remove(fs::File& file, i32 descriptor);

    class Sink {
    public:
        /// How many of these events it could take; the others are told another time.
        virtual u64 take(std::span<const EpollEvent> events) = 0;

    protected:
        ~Sink() = default;
    };
    /// Gives at most `most` events to the sink, after waiting for the first. 0 when the deadline passed. interrupted; bad_address when it takes none.
    Result<u64> wait(Sink& sink, u64 most, Instant deadline);

    /// Shows each watched file to `visit`, with the set's mutex held.
    template <typename F>
    Result<void> for_each_watched(F&& visit) {
        Guard guard(mutex_);
        for (auto& bucket : buckets_)
            for (auto& item : bucket.items) TRY(visit(*item.file, item.descriptor, EpollEvent{item.events.load(std::memory_order_relaxed), item.data}));
        return {};
    }

    fs::Ready ready() override;
    fs::PollSource* poll_source() override { return &source_; }
    std::string_view describe(std::span<char> buffer) override;
    fs::FileKind kind() const override { return fs::FileKind::epoll; }

    enum Bits : u32 { exclusive = 1u << 28, wake_up = 1u << 29, one_shot = 1u << 30, edge = 1u << 31 };

private:
    /// One watched file.
    struct Item final : fs::PollObserver, fs::FileWatcher {
        Item(Epoll& set, fs::File& watched, i32 number, const EpollEvent& event)
            : owner(set), file(&watched), descriptor(number), events(event.events), data(event.data) {
            PollObserver::exclusive = (event.events & Bits::exclusive) != 0;
        }

        bool notify(fs::Ready what) override;
        void file_closing(fs::File& closing) override;
        /// What it is to tell; nothing while a one-shot is spent.
        fs::Ready wanted() const;
        static u64 hash(const fs::File& file, i32 descriptor) {
            return ((reinterpret_cast<u64>(&file) >> 5) + static_cast<u32>(descriptor)) * 0x9e37'79b9'7f4a'7c15 >> 20;
        }
        u64 hash() const { return hash(*file, descriptor); }

        Epoll& owner;
        fs::File* file;  ///< not owned: its end ends the item first
        i32 descriptor;
        std::atomic<u32> events;
        u64 data;
        ListLink<Item> bucket_link;
        ListLink<Item> ready_link;  ///< on the ready list, or a collector's
    };

    struct Bucket {
        List<Item, &Item::bucket_link> items;
    };
    using ReadyList = List<Item, &Item::ready_link>;

    Item* find(const fs::File& file, i32 descriptor);
    Result<void> ensure_buckets();
    void insert(Item& item);
    void erase(Item& item);
    /// Whether a thread that waits for the set was woken.
    bool make_ready(Item& item);
    void announce(Item& item);
    static constexpr u64 at_once = 16;  // events that are told together
    static u64 find_ready(std::span<Item*> items, EpollEvent* events);
    Result<u64> collect(Sink& sink, u64 most);
    bool has_ready();
    static Result<void> check_nesting(Epoll& outer, Epoll& inner);
    bool reaches(const Epoll& other, unsigned depth);
    unsigned nested_depth();

    sync::Mutex mutex_;  ///< the items; one collector at a time
    HeapArray<Bucket> buckets_;
    u64 count_ = 0;
    u32 nested_items_ = 0;  ///< items that are epoll sets themselves

    sync::Spin ready_lock_;
    ReadyList ready_;
    sync::WaitQueue waiting_;
    fs::PollSource source_;
};

}  // namespace spore::linux
