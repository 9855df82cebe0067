#include "hyperv.hpp"

#include "../../isa/x86_64/cpu/features.hpp"
#include "../instructions.hpp"
#include "../trap/interrupts.hpp"
#include "kernel/core/log.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::arch::hyperv {

using namespace wire::hyperv;

namespace {

/// Pages that the hypervisor uses, for ever.
constinit MessageSlot* messages = nullptr;
constinit EventFlags* flags = nullptr;
constinit PostMessage* outgoing = nullptr;
constinit bool amd = false;

constinit InterruptHandler handler = nullptr;
constinit void* handler_context = nullptr;

/// Nothing where no such hypervisor is below: others show the same interface, with what they have of it.
CpuId features_below() {
    if (!features.hypervisor || cpuid(leaf_name).eax < leaf_features || cpuid(leaf_interface).eax != interface_signature) return {};
    return cpuid(leaf_features);
}

void on_interrupt(void*) {
    if (handler) handler(handler_context);
}

Result<PhysAddr> take_page() { return memory::address_of(*TRY(memory::allocate_zeroed_frames())); }

/// The answer's lower half says how it went. Hyper-V lays a page with the instruction over one that it is told of; it is the processor's own [TLFS 3.13].
u16 call(u64 control, u64 first, u64 second) {
    u64 result;
    register u64 third asm("r8") = second;
    if (amd) asm volatile("vmmcall" : "=a"(result), "+c"(control), "+d"(first), "+r"(third) : : "r9", "r10", "r11", "cc", "memory");
    else asm volatile("vmcall" : "=a"(result), "+c"(control), "+d"(first), "+r"(third) : : "r9", "r10", "r11", "cc", "memory");
    return static_cast<u16>(result);
}

Result<void> prepare() {
    u8 vector = TRY(connect_vector(on_interrupt, nullptr));
    PhysAddr laid_over = TRY(take_page()), events_at = TRY(take_page()), messages_at = TRY(take_page()), outgoing_at = TRY(take_page());
    write_msr(msr_guest_id, guest_id);
    write_msr(msr_hypercall, laid_over.value | enable);
    write_msr(msr_event_page, events_at.value | enable);
    write_msr(msr_message_page, messages_at.value | enable);
    write_msr(msr_source + source, vector);
    write_msr(msr_control, read_msr(msr_control) | enable);
    flags = static_cast<EventFlags*>(direct(events_at)) + source;
    outgoing = static_cast<PostMessage*>(direct(outgoing_at));
    messages = static_cast<MessageSlot*>(direct(messages_at)) + source;
    return {};
}

}  // namespace

void start() {
    auto below = features_below();
    constexpr u32 registers = has_interrupts | has_hypercalls, rights = may_post_messages | may_signal_events;
    if ((below.eax & registers) != registers || (below.ebx & rights) != rights) return;
    auto vendor = cpuid(0).ebx;
    amd = vendor == 0x68747541 || vendor == 0x6f677948;  // "Auth", "Hygo"
    if (!prepare()) core::error("no memory for the way to Hyper-V's host: its devices cannot be used");
}

bool present() { return messages; }
volatile MessageSlot& message() { return *messages; }
EventFlags& events() { return *flags; }

void message_taken() {
    auto& slot = message();
    __atomic_store_n(&messages->type, 0u, __ATOMIC_SEQ_CST);  // empty before the look whether others wait; the hypervisor does it the other way round
    if (slot.flags & message_more) write_msr(msr_end_of_message, 0);
}

Result<void> connect(InterruptHandler function, void* context) {
    handler_context = context;
    __atomic_store_n(&handler, function, __ATOMIC_RELEASE);
    return {};
}

Result<void> post(u32 connection, ByteSpan message) {
    if (message.size() > message_size) return fail(Error::invalid);
    *outgoing = {.connection = connection, .reserved = 0, .type = message_type, .size = static_cast<u32>(message.size()), .bytes = {}};
    __builtin_memcpy(outgoing->bytes, message.data(), message.size());
    switch (call(call_post_message, physical(outgoing).value, 0)) {
    case status_success: return {};
    case status_no_memory:
    case status_no_buffers: return fail(Error::busy);
    default: return fail(Error::not_found);
    }
}

void signal(u32 connection) { call(call_signal_event | call_fast, connection, 0); }

Duration reference_time() {
    if (!(features_below().eax & has_reference_count)) return {};
    return Duration::ns(static_cast<i64>(read_msr(msr_reference_count) * nanoseconds_per_tick));
}

u32 tsc_khz() {
    auto below = features_below();
    bool tells = below.eax & has_frequencies && below.edx & tells_frequencies;
    return tells ? static_cast<u32>(read_msr(msr_tsc_frequency) / 1000) : 0;
}

}  // namespace spore::arch::hyperv
