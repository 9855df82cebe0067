// Holds an address space's mutex while its areas change. kernel/memory's own.
#pragma once

#include "kernel/memory/area.hpp"

namespace spore::memory {

/// Objects of removed areas are let go after the mutex: their end may take a file system's locks, and file systems call
/// PageCache::drop, which takes this mutex, with those held.
class AddressSpace::Change {
public:
    explicit Change(AddressSpace& space) : space_(space) { space_.mutex_.lock(); }
    Change(const Change&) = delete;
    ~Change() {
        Area* removed = std::exchange(space_.removed_, nullptr);
        space_.mutex_.unlock();
        while (removed) delete std::exchange(removed, removed->next_removed);
    }

private:
    AddressSpace& space_;
};

/// Pages that were unmapped: their frames are released once no CPU can reach them any more.
class AddressSpace::Unmapped {
public:
    explicit Unmapped(AddressSpace& space) : space_(space) {}
    Unmapped(const Unmapped&) = delete;
    ~Unmapped() { finish(); }

    void add(u64 at, const arch::Mapping& mapping) {
        if (count_ == capacity) finish();
        if (count_ == 0) low_ = at;
        high_ = at + mapping.size;
        bytes_ += mapping.size;
        frames_[count_++] = &frame_of(mapping.frame);
    }
    void finish() {
        if (count_ == 0) return;
        space_.page_table_.flush({low_}, {high_});
        while (count_ > 0) memory::release(*frames_[--count_]);
        space_.count_resident(-static_cast<i64>(bytes_));
        bytes_ = 0;
    }

private:
    static constexpr unsigned capacity = 128;
    AddressSpace& space_;
    unsigned count_ = 0;
    u64 low_ = 0, high_ = 0, bytes_ = 0;
    Frame* frames_[capacity];
};

}  // namespace spore::memory
