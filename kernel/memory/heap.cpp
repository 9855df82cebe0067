// Slabs are blocks of frames cut into objects of one size. The frames' records say which size (flags) and hold the slab's own
// list of free objects, so slabs have no headers. Per CPU and size there is a list of free objects that needs no lock; objects
// move between it and the slabs in batches.
#include "kernel/memory/heap.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/locked.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/core/per_cpu.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/memory/frame_kind.hpp"
#include "kernel/memory/heap_size_classes.hpp"
#include "kernel/memory/poison.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::memory {
namespace {

#ifdef NDEBUG
constexpr bool poisons = injects_failures;
#else
constexpr bool poisons = true;
#endif
constexpr int poison_byte = 0xdb;

/// A free object begins with the link to the next.
struct FreeObject {
    FreeObject* next;
};

/// Free objects of one size on one CPU.
struct LocalList {
    FreeObject* first = nullptr;
    u32 count = 0;
};
struct LocalLists {
    LocalList of_class[size_class_count];
};
PER_CPU(LocalLists, local_lists);

/// The slab's record, by the heap's names. `owner` lists free objects, `index` counts the objects given out (low half) and those
/// never touched yet (high half), `link` chains the slabs of a class that have something free.
struct Slab {
    Frame& frame;
    FreeObject* free() const { return reinterpret_cast<FreeObject*>(frame.owner); }
    void set_free(FreeObject* object) { frame.owner = reinterpret_cast<u64>(object); }
    u32 used() const { return static_cast<u32>(frame.index); }
    u32 fresh() const { return static_cast<u32>(frame.index >> 32); }
    void set_counts(u32 used, u32 fresh) { frame.index = u64{fresh} << 32 | used; }
    bool full() const { return !free() && fresh() == 0; }
    // Frame numbers fit 32 bits up to 16 TiB of memory; 0 holds the end of the list, ~0 stands for frame 0.
    Frame* next() const { return decode(static_cast<u32>(frame.link)); }
    Frame* previous() const { return decode(static_cast<u32>(frame.link >> 32)); }
    void set_next(Frame* other) { frame.link = (frame.link & ~u64{~u32{0}}) | encode(other); }
    void set_previous(Frame* other) { frame.link = (frame.link & ~u32{0}) | u64{encode(other)} << 32; }

    static u32 encode(Frame* other) {
        return other ? static_cast<u32>(address_of(*other).value >> page_shift) + 1 : 0;
    }
    static Frame* decode(u32 number) { return number ? &frame_of({u64{number - 1} << page_shift}) : nullptr; }
};

/// Slabs of one size that have free objects.
struct Partial {
    Frame* first = nullptr;
    u64 empty = 0;  ///< slabs in the list with no object given out

    void push(Frame& frame) {
        Slab slab{frame};
        slab.set_previous(nullptr);
        slab.set_next(first);
        if (first) Slab{*first}.set_previous(&frame);
        first = &frame;
    }
    void remove(Frame& frame) {
        Slab slab{frame};
        Frame *next = slab.next(), *previous = slab.previous();
        if (previous) Slab{*previous}.set_next(next);
        else first = next;
        if (next) Slab{*next}.set_previous(previous);
    }
};
constinit std::array<Locked<Partial, sync::Spin>, size_class_count> partial_slabs{};
constinit std::atomic<u64> heap_frames = 0;

Frame* create_slab(unsigned size_class) {
    unsigned order = size_classes[size_class].slab_order;
    auto block = allocate_frames(order);
    if (!block) return nullptr;
    Frame* frame = *block;
    for (u32 i = 0; i < 1u << order; ++i) {
        set_kind(frame[i], FrameKind::slab);
        frame[i].flags = static_cast<u16>(size_class);
    }
    Slab slab{*frame};
    slab.set_free(nullptr);
    slab.set_counts(0, objects_per_slab(size_class));
    if constexpr (checks_accesses) poison(bytes_of_frame(*frame), page_size << order, Poison::unused_object);
    heap_frames.fetch_add(u64{1} << order, std::memory_order_relaxed);
    return frame;
}

Frame& slab_of(const void* object, unsigned size_class) {
    u64 number = arch::physical(object).value >> page_shift;
    return frame_of({align_down(number, u64{1} << size_classes[size_class].slab_order) << page_shift});
}

/// Moves up to `wanted` objects from one slab to the list.
void take_from(Slab slab, unsigned size_class, LocalList& list, u32 wanted) {
    u32 used = slab.used(), fresh = slab.fresh();
    for (; wanted && slab.free(); --wanted, ++used, ++list.count) {
        FreeObject* object = slab.free();
        slab.set_free(object->next);
        object->next = list.first;
        list.first = object;
    }
    // Objects that nobody had yet, the lowest on top of the list.
    u32 cut = std::min(wanted, fresh);
    auto* begin = bytes_of_frame(slab.frame) + (objects_per_slab(size_class) - fresh) * size_classes[size_class].size;
    for (u32 i = cut; i-- > 0;) {
        auto* object = reinterpret_cast<FreeObject*>(begin + i * size_classes[size_class].size);
        object->next = list.first;
        list.first = object;
    }
    list.count += cut;
    slab.set_counts(used + cut, fresh - cut);
}

void refill(LocalList& list, unsigned size_class) {
    auto fill = [&](Partial& partial) {
        while (partial.first && list.count < batch_size(size_class)) {
            Slab slab{*partial.first};
            if (slab.used() == 0) --partial.empty;
            take_from(slab, size_class, list, batch_size(size_class) - list.count);
            if (slab.full()) partial.remove(slab.frame);
        }
    };
    partial_slabs[size_class].with(fill);
    if (list.first) return;
    // The lock is not held here: reclaiming memory for the new slab may free objects of this very class.
    Frame* frame = create_slab(size_class);
    if (!frame) return;
    partial_slabs[size_class].with([&](Partial& partial) {
        partial.push(*frame);
        ++partial.empty;
        fill(partial);
    });
}

/// Gives `count` objects back to their slabs, and slabs in no use back to the frames, all but one.
void flush(LocalList& list, unsigned size_class, u32 count) {
    Frame* unused = nullptr;
    partial_slabs[size_class].with([&](Partial& partial) {
        for (; count && list.first; --count) {
            FreeObject* object = list.first;
            list.first = object->next;
            --list.count;
            Slab slab{slab_of(object, size_class)};
            if (slab.full()) partial.push(slab.frame);
            object->next = slab.free();
            slab.set_free(object);
            slab.set_counts(slab.used() - 1, slab.fresh());
            if (slab.used() > 0 || partial.empty++ == 0) continue;
            --partial.empty;
            partial.remove(slab.frame);
            slab.set_next(unused);
            unused = &slab.frame;
        }
    });
    while (unused) {
        Frame* next = Slab{*unused}.next();
        heap_frames.fetch_sub(u64{1} << unused->order, std::memory_order_relaxed);
        release(*unused);
        unused = next;
    }
}

unsigned order_for(std::size_t size) {
    return size <= page_size ? 0 : static_cast<unsigned>(std::bit_width((size - 1) >> page_shift));
}

[[gnu::noinline]] void* allocate_large(std::size_t size, std::size_t alignment) {
    std::size_t wanted = std::max(size, alignment);
    if (wanted > page_size << max_order) return nullptr;
    // A block of frames lies at a multiple of its size.
    auto block = allocate_frames(order_for(wanted));
    if (!block) return nullptr;
    set_kind(**block, FrameKind::large);
    heap_frames.fetch_add(u64{1} << (*block)->order, std::memory_order_relaxed);
    return bytes_of_frame(**block);
}

[[gnu::noinline]] void* allocate_slowly(unsigned size_class) {
    auto& list = local_lists->of_class[size_class];
    refill(list, size_class);
    FreeObject* object = list.first;
    if (!object) return nullptr;
    list.first = object->next;
    --list.count;
    return object;
}

void* allocate_plain(std::size_t size, std::size_t alignment) {
    if (alignment > 16) [[unlikely]] {
        // Slabs begin at frames, so the objects of a power-of-two size are aligned to it.
        size = std::bit_ceil(std::max(size, alignment));
    }
    if (size > largest_small) [[unlikely]] return allocate_large(size, alignment);
    unsigned size_class = class_of_size(size);
    auto& list = local_lists->of_class[size_class];
    FreeObject* object = list.first;
    if (!object) [[unlikely]] return allocate_slowly(size_class);
    list.first = object->next;
    --list.count;
    return object;
}

/// What a block has beyond the object is not to be touched: 16 bytes at least behind small ones.
[[maybe_unused]] void* allocate_with_redzone(std::size_t size, std::size_t alignment) {
    constexpr std::size_t redzone = 16;
    size = std::max<std::size_t>(size, 1);
    void* object = allocate_plain(size > largest_small ? size : size + redzone, alignment);
    if (!object) return nullptr;
    std::size_t whole = align_up(size, 8);
    poison(static_cast<std::byte*>(object) + whole, usable_size(object) - whole, Poison::redzone);
    unpoison(object, size);
    return object;
}

/// The object to free in place of this one, or null.
[[maybe_unused]] void* wait_to_be_free(void* object) {
    check(object, 1, Touch::free);  // else it was freed before
    Frame& frame = frame_of(arch::physical(object));
    if (frame.kind != FrameKind::slab) return object;
    std::size_t size = size_classes[frame.flags].size;
    poison(object, size, Poison::freed_object);
    return checks::queue_freed(object, size);
}

}  // namespace

void* allocate(std::size_t size, std::size_t alignment) {
    if constexpr (checks_accesses) return allocate_with_redzone(size, alignment);
    else return allocate_plain(size, alignment);
}

void deallocate(void* pointer) {
    if constexpr (checks_accesses)
        if (pointer) pointer = wait_to_be_free(pointer);
    if (!pointer) return;
    Frame& frame = frame_of(arch::physical(pointer));
    if (frame.kind != FrameKind::slab) [[unlikely]] {
        ASSERT(frame.kind == FrameKind::large);  // else it is not the heap's, or was freed before
        heap_frames.fetch_sub(u64{1} << frame.order, std::memory_order_relaxed);
        return release(frame);
    }
    unsigned size_class = frame.flags;
    if constexpr (poisons) std::memset(pointer, poison_byte, size_classes[size_class].size);
    auto& list = local_lists->of_class[size_class];
    auto* object = static_cast<FreeObject*>(pointer);
    if constexpr (poisons) ASSERT(list.first != object);  // else it was freed twice in a row
    object->next = list.first;
    list.first = object;
    if (++list.count > list_limit(size_class)) [[unlikely]] flush(list, size_class, list_limit(size_class) / 2);
}

std::size_t usable_size(const void* pointer) {
    Frame& frame = frame_of(arch::physical(pointer));
    return frame.kind == FrameKind::slab ? size_classes[frame.flags].size : page_size << frame.order;
}

u64 heap_use() { return heap_frames.load(std::memory_order_relaxed) * page_size; }

void flush_local_heap_lists() {
    for (unsigned i = 0; i < size_class_count; ++i) flush(local_lists->of_class[i], i, ~u32{0});
}

void forget_heap() {
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) local_lists.of(cpu) = {};
    for (auto& partial : partial_slabs) partial.with([](Partial& p) { p = {}; });
    heap_frames = 0;
}

}  // namespace spore::memory
