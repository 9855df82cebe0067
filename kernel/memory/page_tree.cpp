#include "kernel/memory/page_tree.hpp"

#include <new>

#include "kernel/core/panic.hpp"

namespace spore::memory {

PageTree::Node* PageTree::create_node() { return new (std::nothrow) Node{}; }
void PageTree::destroy_node(Node* node) { delete node; }

PageTree::~PageTree() {
    // Nodes of insertions that ran out of memory half way may be left.
    remove_if(0, ~u64{0}, [](u64, Frame&) -> bool { core::panic_with("a page tree is destroyed with pages in it"); });
}

Result<void> PageTree::insert(u64 index, Frame& frame) {
    while (is_beyond(index)) {
        if (root_) {
            Node* node = create_node();
            if (!node) return fail(Error::no_memory);
            node->slots[0] = root_;
            root_ = node;
        }
        ++levels_;
    }
    void** at = &root_;
    for (unsigned level = levels_; level-- > 0;) {
        if (!*at) *at = create_node();
        if (!*at) return fail(Error::no_memory);
        at = &static_cast<Node*>(*at)->slots[(index >> (level * bits)) % fanout];
    }
    ASSERT(!*at);
    *at = &frame;
    return {};
}

}  // namespace spore::memory
