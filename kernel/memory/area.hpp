// One stretch of an address space whose pages all follow the same rules (a VMA). The address space's own.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/intrusive/set.hpp>

#include "kernel/memory/address_space.hpp"
#include "kernel/memory/commitment.hpp"

namespace spore::memory {

/// How many areas an address space may have (vm/max_map_count).
extern constinit std::atomic<u64> most_areas;

struct Area : boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>,
                                              boost::intrusive::link_mode<boost::intrusive::normal_link>> {
    u64 start = 0, end = 0;
    arch::Access access;
    arch::Access limit;
    Sharing sharing = Sharing::privately;
    bool grows_down = false;
    bool locked = false;
    bool no_reserve = false;  ///< MAP_NORESERVE: it is not among what programs were promised
    bool dumped = true;       ///< core files may show it
    Shared<MappedObject> object{};
    u64 offset = 0;  ///< of `start`, bytes into the object
    const char* name = "";
    CacheMapping mapping{};
    Area* next_removed = nullptr;

    u64 size() const { return end - start; }
    u64 index_of(u64 at) const { return (offset + (at - start)) >> page_shift; }
    bool is_private() const { return sharing == Sharing::privately; }
    bool counts_as_data() const { return is_private() && access.write && !grows_down; }
    bool is_promised() const { return counts_as_data() && !no_reserve; }
    bool counts_as_code() const { return access.execute && !access.write && !grows_down; }
    /// Whether `next`, which begins where this ends, may become a part of it.
    bool continues_in(const Area& next) const {
        return access == next.access && limit == next.limit && sharing == next.sharing && grows_down == next.grows_down && locked == next.locked &&
               no_reserve == next.no_reserve && dumped == next.dumped && name == next.name &&
               !object == !next.object && (!object || (&object->pages() == &next.object->pages() && offset + size() == next.offset));
    }
};

struct AreaStart {
    using type = u64;
    u64 operator()(const Area& area) const { return area.start; }
};

/// All areas of an address space, by address; they never overlap. Owns them.
class AreaSet {
    using Tree = boost::intrusive::set<Area, boost::intrusive::key_of_value<AreaStart>>;

public:
    using iterator = Tree::iterator;
    iterator begin() { return tree_.begin(); }
    iterator end() { return tree_.end(); }
    /// The first area that ends above `at`: it holds `at` or begins above.
    iterator first_above(u64 at) {
        auto next = tree_.upper_bound(at);
        if (next != tree_.begin()) {
            auto before = std::prev(next);
            if (before->end > at) return before;
        }
        return next;
    }
    /// The area that holds `at`, or null.
    Area* find(u64 at) {
        if (last_found_ && at >= last_found_->start && at < last_found_->end) return last_found_;
        auto next = tree_.upper_bound(at);
        if (next == tree_.begin()) return nullptr;
        auto& area = *std::prev(next);
        if (at >= area.end) return nullptr;
        return last_found_ = &area;
    }
    Area* previous(Area& area) {
        auto at = tree_.iterator_to(area);
        return at == tree_.begin() ? nullptr : &*std::prev(at);
    }
    Area* next(Area& area) {
        auto at = std::next(tree_.iterator_to(area));
        return at == tree_.end() ? nullptr : &*at;
    }
    void insert(Area& area) { tree_.insert(area), ++count_; }
    void remove(Area& area) {
        if (last_found_ == &area) last_found_ = nullptr;
        tree_.erase(tree_.iterator_to(area));
        --count_;
    }
    u64 count() const { return count_; }
    /// Where what is mapped from `start` on ends, or `end`.
    u64 first_hole(u64 start, u64 end) {
        for (auto area = first_above(start); area != tree_.end() && area->start <= start && start < end; ++area) start = std::min(area->end, end);
        return start;
    }
    u64 mapped_bytes(u64 start, u64 end) {
        u64 bytes = 0;
        for (auto area = first_above(start); area != tree_.end() && area->start < end; ++area) bytes += std::min(area->end, end) - std::max(area->start, start);
        return bytes;
    }
    bool is_free(u64 start, u64 end) {
        auto area = first_above(start);
        return area == tree_.end() || area->start >= end;
    }

private:
    Tree tree_;
    u64 count_ = 0;
    Area* last_found_ = nullptr;
};

}  // namespace spore::memory
