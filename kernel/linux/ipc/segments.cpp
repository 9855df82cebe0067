#include "kernel/linux/ipc/segments.hpp"

#include <algorithm>

#include "kernel/memory/anonymous_object.hpp"

namespace spore::linux::ipc {

namespace {
constinit Segments all;
}  // namespace
Segments& segments() { return all; }

Segment* Segments::find(i32 id) {
    auto found = std::ranges::find(list_, id, &Segment::id);
    return found == list_.end() ? nullptr : &*found;
}

Result<i32> Segments::get(const Wanted& wanted, u64 size, const Credentials& who, i32 process) {
    sweep();
    // What may have to be made is made before the lock is taken.
    u64 most = memory::memory_use().total;
    Owned<Segment> made;
    if (wanted.create && size > 0 && size <= most) {
        made = TRY(make_owned<Segment>());
        made->object = TRY(memory::create_anonymous_object(align_up(size, page_size)));
    }
    Guard guard(lock_);
    if (wanted.key != private_key) {
        for (auto& segment : list_) {
            if (segment.key != wanted.key) continue;
            if (wanted.create && wanted.exclusive) return fail(Error::exists);
            if (!segment.allows(who, wanted.mode)) return fail(Error::access_denied);
            if (size > segment.size) return fail(Error::invalid);
            return segment.id;
        }
        if (!wanted.create) return fail(Error::not_found);
    }
    if (size == 0) return fail(Error::invalid);
    if (!made) return fail(Error::no_memory);
    if (count_ == limit) return fail(Error::no_space);
    do next_ = next_ == std::numeric_limits<i32>::max() ? 0 : next_ + 1;
    while (find(next_));
    made->id = next_, made->key = wanted.key, made->size = size, made->mode = wanted.mode;
    made->set_maker(who);
    made->creator = process;
    ++count_;
    list_.push_back(*made.release());
    return next_;
}

void Segments::sweep() {
    List<Segment, &Segment::link> gone;
    {
        Guard guard(lock_);
        for (auto* one = list_.first(); one;) {
            auto* next = list_.next(*one);
            if (one->removed && one->users() == 0) list_.remove(*one), gone.push_back(*one), --count_;
            one = next;
        }
    }
    while (auto* one = gone.first()) gone.remove(*one), Owned<Segment>(one).reset();
}

}  // namespace spore::linux::ipc
