// Frames by page index: a radix tree whose height follows the highest index. A file of one page needs no node at all.
// Its caller holds the lock.
#pragma once

#include <algorithm>

#include "base/result.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::memory {

class PageTree {
public:
    PageTree() = default;
    PageTree(const PageTree&) = delete;
    /// Everything was removed before.
    ~PageTree();

    Frame* find(u64 index) const {
        if (is_beyond(index)) return nullptr;
        void* at = root_;
        for (unsigned level = levels_; level-- > 0 && at;) at = static_cast<Node*>(at)->slots[(index >> (level * bits)) % fanout];
        return static_cast<Frame*>(at);
    }
    /// Nothing is at `index` yet. no_memory when a node cannot be made.
    Result<void> insert(u64 index, Frame& frame);

    enum class Slot : u8 { used, empty };
    static constexpr u64 none = ~u64{0};
    /// The first index at or after `first` where there is a frame, or none; `none` when that is nowhere.
    u64 next(u64 first, Slot wanted) const {
        if (root_ && !is_beyond(first)) {
            if (u64 found = next_below(root_, levels_, 0, first, wanted); found != none) return found;
            first = levels_ < 13 ? u64{1} << (levels_ * bits) : none;
        }
        return wanted == Slot::empty ? first : none;
    }

    /// Calls take(index, frame) for every frame in [first, end) in order, and removes those that it returns true for.
    template <typename Take>
    void remove_if(u64 first, u64 end, Take&& take) {
        if (first >= end || !root_ || is_beyond(first)) return;
        if (prune(root_, levels_, 0, first, end - 1, take)) {
            root_ = nullptr;
            levels_ = 0;
        }
    }

private:
    static constexpr unsigned bits = 5, fanout = 1 << bits;
    struct Node {
        void* slots[fanout];
    };
    static_assert(sizeof(Node) == 256);  // fills an object of the heap

    /// The tree is not high enough for it.
    bool is_beyond(u64 index) const { return levels_ < 13 && index >> (levels_ * bits); }
    static Node* create_node();
    static void destroy_node(Node* node);

    static u64 next_below(const void* at, unsigned level, u64 base, u64 first, Slot wanted) {
        if (level == 0) return wanted == Slot::used ? base : none;
        auto* node = static_cast<const Node*>(at);
        unsigned shift = (level - 1) * bits;
        for (unsigned i = first > base ? static_cast<unsigned>((first - base) >> shift) : 0; i < fanout; ++i) {
            u64 begin = base + (u64{i} << shift), found = none;
            if (node->slots[i]) found = next_below(node->slots[i], level - 1, begin, std::max(first, begin), wanted);
            else if (wanted == Slot::empty) found = std::max(first, begin);
            if (found != none) return found;
        }
        return none;
    }

    /// Whether nothing is left below `at`; a node is then gone.
    template <typename Take>
    bool prune(void* at, unsigned level, u64 base, u64 first, u64 last, Take& take) {
        if (level == 0) return take(base, *static_cast<Frame*>(at));
        auto* node = static_cast<Node*>(at);
        unsigned shift = (level - 1) * bits;
        auto slot_of = [&](u64 index) { return static_cast<unsigned>(std::min<u64>((index - base) >> shift, fanout - 1)); };
        for (unsigned i = first > base ? slot_of(first) : 0, end = slot_of(last); i <= end; ++i)
            if (node->slots[i] && prune(node->slots[i], level - 1, base + (u64{i} << shift), first, last, take)) node->slots[i] = nullptr;
        for (void* slot : node->slots)
            if (slot) return false;
        destroy_node(node);
        return true;
    }

    void* root_ = nullptr;  ///< a Node, or with no levels the frame of index 0
    unsigned levels_ = 0;
};

}  // namespace spore::memory
