// The other side of virtio: a device that reads and writes rings of both kinds as virtio 1.2 says, for tests of drivers. What a test wants to do wrong it
// does through ring().
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "arch/mmu.hpp"
#include "kernel/drivers/virtio/device.hpp"

namespace spore::fakes {

using Bytes = std::vector<u8>;

/// One queue from the device's side.
class VirtioRing {
public:
    void install(u16 queue_size, PhysAddr d, PhysAddr a, PhysAddr u, bool with_event_index, bool is_packed) {
        *this = {};
        size = queue_size;
        descriptors = static_cast<wire::virtio::Descriptor*>(arch::direct(d));
        packed_descriptors = reinterpret_cast<wire::virtio::PackedDescriptor*>(descriptors);
        available = static_cast<u16*>(arch::direct(a));
        used = static_cast<u16*>(arch::direct(u));
        event_index = with_event_index;
        packed = is_packed;
        if (packed && event_index) ask_for_next();
    }
    bool has_chain() const { return offered() != 0; }
    /// Chains that were offered and not taken.
    u16 offered() const {
        if (!size) return 0;
        if (!packed) return static_cast<u16>(available[1] - seen);
        u16 count = 0;
        Place at = next_seen;
        for (u16 i = 0; i < size && is_available(at); ++i, at.advance(1, size)) count += !(packed_descriptors[at.index].flags & wire::virtio::descriptor_next);
        return count;
    }
    struct Chain {
        u16 head;
        std::vector<std::span<u8>> readable, writable;
    };
    /// The next chain that the driver offered.
    std::optional<Chain> take() {
        if (!has_chain()) return std::nullopt;
        if (packed) return take_packed();
        Chain chain{available[2 + seen++ % size], {}, {}};
        for (u16 at = chain.head;; at = descriptors[at].next) {
            auto& d = descriptors[at];
            add(chain, d.address, d.size, d.flags);
            if (!(d.flags & wire::virtio::descriptor_next)) break;
        }
        if (event_index) available_event() = seen;  // tell me of the next
        return chain;
    }
    /// Says that the device is done with a chain, shown by publish().
    void put(u32 head, u32 written) {
        if (packed) finished.emplace_back(head, written);
        else elements()[pending++ % size] = {head, written};
    }
    void publish() {
        if (!packed) used[1] = pending;
        for (auto [head, written] : std::exchange(finished, {})) {
            u16 flags = next_used.wrap ? wire::virtio::packed_available | wire::virtio::packed_used : 0;
            packed_descriptors[next_used.index] = {0, written, static_cast<u16>(head), flags};
            u16 length = head < size && lengths.contains(static_cast<u16>(head)) ? lengths[static_cast<u16>(head)] : u16{1};
            next_used.advance(length, size);
            pending = static_cast<u16>(pending + length);
        }
    }
    /// Whether the driver wants to be interrupted for what was published since the last time.
    bool wants_interrupt() {
        u16 now = packed ? pending : used[1], before = interrupted_at;
        interrupted_at = now;
        if (now == before) return false;
        if (packed) return packed_wants_interrupt(static_cast<u16>(now - before));
        if (!event_index) return !(available[0] & wire::virtio::available_no_interrupt);
        u16 event = available[2 + size];
        return static_cast<u16>(now - event - 1) < static_cast<u16>(now - before);
    }
    wire::virtio::UsedElement* elements() { return reinterpret_cast<wire::virtio::UsedElement*>(used + 2); }
    u16& available_event() { return used[2 + 4 * size]; }
    /// Of packed rings: what the driver says of interrupts, and the device of notifications.
    wire::virtio::PackedEvent& driver_event() { return *reinterpret_cast<wire::virtio::PackedEvent*>(available); }
    wire::virtio::PackedEvent& device_event() { return *reinterpret_cast<wire::virtio::PackedEvent*>(used); }

    u16 size = 0, seen = 0, pending = 0, interrupted_at = 0;
    bool event_index = false, packed = false;
    wire::virtio::Descriptor* descriptors = nullptr;
    wire::virtio::PackedDescriptor* packed_descriptors = nullptr;
    u16* available = nullptr;
    u16* used = nullptr;

private:
    /// Where one side stands in a packed ring.
    struct Place {
        u16 index = 0;
        bool wrap = true;
        void advance(u16 by, u16 length) {
            index = static_cast<u16>(index + by);
            if (index >= length) index = static_cast<u16>(index - length), wrap = !wrap;
        }
        u16 written() const { return static_cast<u16>(index | wrap << 15); }
    };
    bool is_available(Place at) const {
        u16 flags = packed_descriptors[at.index].flags;
        return bool(flags & wire::virtio::packed_available) == at.wrap && bool(flags & wire::virtio::packed_used) != at.wrap;
    }
    static void add(Chain& chain, u64 address, u32 bytes, u16 flags) {
        std::span part(static_cast<u8*>(arch::direct({address})), bytes);
        (flags & wire::virtio::descriptor_write ? chain.writable : chain.readable).push_back(part);
    }
    Chain take_packed() {
        Chain chain{};
        u16 length = 0;
        for (bool more = true; more && length < size; ++length) {
            auto& d = packed_descriptors[next_seen.index];
            add(chain, d.address, d.size, d.flags);
            chain.head = d.id;
            more = d.flags & wire::virtio::descriptor_next;
            next_seen.advance(1, size);
        }
        lengths[chain.head] = length;
        if (event_index) ask_for_next();
        return chain;
    }
    void ask_for_next() { device_event() = {next_seen.written(), wire::virtio::packed_event_at_place}; }
    bool packed_wants_interrupt(u16 descriptors_used) {
        auto event = driver_event();
        if (event.flags != wire::virtio::packed_event_at_place) return event.flags == wire::virtio::packed_event_always;
        int at = event.place & 0x7fff;
        if (bool(event.place >> 15) != next_used.wrap) at -= size;
        return at < next_used.index && at >= next_used.index - descriptors_used;
    }

    Place next_seen, next_used;
    std::map<u16, u16> lengths;  ///< of the chains that were taken, by id
    std::vector<std::pair<u32, u32>> finished;
};

class VirtioDevice : public drivers::virtio::Device {
public:
    explicit VirtioDevice(wire::virtio::DeviceId kind) : id_(kind) {}

    wire::virtio::DeviceId id() const override { return id_; }
    bool legacy() const override { return old; }
    bool fixed_queue_sizes() const override { return old; }
    u64 offered_features() override { return features; }
    void accept_features(u64 accepted_features) override { accepted = accepted_features; }
    u8 status() override {
        if (resetting) return --resetting, wire::virtio::driver;
        return refuses ? static_cast<u8>(status_ & ~wire::virtio::features_ok) : status_;
    }
    void set_status(u8 status) override {
        hurried |= status && resetting;
        status_ = status;
    }
    u16 queue_limit(u16 index) override { return index < queues ? limit : u16{0}; }
    void install_queue(u16 index, u16 size, PhysAddr d, PhysAddr a, PhysAddr u) override {
        rings[index].install(size, d, a, u, accepted & wire::virtio::feature_event_index, accepted & wire::virtio::feature_ring_packed);
    }
    void notify(u16 queue) override {
        ++notifications;
        if (on_notify) on_notify(*this, queue);
    }
    Result<void> connect_interrupt(arch::InterruptHandler handler, void* context) override {
        shared = {handler, context};
        return {};
    }
    Result<void> connect_queues(std::span<const u16> which, u32 cpu, arch::InterruptHandler handler, void* context) override {
        if (!has_messages) return fail(Error::not_supported);
        if (messages.size() / 2 == message_limit) return fail(Error::busy);
        for (u16 queue : which) messages[queue] = {handler, context};
        return {};
    }
    Result<void> connect_config_interrupt(arch::InterruptHandler handler, void* context) override {
        config_change = {handler, context};
        return {};
    }
    u8 config_byte(u32 offset) override { return offset < config.size() ? config[offset] : u8{0}; }

    /// Shows what the device has finished and interrupts, if the driver wants that. Whether it did.
    bool publish(u16 queue) {
        rings[queue].publish();
        if (!rings[queue].wants_interrupt()) return false;
        interrupt(queue);
        return true;
    }
    void interrupt(u16 queue) {
        auto& target = messages.count(queue) ? messages[queue] : shared;
        if (target.handler) target.handler(target.context);
    }

    u64 features = wire::virtio::feature_version_1;
    u64 accepted = 0;
    bool refuses = false, old = false, has_messages = false;
    unsigned resetting = 0;  ///< so often it is asked before a reset is over
    bool hurried = false;    ///< the driver did not wait for that
    u16 queues = 1, limit = 8;
    std::size_t message_limit = ~std::size_t{0};  ///< vectors for pairs of queues
    unsigned notifications = 0;
    Bytes config;
    std::map<u16, VirtioRing> rings;
    void (*on_notify)(VirtioDevice&, u16 queue) = nullptr;
    struct Target {
        arch::InterruptHandler handler = nullptr;
        void* context = nullptr;
    };
    Target shared, config_change;
    std::map<u16, Target> messages;

private:
    wire::virtio::DeviceId id_;
    u8 status_ = 0;
};

}  // namespace spore::fakes
