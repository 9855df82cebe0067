// The heap's side: freed objects wait their turn, and what a report says of an object.
#include "access.hpp"
#include "base/format.hpp"
#include "kernel/core/per_cpu.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/memory/heap_size_classes.hpp"

namespace spore {
namespace {

/// A freed object that waits begins with this.
struct Waiting {
    Waiting* next;
    u64 size;
};
/// The objects that this CPU freed last.
struct Queue {
    Waiting* oldest = nullptr;
    Waiting* youngest = nullptr;
    u64 bytes = 0;
};
PER_CPU(Queue, queue);
constexpr u64 most_bytes = 64_KiB;

}  // namespace

void* memory::checks::queue_freed(void* object, std::size_t size) {
    auto& own = *queue;
    auto* waiting = static_cast<Waiting*>(object);
    *waiting = {nullptr, size};
    if (own.youngest) own.youngest->next = waiting;
    else own.oldest = waiting;
    own.youngest = waiting;
    own.bytes += size;
    if (own.bytes <= most_bytes) return nullptr;
    auto* oldest = own.oldest;
    own.oldest = oldest->next;
    own.bytes -= oldest->size;
    return oldest;
}

namespace arch {
namespace {

std::string_view describe_slab(u64 bad, const memory::Frame& frame, std::span<char> text) {
    auto& size_class = memory::size_classes[frame.flags];
    u64 slab = align_down(physical(reinterpret_cast<void*>(bad)).value, page_size << size_class.slab_order);
    u64 start = reinterpret_cast<u64>(direct({slab}));
    start += (bad - start) / size_class.size * size_class.size;
    u64 size = shadow.first_bad(start, size_class.size) - start;
    if (size == 0) return format_to(text, "{} bytes into what held up to {} at 0x{:x}", bad - start, size_class.size - 16, start);
    return format_to(text, "{} bytes behind the object at 0x{:x} ({} bytes)", bad - start - size, start, size);
}

}  // namespace

std::string_view describe_object(u64 bad, std::span<char> text) {
    if (bad < kernel_half::direct_map || bad >= kernel_half::stacks) return {};
    auto& frame = memory::frame_of(physical(reinterpret_cast<void*>(bad)));
    if (!memory::is_managed(frame)) return {};
    if (frame.kind == memory::FrameKind::slab) return describe_slab(bad, frame, text);
    return format_to(text, "frame {}", address_of(frame).value / page_size);
}

}  // namespace arch
}  // namespace spore
