// Frames by page index: a radix tree whose height follows the highest index. A file of one page needs no node at all.
// Its caller holds the lock.
#pragma once

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
        if (levels_ < 13 && index >> (levels_ * bits)) return nullptr;
        void* at = root_;
        for (unsigned level = levels_; level-- > 0 && at;) at = static_cast<Node*>(at)->slots[(index >> (level * bits)) % fanout];
        return static_cast<Frame*>(at);
    }
    /// Nothing is at `index` yet. no_memory when a node cannot be made.
    Result<void> insert(u64 index, Frame& frame);

    /// Calls take(index, frame) for every frame in [first, end) in order, and removes those that it returns true for.
    template <typename Take>
    void remove_if(u64 first, u64 end, Take&& take) {
        if (first >= end || !root_) return;
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

    static Node* create_node();
    static void destroy_node(Node* node);

    /// Whether nothing is left below `at`; a node is then gone.
    template <typename Take>
    bool prune(void* at, unsigned level, u64 base, u64 first, u64 last, Take& take) {
        if (level == 0) return take(base, *static_cast<Frame*>(at));
        auto* node = static_cast<Node*>(at);
        unsigned shift = (level - 1) * bits;
        bool empty = true;
        for (unsigned i = 0; i < fanout; ++i) {
            if (!node->slots[i]) continue;
            u64 low = base + (u64{i} << shift), high = low + ((u64{1} << shift) - 1);
            if (low <= last && high >= first && prune(node->slots[i], level - 1, low, first, last, take)) node->slots[i] = nullptr;
            else empty = false;
        }
        if (empty) destroy_node(node);
        return empty;
    }

    void* root_ = nullptr;  ///< a Node, or with no levels the frame of index 0
    unsigned levels_ = 0;
};

}  // namespace spore::memory
